"""The failed pairs of one candidate: the taxonomy on one side, the pairs of the chosen branch on the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final, cast

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.failures.pair_list import asked_line, group_line, headings, pair_line, standing_line
from screens.failures.preview import preview, read_preview
from screens.failures.search import Found, find
from screens.failures.state import ORDERS, Failures, FailuresState, Pick, read_failures
from screens.failures.tree import FailureTree
from screens.shell.dialogs import Ask, Choose
from screens.shell.export_dialogs import export_dialog
from screens.shell.marking import AtHand, MarksPairs
from screens.shell.plain import plain
from screens.shell.question_place import QuestionPlace
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.results.alike import Alike
    from screens.pair.compared import Compared

__all__ = ["FailuresScreen"]

_LONG: Final = 0.3
"""Seconds after which a search is said to go on."""


class FailuresScreen(MarksPairs, QuestionPlace):
    """Why is it second?"""

    MODE = "failures"
    TITLE = "Failures"
    GUIDE = """
The pairs that a candidate did not win, worst first. A pair stands in every branch of the tree that it violates a
criterion of, so branches add up to more than the whole. Beside a branch stands its failure rate, failed of scored.
≈ says that it cannot be told from chance there; ▲ that it loses more than the other candidates do on the same pairs,
▼ that it loses fewer. The line over the list has the numbers: a tie is half lost; the interval is Wilson's with the
design effect of clusters, chance is left out by it at 5 % shared among all branches of that kind; p against the others
is the sign-flip test by cluster, after Holm over that kind. Below six clusters nothing can be told.

b groups the pairs: by the criterion they violate, by how many candidates fail them, or by a phrase in prompt and
criteria that failed pairs have more often than the others. Phrases are found by searching, so take one for a hint and
count it on fresh pairs.

⚑ is a flag, ⊘ an excluded pair; both have a branch of their own at the foot of the tree, where they can be taken back.
f flags at once, e excludes for the reason given last, N writes what to look at, u takes the last of these back; i
counts excluded pairs, or leaves them out.

fails: how many of the candidates that scored the pair fail it too; a pair that all fail may be mislabelled: T puts the
pairs on trial. o sorts by either, and so does a click on the heading; again turns it round.
"""
    TERMS = ("pair", "criterion", "margin", "flag", "excluded pair", "pairs on trial")
    FIRST_KEYS = (
        "select", "tokens", "candidate", "search", "grouping", "mark_pair('flag')", "mark_pair('exclude')", "order",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("C", "candidate", "candidate", tooltip="choose another candidate", id="candidate"),
        Binding("slash", "search", "search", key_display="/", tooltip="search ids, criteria and texts", id="search"),
        Binding("b", "grouping", "by", tooltip="group the pairs: criterion, phrase, difficulty", id="by"),
        Binding("o", "order", "order", tooltip="sort the pairs; the same again turns them round", id="order"),
        Binding("t", "tokens", "tokens", tooltip="the pair token by token, and where it turns", id="tokens"),
        Binding("T", "trial", "trial", tooltip="pairs on trial: is it the candidates or the pair?", id="on-trial"),
        Binding("x", "export", "take away", tooltip="table and text, into a folder or a file", id="export"),
    ]
    DEFAULT_CSS = """
    FailuresScreen #body { layout: horizontal; height: 1fr; }
    FailuresScreen Tree { width: 34; height: 1fr; overflow-x: hidden; padding: 0;
                          background: $background; border-right: solid $panel; }
    FailuresScreen.-wide Tree { width: 48; }
    FailuresScreen #right { width: 1fr; height: 1fr; }
    FailuresScreen #question { padding: 0 1; color: $text-muted; }
    FailuresScreen #standing { padding: 0 1; }
    FailuresScreen #heading { height: 1; color: $text-muted; }
    FailuresScreen #asked { padding: 0 1; background: $surface; }
    FailuresScreen.-wide #asked { display: none; }
    FailuresScreen.-slim #body { layout: vertical; }
    FailuresScreen.-slim Tree { width: 1fr; height: 2fr; border-right: none; border-bottom: solid $panel; }
    FailuresScreen.-slim #right { height: 3fr; }
    FailuresScreen #preview { height: 2fr; border-top: solid $panel; padding: 0 1; display: none;
                              scrollbar-gutter: stable; }
    FailuresScreen.-wide.-tall #preview { display: block; }
    FailuresScreen #pairs { height: 3fr; }
    FailuresScreen.-empty #body, FailuresScreen.-empty .full { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.state = FailuresState()
        self._previewed = ""
        """Id of the pair shown below the list."""
        self._searching = Timer(self, _LONG)
        """Says that a search takes long."""

    def answer_body(self) -> Iterable[Widget]:
        """Where the branch stands; tree and list; what the pair under the cursor asks."""
        yield Brief(id="standing", classes="full")
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
        yield Brief(id="asked", classes="full")

    def fetch(self) -> Failures:
        """Tree and pairs of the candidate looked at."""
        from engine.results.pair_words import pair_words

        state, board = self.state, self.session.board()
        words = pair_words(self.session.store, board.suite_hash)
        return read_failures(board, words, self.session.subject, state.pick, state.failures, state.alike)

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
            f"{failures.failed:,} of {count(failures.scored, 'pair')} failed",
            f"{failures.board.excluded:,} excluded" if failures.board.excluded else "",
        )  # fmt: skip
        standing = failures.standing
        said = standing_line(failures.pick.title, standing, self.colour) if standing is not None else Text()
        self.query_one("#standing", Brief).update(said)
        self.query_one("#heading", Heading).show(headings(state))
        self.query_one("#pairs", Rows).show(len(state.lines), self._line, cursor)
        self._preview()

    def _grouped(self) -> Text:
        """What is said of the group under the cursor, in as many lines as it takes."""
        cursor = self.query_one("#pairs", Rows).cursor
        text = self._line(cursor, 0) if cursor < len(self.state.lines) else Text()
        text.no_wrap, text.overflow = False, "fold"
        return text

    def _line(self, index: int, width: int) -> Text:
        state, pair = self.state, self.state.at(index)
        if pair is not None:
            return pair_line(state, pair, width, self.colour)
        group = cast("Alike", state.lines[index])
        below = next((n for n in range(index + 1, len(state.lines)) if state.at(n) is None), len(state.lines))
        return group_line(group, below - index - 1, self.colour)

    def on_rows_highlighted(self) -> None:
        """Another pair is under the cursor."""
        self._preview()

    def _preview(self) -> None:
        """Show the pair under the cursor below the list, where there is room."""
        failures, current = self.state.failures, self.state.at(self.query_one("#pairs", Rows).cursor)
        # Of a group it is the group: the list has no room for all of what its pairs have in common.
        said = self._grouped() if current is None else asked_line(self.state, current, self.colour)
        self.query_one("#asked", Brief).update(said)
        if not self._previews or failures is None:
            return
        if current is None:
            self._previewed = ""
            self.query_one("#preview-text", Static).update(self._grouped())
            return
        pair_id, suite = current.pair_id, failures.board.suite_hash
        if pair_id == self._previewed:
            return

        def read() -> Compared:
            return read_preview(self.session.store, suite, pair_id)

        def arrived(read: Compared) -> None:
            # A search may have brought another meanwhile.
            if self.state.at(self.query_one("#pairs", Rows).cursor) is current:
                self._show_preview(read)

        self.load("preview", read, arrived, lambda error: None, same=pair_id)

    @property
    def _previews(self) -> bool:
        """Whether there is room for the pair under the cursor below the list."""
        return self.has_class("-wide") and self.has_class("-tall")

    def _show_preview(self, read: Compared) -> None:
        self._previewed = read.pair.id
        self.query_one("#preview-text", Static).update(preview(read, self.colour))
        self.query_one("#preview").scroll_home(animate=False)

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

        ids = [pair.pair_id for pair in self.state.shown]
        place = self.state.place_of(event.index)
        self.app.push_screen(PairScreen(failures.board, failures.label, ids, place), self._back)

    def _back(self, place: int | None) -> None:
        """The cursor goes to the pair that was read last."""
        if place is not None:
            self.query_one("#pairs", Rows).cursor = self.state.line_of(place)

    def action_tokens(self) -> None:
        """Open the pair under the cursor token by token."""
        from screens.tokens.screen import TokenScreen

        failures, line = self.state.failures, self.query_one("#pairs", Rows).cursor
        if failures is not None and self.state.shown:
            ids = [pair.pair_id for pair in self.state.shown]
            screen = TokenScreen(failures.board, failures.label, ids, self.state.place_of(line))
            self.app.push_screen(screen, self._back)

    def at_hand(self) -> AtHand | None:
        """The pair under the cursor."""
        pair, failures = self.state.at(self.query_one("#pairs", Rows).cursor), self.state.failures
        if pair is None or failures is None:
            return None
        board = failures.board
        return AtHand(board.suite_hash, pair.pair_id, board.annotations.get(pair.pair_id, ()))

    def marked(self) -> None:
        """Read again: an excluded pair is out of the tree."""
        self.ask()

    def action_grouping(self) -> None:
        """Choose what pairs are grouped by."""
        from engine.results.alike import KINDS

        def group(by: str | None) -> None:
            if by is not None:
                self.state.alike = by
                self.action_again()

        options = [("", "not at all"), *((kind, f"{kind}: {words}") for kind, words in KINDS.items())]
        self.app.push_screen(Choose("Group the pairs by", options, self.state.alike), group)

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
            failures = self.state.failures
            if needle is None or failures is None:
                return
            self.state.search(needle)
            self._searching.stop()
            if not needle:
                self._fill_list()
                return
            # Said where it takes long: drawn for a moment only, it would cost as much as the answer.
            self._searching = self.set_timer(_LONG, lambda: self.say("searching…"))

            def arrived(found: Found) -> None:
                self._searching.stop()
                self.state.hits = found.hits
                if found.first is not None:
                    self._show_preview(found.first)
                self._fill_list()

            def failed(error: RudeError) -> None:
                self._searching.stop()
                # What needs no reading is found all the same.
                self._fill_list()
                self.show_error(error)

            order, first = self.state.order, self._previews
            self.load("search", lambda: find(self.session.store, failures, order, needle, first=first), arrived, failed)

        self.app.push_screen(Ask("Search in ids, criteria and texts", self.state.needle, empty="all"), search)

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
