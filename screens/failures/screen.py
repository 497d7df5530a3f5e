"""The failed pairs of one candidate: the taxonomy on one side, the pairs of the chosen branch on the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from engine.export.palette import glyph
from rubrics.counted import count
from rubrics.errors import RudeError
from screens.failures.state import ORDERS, Failures, Pick, listed, pick_of, read_failures
from screens.pair.text import glance
from screens.shell.annotating import MARKS, marks, note_dialog
from screens.shell.dialogs import Ask, Choose
from screens.shell.exporting import export_dialog
from screens.shell.formats import signed
from screens.shell.order import Order
from screens.shell.plain import one_line, plain
from screens.shell.question_place import Asking
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.results.failures import Branch, FailedPair
    from engine.store.annotations import Kind
    from rubrics.schema import Pair

    Leaf = Branch | Kind | None

__all__ = ["FailuresScreen"]

_ID, _GLYPHS, _WORTH = 40, 3, 12
"""Cells for the name of a pair, for the glyphs before it, and those that words behind it are worth."""
_CRITERIA_SHOWN = 200
"""Criteria listed under one subcategory; suites may have one for each pair."""


class FailuresScreen(Asking):
    """Why is it second?"""

    MODE = "failures"
    TITLE = "Failures"
    GUIDE = """
The pairs that a candidate did not win, worst first. A pair stands in every branch of the tree that it violates a
criterion of, so branches add up to more than the whole. Beside a branch stands its failure rate, failed of scored.

margin: how far the chosen response was behind, in nats (of log-odds for choice, of log-likelihood for likelihood).
⚑ is a pair you flagged, ⊘ one you excluded; both have a branch of their own at the foot of the tree, where they can
be taken back. i counts excluded pairs, or leaves them out.

fails: how many of the candidates that scored the pair fail it too; a pair that all fail may be mislabelled: t puts the
pairs on trial. o sorts by either, and so does a click on the heading; again turns it round.
"""
    FIRST_KEYS = (
        "select", "candidate", "search", "note('flag')", "note('exclude')", "order", "trial", "export",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "candidate", "candidate", tooltip="choose another candidate", id="candidate"),
        Binding("slash", "search", "search", key_display="/", tooltip="search ids, criteria and texts", id="search"),
        Binding("f", "note('flag')", "flag", tooltip="flag the pair under the cursor with a note", id="flag"),
        Binding("e", "note('exclude')", "exclude", tooltip="leave the pair out, with a reason", id="exclude"),
        Binding("o", "order", "order", tooltip="sort the pairs; the same again turns them round", id="order"),
        Binding("t", "trial", "trial", tooltip="pairs on trial: is it the candidates or the pair?", id="on-trial"),
        Binding("x", "export", "export", tooltip="write the failures to CSV, Parquet or JSON", id="export"),
    ]
    DEFAULT_CSS = """
    FailuresScreen #body { layout: horizontal; height: 1fr; }
    FailuresScreen Tree { width: 34; height: 1fr; overflow-x: hidden; padding: 0;
                          background: $background; border-right: solid $panel; }
    FailuresScreen.-wide Tree { width: 48; }
    FailuresScreen #right { width: 1fr; height: 1fr; }
    FailuresScreen #heading { height: 1; color: $text-muted; }
    FailuresScreen.-slim #body { layout: vertical; }
    FailuresScreen.-slim Tree { width: 1fr; height: 2fr; border-right: none; border-bottom: solid $panel; }
    FailuresScreen.-slim #right { height: 3fr; }
    FailuresScreen #preview { height: 2fr; border-top: solid $panel; padding: 0 1; display: none; }
    FailuresScreen.-wide.-tall #preview { display: block; }
    FailuresScreen #pairs { height: 3fr; }
    FailuresScreen.-empty #body { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._failures: Failures | None = None
        self._pick = Pick()
        self._order = Order("margin")
        self._wanted = ""
        self._found: frozenset[str] | None = None
        self._shown: list[FailedPair] = []
        self._id_width = 0
        self._seen_pair = ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The tree is the grouping here."""
        return action != "grouping" and super().check_action(action, parameters)

    def asking_body(self) -> Iterable[Widget]:
        """Tree and list."""
        with Container(id="body"):
            tree: Tree[Leaf] = Tree(Text("all failures"), id="tree")
            tree.guide_depth = 2
            tree.auto_expand = False
            tree.tooltip = "the taxonomy: → opens a branch, ← closes it, enter shows its pairs"
            yield tree
            with Container(id="right"):
                yield Heading(id="heading")
                rows = Rows(id="pairs")
                rows.tooltip = "the failed pairs of the chosen branch, worst first: enter opens one"
                yield rows
                panel = VerticalScroll(Static(id="glance"), id="preview", can_focus=False)
                panel.tooltip = "the pair under the cursor: enter opens it"
                yield panel

    def fetch(self) -> Failures:
        """Tree and pairs of the candidate looked at."""
        return read_failures(self.session.board(), self.session.subject, self._pick, self._failures)

    def arrived(self, failures: Failures) -> None:
        """Show them."""
        old = self._failures
        self._failures, self._pick = failures, failures.pick
        if old is None or old.board is not failures.board or old.label != failures.label:
            self._fill_tree()
        pairs = self.query_one("#pairs", Rows)
        if old is None or old.label != failures.label:
            pairs.focus()
        same = old is not None and (old.label, old.pick) == (failures.label, failures.pick)
        self._fill_list(pairs.cursor if same else 0)

    def missing(self, error: RudeError) -> Text:
        """What to do where there is nothing."""
        self._failures = None
        text = Text.assemble(("No failures to read yet\n\n", "bold"))
        text.append(plain(error.what) + "\n\n")
        text.append("Failures appear once a candidate has been scored: press 1, mark candidates, r.")
        return text

    def repaint(self) -> None:
        """Draw again in the theme's colours, at the width there is."""
        if self._failures is not None:
            self._seen_pair = ""
            self._relabel(self.query_one("#tree", Tree).root)
            self._fill_list(self.query_one("#pairs", Rows).cursor)

    def _relabel(self, node: TreeNode[Leaf]) -> None:
        # Filled again, the tree would lose its cursor.
        if node.is_root or node.data is not None:
            node.set_label(self._label(node.data))
        for child in node.children:
            self._relabel(child)

    def _fill_tree(self) -> None:
        assert self._failures is not None
        tree: Tree[Leaf] = self.query_one("#tree", Tree)
        nodes = [node for top in tree.root.children for node in (top, *top.children)]
        was = {node.data.name: node.is_expanded for node in nodes if node.data and not isinstance(node.data, str)}
        tree.clear()
        tree.root.set_label(self._label(None))
        for branch in self._failures.tree:
            node = tree.root.add(self._label(branch), branch, expand=was.get(branch.name, self.size.height >= 24))
            for child in branch.children:
                leaf = node.add(self._label(child), child, allow_expand=bool(child.children))
                if was.get(child.name):
                    leaf.expand()
        for kind, number in self._failures.noted.items():
            if number:
                tree.root.add_leaf(self._label(kind), kind)
        tree.root.expand()

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Leaf]) -> None:
        """Criteria are listed only once their subcategory is opened."""
        node = event.node
        if node.data is None or isinstance(node.data, str) or node.data.kind != "subcategory" or node.children:
            return
        for criterion in node.data.children[:_CRITERIA_SHOWN]:
            node.add_leaf(self._label(criterion), criterion)
        if (more := len(node.data.children) - _CRITERIA_SHOWN) > 0:
            node.add_leaf(Text(f"… {more:,} more; find them with /", self.colour("chance")))

    def _label(self, branch: Leaf | None) -> Text:
        assert self._failures is not None
        width = 46 if self.wide else self.size.width - 2 if self.size.width < 60 else 32
        if isinstance(branch, str):
            mark, tone = MARKS[branch]
            word = "flagged" if branch == "flag" else "excluded"
            return Text.assemble((mark, self.colour(tone)), f" {word} ", (str(self._failures.noted[branch]), "bold"))
        if branch is None:
            return _rated("all", "", self._failures.failed, self._failures.scored, width - 2, "")
        depth = {"category": 4, "subcategory": 6, "criterion": 8}[branch.kind]
        mark, tone = glyph(branch.name) if branch.kind != "criterion" else ("·", "")
        return _rated(branch.name, mark, branch.failed, branch.scored, width - depth, self.colour(tone) if tone else "")

    def on_tree_node_selected(self, event: Tree.NodeSelected[Leaf]) -> None:
        """Show the pairs of a branch."""
        path: list[Branch] = []
        node: TreeNode[Leaf] | None = event.node
        if node is not None and node.data is None and not node.is_root:
            return
        noted = event.node.data if isinstance(event.node.data, str) else None
        while node is not None:
            if node.data is not None and not isinstance(node.data, str):
                path.append(node.data)
            node = node.parent
        self._pick = Pick(noted=noted) if noted else pick_of(path)
        self._seen = None
        self.ask()

    def _fill_list(self, cursor: int = 0) -> None:
        failures = self._failures
        assert failures is not None
        self._shown = listed(failures, self._order, self._wanted, self._found)
        self.say(
            plain(failures.label), failures.board.suite, failures.board.protocol, failures.board.metric,
            f"{failures.failed:,} of {failures.scored:,} pairs failed",
            f"{failures.board.excluded:,} excluded" if failures.board.excluded else "",
        )  # fmt: skip
        # What was searched for stands first: on a narrow screen the end is cut.
        what = count(len(self._shown), "pair") + (f" with “{one_line(self._wanted, 30)}”" if self._wanted else "")
        what += f" in {one_line(failures.pick.title, 40)}"
        self._id_width = min(_ID, max((len(pair.pair_id) for pair in self._shown), default=0))
        arrows = {name: self._order.arrow if name == self._order.by else " " for name in ORDERS}
        bold = {name: "bold" if name == self._order.by else "" for name in ORDERS}
        self.query_one("#heading", Heading).show(
            [
                (f"{'margin' + arrows['margin']:>8}", bold["margin"], "margin"),
                (f" {'fails' + arrows['fails']:<6}", bold["fails"], "fails"),
                (f" {'pair' + arrows['pair']:<6}", bold["pair"], "pair"),
                (what, "bold", ""),
            ]
        )
        self.query_one("#pairs", Rows).show(len(self._shown), self._line, cursor)
        self._glance()

    def _line(self, index: int, width: int) -> Text:
        pair = self._shown[index]
        line = Text(f"{signed(pair.margin, 3) if pair.margin else '0':>7} {f'{pair.failed_by}/{pair.scored_by}':>6} ")
        assert self._failures is not None
        line.append(marks(self._failures.board.annotations.get(pair.pair_id, ())))
        drawn = pair.subcategories[:_GLYPHS]
        for name in drawn:
            mark, tone = glyph(name)
            line.append(mark, self.colour(tone))
        line.append(" " * (_GLYPHS - len(drawn)) + f" {one_line(pair.pair_id, _ID):<{self._id_width}}")
        if width - line.cell_len >= _WORTH:
            why = f"  {', '.join(pair.subcategories)} · {one_line(', '.join(pair.violated), 80)}"
            line.append(why, self.colour("chance"))
        return line

    def on_rows_highlighted(self) -> None:
        """Another pair is under the cursor."""
        self._glance()

    def _glance(self) -> None:
        """Show the pair under the cursor below the list, where there is room."""
        at = self.query_one("#pairs", Rows).cursor
        if not (self.has_class("-wide") and self.has_class("-tall")) or self._failures is None:
            return
        if at >= len(self._shown):
            self._seen_pair = ""
            self.query_one("#glance", Static).update("")
            return
        pair_id, suite = self._shown[at].pair_id, self._failures.board.suite_hash
        if pair_id == self._seen_pair:
            return

        def read() -> Pair:
            from engine.store.suites import load_pairs

            return load_pairs(self.session.store, suite, [pair_id])[0]

        def arrived(pair: Pair) -> None:
            self._seen_pair = pair_id
            self.query_one("#glance", Static).update(glance(pair, self.colour))
            self.query_one("#preview").scroll_home(animate=False)

        self.load("glance", read, arrived, lambda error: None, same=pair_id)

    def on_heading_clicked(self, event: Heading.Clicked) -> None:
        """A click on a heading sorts by it."""
        self._sort(event.what)

    def _sort(self, by: str) -> None:
        self._order = self._order.chosen(by)
        self._fill_list()

    def action_order(self) -> None:
        """Choose what the pairs are sorted by."""
        self.app.push_screen(
            Choose("Sort by", list(ORDERS.items()), self._order.by), lambda by: self._sort(by) if by else None
        )

    def on_rows_selected(self, event: Rows.Selected) -> None:
        """Open one pair; the screen walks the same list with n and p."""
        from screens.pair.screen import PairScreen

        assert self._failures is not None

        def back(index: int | None) -> None:
            if index is not None:
                self.query_one("#pairs", Rows).cursor = index

        ids = [pair.pair_id for pair in self._shown]
        self.app.push_screen(PairScreen(self._failures.board, self._failures.label, ids, event.index), back)

    def action_note(self, kind: Kind) -> None:
        """Flag or exclude the pair under the cursor, or take that back."""
        at = self.query_one("#pairs", Rows).cursor
        if self._failures is not None and at < len(self._shown):
            board, pair_id = self._failures.board, self._shown[at].pair_id
            note_dialog(self, board.suite_hash, pair_id, kind, board.annotations.get(pair_id, ()), self.ask)

    def action_candidate(self) -> None:
        """Look at another candidate."""
        if self._failures is None:
            return

        def look(label: str | None) -> None:
            if label:
                self.session.subject = label
                self._pick = Pick()
                self.ask()

        options = [(label, label) for label in self._failures.board.matrix.candidates]
        self.app.push_screen(Choose("Failures of", options, self._failures.label), look)

    def action_search(self) -> None:
        """Narrow the list."""

        def search(wanted: str | None) -> None:
            self._wanted, self._found = wanted or "", None
            failures = self._failures
            if failures is None:
                return
            if not wanted:
                self._fill_list()
                return
            from engine.results.search import find_text

            def found(ids: frozenset[str]) -> None:
                self._found = ids
                self._fill_list()

            def failed(error: RudeError) -> None:
                # What needs no reading is found all the same.
                self._fill_list()
                self.show_error(error)

            self.say("searching…")
            self.load("search", lambda: find_text(self.session.store, failures.board.suite_hash, wanted), found, failed)

        self.app.push_screen(Ask("Search in ids, criteria and texts", self._wanted, without="shows all"), search)

    def action_trial(self) -> None:
        """Put the pairs on trial, by everybody's verdicts."""
        from screens.items.screen import ItemsScreen

        self.app.push_screen(ItemsScreen(self.MODE))

    def action_export(self) -> None:
        """Write this candidate's failures to a file."""
        failures = self._failures
        if failures is None:
            return
        board, entrant = failures.board, failures.board.entrant(failures.label)
        shown = {pair.pair_id: place for place, pair in enumerate(self._shown)}
        export_dialog(
            self,
            "failures",
            {"suite": board.suite_hash, "protocol": board.protocol, "metric": board.metric},
            place_of=lambda row: (
                shown.get(row["pair_id"])
                if (row["candidate"], row["precision"]) == (entrant.name, entrant.precision)
                else None
            ),
        )


def _rated(name: str, mark: str, failed: int, scored: int, width: int, style: str) -> Text:
    rate = f"{failed / scored:>4.0%} {f'{failed:,}/{scored:,}':>7}" if scored else ""
    room = max(6, width - len(rate) - (len(mark) + 1 if mark else 0) - 1)
    text = Text(no_wrap=True)
    if mark:
        text.append(mark + " ", style)
    text.append(f"{one_line(name, room):<{room}} ")
    text.append(rate[:4], "bold" if failed else "")
    text.append(rate[4:])
    return text
