"""The failed pairs of one candidate: the taxonomy on one side, the pairs of the chosen branch on the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.errors import RudeError
from screens.failures.pair_list import headings, id_width, pair_line
from screens.failures.preview import preview
from screens.failures.state import ORDERS, Failures, FailuresState, Pick, read_failures
from screens.failures.tree import FailureTree
from screens.shell.annotation_dialog import annotation_dialog
from screens.shell.dialogs import Ask, Choose
from screens.shell.export_dialogs import export_dialog
from screens.shell.plain import plain
from screens.shell.question_place import QuestionPlace
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.annotations.pairs import Kind
    from rubrics.schema import Pair

__all__ = ["FailuresScreen"]


class FailuresScreen(QuestionPlace):
    """Why is it second?"""

    MODE = "failures"
    TITLE = "Failures"
    GUIDE = """
The pairs that a candidate did not win, worst first. A pair stands in every branch of the tree that it violates a
criterion of, so branches add up to more than the whole. Beside a branch stands its failure rate, failed of scored.

⚑ is a flag, ⊘ an excluded pair; both have a branch of their own at the foot of the tree, where they can be taken back.
i counts excluded pairs, or leaves them out.

fails: how many of the candidates that scored the pair fail it too; a pair that all fail may be mislabelled: t puts the
pairs on trial. o sorts by either, and so does a click on the heading; again turns it round.
"""
    TERMS = ("pair", "criterion", "margin", "flag", "excluded pair", "pairs on trial")
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
        self.state = FailuresState()
        self._previewed = ""
        """Id of the pair shown below the list."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The tree is the grouping here."""
        return action != "grouping" and super().check_action(action, parameters)

    def answer_body(self) -> Iterable[Widget]:
        """Tree and list."""
        with Container(id="body"):
            tree = FailureTree(id="tree")
            tree.tooltip = "the taxonomy: → opens a branch, ← closes it, enter shows its pairs"
            yield tree
            with Container(id="right"):
                yield Heading(id="heading")
                rows = Rows(id="pairs")
                rows.tooltip = "the failed pairs of the chosen branch, worst first: enter opens one"
                yield rows
                panel = VerticalScroll(Static(id="preview-text"), id="preview", can_focus=False)
                panel.tooltip = "the pair under the cursor: enter opens it"
                yield panel

    def fetch(self) -> Failures:
        """Tree and pairs of the candidate looked at."""
        return read_failures(self.session.board(), self.session.subject, self.state.pick, self.state.failures)

    def arrived(self, failures: Failures) -> None:
        """Show them."""
        before = self.state.failures
        other_tree, same_list = self.state.take(failures)
        if other_tree:
            self.query_one(FailureTree).show(failures)
        pairs = self.query_one("#pairs", Rows)
        if before is None or before.label != failures.label:
            pairs.focus()
        self._fill_list(pairs.cursor if same_list else 0)

    def missing(self, error: RudeError) -> Text:
        """What to do where there is nothing."""
        self.state.failures = None
        text = Text.assemble(("No failures to read yet\n\n", "bold"))
        text.append(plain(error.what) + "\n\n")
        text.append("Failures appear once a candidate has been scored: press 1, mark candidates, r.")
        return text

    def repaint(self) -> None:
        """Draw again in the theme's colours, at the width there is."""
        if self.state.failures is not None:
            self._previewed = ""
            self.query_one(FailureTree).relabel(self.state.failures)
            self._fill_list(self.query_one("#pairs", Rows).cursor)

    def on_failure_tree_picked(self, message: FailureTree.Picked) -> None:
        """Show the pairs of a branch."""
        self.state.pick = message.pick
        self.action_again()

    def _fill_list(self, cursor: int = 0) -> None:
        state, failures = self.state, self.state.failures
        assert failures is not None
        state.arrange()
        self.say(
            plain(failures.label), failures.board.suite, failures.board.protocol, failures.board.metric,
            f"{failures.failed:,} of {failures.scored:,} pairs failed",
            f"{failures.board.excluded:,} excluded" if failures.board.excluded else "",
        )  # fmt: skip
        self.query_one("#heading", Heading).show(headings(state))
        name = id_width(state)
        self.query_one("#pairs", Rows).show(
            len(state.shown),
            lambda index, width: pair_line(state, state.shown[index], width, name, self.colour),
            cursor,
        )
        self._preview()

    def on_rows_highlighted(self) -> None:
        """Another pair is under the cursor."""
        self._preview()

    def _preview(self) -> None:
        """Show the pair under the cursor below the list, where there is room."""
        failures = self.state.failures
        if not (self.has_class("-wide") and self.has_class("-tall")) or failures is None:
            return
        current = self.state.at(self.query_one("#pairs", Rows).cursor)
        if current is None:
            self._previewed = ""
            self.query_one("#preview-text", Static).update("")
            return
        pair_id, suite = current.pair_id, failures.board.suite_hash
        if pair_id == self._previewed:
            return

        def read() -> Pair:
            from engine.results.suites import find_pair

            return find_pair(self.session.store, suite, pair_id)

        def arrived(pair: Pair) -> None:
            self._previewed = pair_id
            self.query_one("#preview-text", Static).update(preview(pair, self.colour))
            self.query_one("#preview").scroll_home(animate=False)

        self.load("preview", read, arrived, lambda error: None, same=pair_id)

    def on_heading_clicked(self, event: Heading.Clicked) -> None:
        """A click on a heading sorts by it."""
        self.sort(event.target)

    def sort(self, by: str) -> None:
        """Sort the pairs; again turns them round."""
        self.state.order = self.state.order.chosen(by)
        self._fill_list()

    def action_order(self) -> None:
        """Choose what the pairs are sorted by."""
        self.app.push_screen(
            Choose("Sort by", list(ORDERS.items()), self.state.order.by), lambda by: self.sort(by) if by else None
        )

    def on_rows_selected(self, event: Rows.Selected) -> None:
        """Open one pair; the screen walks the same list with n and p."""
        from screens.pair.screen import PairScreen

        failures = self.state.failures
        assert failures is not None

        def back(index: int | None) -> None:
            if index is not None:
                self.query_one("#pairs", Rows).cursor = index

        ids = [pair.pair_id for pair in self.state.shown]
        self.app.push_screen(PairScreen(failures.board, failures.label, ids, event.index), back)

    def action_note(self, kind: Kind) -> None:
        """Flag or exclude the pair under the cursor, or take that back."""
        pair = self.state.at(self.query_one("#pairs", Rows).cursor)
        if self.state.failures is not None and pair is not None:
            board = self.state.failures.board
            annotations = board.annotations.get(pair.pair_id, ())
            annotation_dialog(self, board.suite_hash, pair.pair_id, kind, annotations, self.ask)

    def action_candidate(self) -> None:
        """Look at another candidate."""
        failures = self.state.failures
        if failures is None:
            return

        def look(label: str | None) -> None:
            if label:
                self.session.subject = label
                self.state.pick = Pick()
                self.ask()

        options = [(label, label) for label in failures.board.matrix.candidates]
        self.app.push_screen(Choose("Failures of", options, failures.label), look)

    def action_search(self) -> None:
        """Narrow the list."""

        def search(needle: str | None) -> None:
            self.state.search(needle or "")
            failures = self.state.failures
            if failures is None:
                return
            if not needle:
                self._fill_list()
                return
            from engine.results.search import find_text

            def arrived(ids: frozenset[str]) -> None:
                self.state.hits = ids
                self._fill_list()

            def failed(error: RudeError) -> None:
                # What needs no reading is found all the same.
                self._fill_list()
                self.show_error(error)

            self.say("searching…")
            suite_hash = failures.board.suite_hash
            self.load("search", lambda: find_text(self.session.store, suite_hash, needle), arrived, failed)

        self.app.push_screen(Ask("Search in ids, criteria and texts", self.state.needle, without="shows all"), search)

    def action_trial(self) -> None:
        """Put the pairs on trial, by everybody's verdicts."""
        from screens.items.screen import ItemsScreen

        self.app.push_screen(ItemsScreen(self.MODE))

    def action_export(self) -> None:
        """Write this candidate's failures to a file."""
        failures = self.state.failures
        if failures is None:
            return
        board, entrant = failures.board, failures.board.entrant(failures.label)
        places = {pair.pair_id: place for place, pair in enumerate(self.state.shown)}
        export_dialog(
            self,
            "failures",
            {"suite": board.suite_hash, "protocol": board.protocol, "metric": board.metric},
            place_of=lambda row: (
                places.get(row["pair_id"])
                if (row["candidate"], row["precision"]) == (entrant.name, entrant.precision)
                else None
            ),
        )
