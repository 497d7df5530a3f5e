"""The pairs of one suite: found by text, by subcategory, by |V|; read a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from engine.export.palette import glyph
from screens.items.opening import try_pairs_of
from screens.pair.compared import Compared, compared
from screens.pair.text import pair_plain
from screens.shell.annotation_text import annotation_marks
from screens.shell.dialogs import Ask, Choose
from screens.shell.marking import AtHand, MarksPairs
from screens.shell.plain import one_line
from screens.suite_pairs.pair_text import pair_text
from screens.suite_pairs.state import PAGE, Matches, SuitePairsState, find_pairs, pair_table, size_name
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.annotations.pairs import Annotation
    from engine.export.tables import Table
    from engine.results.suites import PairFilter, PairLine, SuiteEntry

__all__ = ["PairsScreen"]


class PairsScreen(MarksPairs):
    """Every pair of a suite, or those looked for."""

    MODE = "suites"
    TITLE = "Pairs of a suite"
    GUIDE = """
Every pair as it stands in the suite. / finds a word anywhere in ids, prompts, responses and criteria; v keeps one
subcategory, | one size of V; esc takes these back, then leaves.

Words that the two responses do not share are underlined in the chosen one and struck out in the rejected one.

⚑ is a flag, ⊘ an excluded pair. T puts the pairs on trial.
"""
    TERMS = ("pair", "violations", "category", "exemplar", "flag", "excluded pair", "pairs on trial")
    FIRST_KEYS = ("back", "search", "subcategory", "size", "trial")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("slash", "search", "search", key_display="/", tooltip="search ids, criteria and texts", id="search"),
        Binding("v", "subcategory", "subcategory", tooltip="keep one subcategory", id="pairs-subcategory"),
        Binding(
            "vertical_line",
            "size",
            "|V|",
            key_display="|",
            tooltip="keep pairs that violate so many criteria",
            id="pairs-size",
        ),
        Binding("T", "trial", "trial", tooltip="pairs on trial: what the verdicts say about them", id="on-trial"),
        Binding("y", "copy", "copy", tooltip="copy the pair under the cursor", id="copy"),
        Binding("tab", "other", "text", tooltip="to the pair's text and back", id="pairs-text"),
    ]
    DEFAULT_CSS = """
    PairsScreen #question { height: 1; padding: 0 1; color: $text-muted; }
    PairsScreen #body { layout: vertical; height: 1fr; }
    PairsScreen.-wide #body { layout: horizontal; }
    PairsScreen #left { height: 1fr; width: 1fr; }
    PairsScreen.-wide #left { width: 2fr; }
    PairsScreen #text { height: 2fr; border-top: solid $panel; padding: 0 1; }
    PairsScreen.-wide #text { width: 3fr; height: 1fr; border-top: none; border-left: solid $panel; }
    PairsScreen #text:focus { background: $surface; }
    """

    def __init__(self, entry: SuiteEntry, query: PairFilter) -> None:
        """Args:
        query: which of its pairs to begin with.
        """
        super().__init__()
        self.state = SuitePairsState(entry, query)

    def body(self) -> Iterable[Widget]:
        """List, and the pair under the cursor beside or below it."""
        yield Brief(id="question")
        with Container(id="body"):
            with Container(id="left"):
                rows = Rows(id="pairs")
                rows.tooltip = "the pairs, in the suite's order: enter or tab goes to the text of one"
                yield rows
            text = VerticalScroll(Static(id="pair"), id="text")
            text.tooltip = "the pair under the cursor: tab goes back to the list"
            yield text

    def on_mount(self) -> None:
        """Look for the pairs."""
        rows = self.query_one(Rows)
        rows.focus()
        self.watch(rows, "cursor", self._read_pair, init=False)
        self._find()

    def _find(self) -> None:
        state, store = self.state, self.session.store
        entry, query = state.entry, state.query
        self._say("reading…")

        def read() -> Matches:
            return find_pairs(store, entry, query, state.matches.pairs if state.matches is not None else None)

        def arrived(matches: Matches) -> None:
            state.take(matches)
            self._say(state.count_text())
            self.query_one(Rows).show(len(matches.places), self._line)
            self._read_pair()

        self.load("find", read, arrived)

    def _say(self, words: str) -> None:
        self.query_one("#question", Static).update(Text(self.state.question(words)))

    def _line(self, index: int, width: int) -> Text:
        pair = self.state.line(index)
        if pair is None:
            self._read_page(index // PAGE)
            return Text("…", self.colour("chance"))
        line = Text(annotation_marks(self.state.annotations.get(pair.pair_id, ())) + " ")
        for name in pair.subcategories[:4]:
            mark, tone = glyph(name)
            line.append(mark, self.colour(tone))
        line.append(" " * (5 - min(4, len(pair.subcategories))))
        line.append(one_line(pair.pair_id, 64), "" if not pair.shot else self.colour("chance"))
        rest = "exemplar, never scored" if pair.shot else f"{pair.domain} · {', '.join(pair.violated)}"
        line.append("  " + one_line(rest, 120), self.colour("chance"))
        return line

    def _read_page(self, page: int) -> None:
        matches = self.state.matches
        if matches is None:
            return
        places = self.state.places_of(page)

        def arrived(lines: list[PairLine]) -> None:
            if self.state.matches is matches:
                self.state.keep_page(page, lines)
                self.query_one(Rows).refresh()

        # One slot for each of two neighbours, which may both be in view.
        self.load(f"page-{page % 2}", lambda: matches.pairs.lines(places), arrived, same=(id(matches), page))

    def _read_pair(self) -> None:
        matches = self.state.matches
        if matches is None:
            return
        place = self.state.place_at(self.query_one(Rows).cursor)
        if place is None:
            self.state.read = None
            self.query_one("#pair", Static).update(Text("No pair is like this. esc takes the search back."))
            return

        def arrived(read: Compared) -> None:
            self.state.read = read
            self.query_one("#text").scroll_home(animate=False)
            self.repaint()

        self.load("pair", lambda: compared(matches.pairs.pair(place)), arrived)

    def repaint(self) -> None:
        """Draw the pair in the theme's colours."""
        read = self.state.read
        if read is not None:
            text = pair_text(read, self.state.annotations.get(read.pair.id, ()), self.colour)
            self.query_one("#pair", Static).update(text)

    def on_rows_selected(self) -> None:
        """To the text, which then scrolls."""
        self.query_one("#text").focus()

    def action_other(self) -> None:
        """From list to text, or back."""
        rows = self.query_one(Rows)
        (self.query_one("#text") if rows.has_focus else rows).focus()

    def shown_table(self) -> tuple[str, Callable[[], Table]] | None:
        """The pairs that are looked for."""
        matches = self.state.matches
        return ("pairs", lambda: pair_table(matches)) if matches is not None and len(matches.places) else None

    def action_back(self) -> None:
        """From the text to the list, from a narrowed list to all, from all to the suites."""
        if not self.query_one(Rows).has_focus:
            self.query_one(Rows).focus()
        elif self.state.narrowed:
            self._change(text="", subcategory="", size=0)
        else:
            self.dismiss()

    def _change(self, **changes: object) -> None:
        self.state.change(**changes)
        self._find()

    def action_search(self) -> None:
        """Find a word."""
        self.app.push_screen(
            Ask("Search in ids, criteria and texts", self.state.query.text, empty="all"),
            lambda text: self._change(text=text) if text is not None else None,
        )

    def action_subcategory(self) -> None:
        """Keep one subcategory."""
        from rubrics.taxonomy import Subcategory

        options = [("", "all"), *((str(name), f"{glyph(str(name))[0]} {name}") for name in Subcategory)]
        self.app.push_screen(
            Choose("Pairs that violate", options, self.state.query.subcategory),
            lambda name: None if name is None else self._change(subcategory=name),
        )

    def action_size(self) -> None:
        """Keep one size of V."""
        from engine.results.suites import SIZES

        options = [("0", "any"), *((str(n), size_name(n)) for n in range(1, SIZES + 1))]
        self.app.push_screen(
            Choose("Criteria violated", options, str(self.state.query.size)),
            lambda size: None if size is None else self._change(size=int(size)),
        )

    def at_hand(self) -> AtHand | None:
        """The pair under the cursor."""
        pair, suite_hash = self.state.pair, self.state.entry.suite_hash
        return AtHand(suite_hash, pair.id, self.state.annotations.get(pair.id, ())) if pair is not None else None

    def marked(self) -> None:
        """Read the marks again."""
        self._read_annotations()

    def _read_annotations(self) -> None:
        store, suite_hash = self.session.store, self.state.entry.suite_hash

        def read() -> Mapping[str, tuple[Annotation, ...]]:
            from engine.annotations.pairs import stored_annotations

            return stored_annotations(store, suite_hash)

        def arrived(annotations: Mapping[str, tuple[Annotation, ...]]) -> None:
            self.state.annotations = annotations
            self.query_one(Rows).refresh()
            self.repaint()

        self.load("notes", read, arrived)

    def action_trial(self) -> None:
        """Put the suite's pairs on trial, by the verdicts there are."""
        try_pairs_of(self, self.state.entry)

    def action_copy(self) -> None:
        """Copy what was selected with the mouse, else the whole pair."""
        if self.state.pair is not None:
            self.copy(pair_plain(self.state.pair))
