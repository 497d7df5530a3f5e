"""The pairs of one suite: found by text, by subcategory, by |V|; read a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from engine.export.palette import glyph
from rubrics.counted import count
from screens.items.opening import try_pairs_of
from screens.shell.annotating import marks, note_dialog
from screens.shell.dialogs import Ask, Choose
from screens.shell.place import Place
from screens.shell.plain import one_line
from screens.suite_pairs.pair_text import pair_plain, pair_text
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.results.suites import PairLine, SuiteEntry, SuitePairs, Wanted
    from engine.store.annotations import Annotation, Kind
    from rubrics.schema import Pair

__all__ = ["PairsScreen"]

_PAGE: Final = 100
_KEPT: Final = 20
"""Pages kept in memory."""


class PairsScreen(Place):
    """Every pair of a suite, or those looked for."""

    MODE = "suites"
    TITLE = "Pairs of a suite"
    GUIDE = """
Every pair as it stands in the suite. / finds a word anywhere in ids, prompts, responses and criteria; f keeps one
subcategory, v one size of V (how many criteria the rejected response violates); esc takes these back, then leaves.

Words that the two responses do not share are underlined in the chosen one and struck out in the rejected one.

⚑ is a pair you flagged, ⊘ one you excluded: rankings, failures and correlations leave it out. t puts the pairs on
trial by what the candidates said about them.
"""
    FIRST_KEYS = ("back", "search", "subcategory", "size", "trial")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("slash", "search", "search", key_display="/", tooltip="search ids, criteria and texts", id="search"),
        Binding("f", "subcategory", "subcategory", tooltip="keep one subcategory", id="pairs-subcategory"),
        Binding("v", "size", "|V|", tooltip="keep pairs that violate so many criteria", id="pairs-size"),
        Binding("w", "note('flag')", "flag", tooltip="flag the pair under the cursor with a note", id="pairs-flag"),
        Binding("e", "note('exclude')", "exclude", tooltip="leave the pair out, with a reason", id="exclude"),
        Binding("t", "trial", "trial", tooltip="pairs on trial: what the verdicts say about them", id="on-trial"),
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

    def __init__(self, entry: SuiteEntry, wanted: Wanted) -> None:
        super().__init__()
        self._entry = entry
        self._wanted = wanted
        self._pairs: SuitePairs | None = None
        self._places: npt.NDArray[np.int32] | None = None
        self._pages: dict[int, list[PairLine]] = {}
        self._noted: Mapping[str, tuple[Annotation, ...]] = {}
        self._pair: Pair | None = None

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
        """Look for what is wanted."""
        rows = self.query_one(Rows)
        rows.focus()
        self.watch(rows, "cursor", self._read_pair, init=False)
        self._find()

    def _find(self) -> None:
        entry, wanted = self._entry, self._wanted
        self._say("reading…")

        def read() -> tuple[SuitePairs, npt.NDArray[np.int32], Mapping[str, tuple[Annotation, ...]]]:
            from engine.results.suites import pairs_of
            from engine.store.annotations import stored_annotations

            pairs = self._pairs or pairs_of(self.session.store, entry)
            return pairs, pairs.places(wanted), stored_annotations(self.session.store, entry.suite_hash)

        def arrived(found: tuple[SuitePairs, npt.NDArray[np.int32], Mapping[str, tuple[Annotation, ...]]]) -> None:
            self._pairs, self._places, self._noted = found
            self._pages = {}
            number = len(self._places)
            scored, shots = self._entry.n_scored, self._entry.n_shots
            if shots and number == scored + shots:
                self._say(f"{count(scored, 'pair')} and {count(shots, 'exemplar')}")
            else:
                self._say(count(number, "pair") + ("" if number else "; esc shows all again"))
            self.query_one(Rows).show(number, self._line)
            self._read_pair()

        self.load("find", read, arrived)

    def _say(self, words: str) -> None:
        wanted = self._wanted
        parts = [
            one_line(self._entry.name, 40), words, f"with “{one_line(wanted.text, 30)}”" if wanted.text else "",
            wanted.subcategory, f"|V| = {_size_name(wanted.size)}" if wanted.size else "",
        ]  # fmt: skip
        line = Text(" · ".join(filter(None, parts)))
        self.query_one("#question", Static).update(line)

    def _line(self, index: int, width: int) -> Text:
        page, place = divmod(index, _PAGE)
        lines = self._pages.get(page)
        if lines is None:
            self._read_page(page)
            return Text("…", self.colour("chance"))
        pair = lines[place]
        line = Text(marks(self._noted.get(pair.pair_id, ())) + " ")
        for name in pair.subcategories[:4]:
            mark, tone = glyph(name)
            line.append(mark, self.colour(tone))
        line.append(" " * (5 - min(4, len(pair.subcategories))))
        line.append(one_line(pair.pair_id, 40), "" if not pair.shot else self.colour("chance"))
        rest = "exemplar, never scored" if pair.shot else f"{pair.domain} · {', '.join(pair.violated)}"
        line.append("  " + one_line(rest, 120), self.colour("chance"))
        return line

    def _read_page(self, page: int) -> None:
        pairs, places = self._pairs, self._places
        if pairs is None or places is None:
            return
        wanted = [int(place) for place in places[page * _PAGE : (page + 1) * _PAGE]]

        def arrived(lines: list[PairLine]) -> None:
            if self._places is not places:
                return
            self._pages[page] = lines
            while len(self._pages) > _KEPT:
                del self._pages[next(iter(self._pages))]
            self.query_one(Rows).refresh()

        # One slot for each of two neighbours, which may both be in view.
        self.load(f"page-{page % 2}", lambda: pairs.lines(wanted), arrived, same=(id(places), page))

    def _read_pair(self) -> None:
        pairs, places = self._pairs, self._places
        cursor = self.query_one(Rows).cursor
        if pairs is None or places is None:
            return
        if not len(places):
            self._pair = None
            self.query_one("#pair", Static).update(Text("No pair is like this. esc takes the search back."))
            return
        place = int(places[min(cursor, len(places) - 1)])

        def arrived(pair: Pair) -> None:
            self._pair = pair
            self.query_one("#text").scroll_home(animate=False)
            self.repaint()

        self.load("pair", lambda: pairs.pair(place), arrived)

    def repaint(self) -> None:
        """Draw the pair in the theme's colours."""
        if self._pair is not None:
            text = pair_text(self._pair, self._noted.get(self._pair.id, ()), self.colour)
            self.query_one("#pair", Static).update(text)

    def on_rows_selected(self) -> None:
        """To the text, which then scrolls."""
        self.query_one("#text").focus()

    def action_other(self) -> None:
        """From list to text, or back."""
        rows = self.query_one(Rows)
        (self.query_one("#text") if rows.has_focus else rows).focus()

    def action_back(self) -> None:
        """From the text to the list, from a narrowed list to all, from all to the suites."""
        if not self.query_one(Rows).has_focus:
            self.query_one(Rows).focus()
        elif self._wanted.text or self._wanted.subcategory or self._wanted.size:
            self._change(text="", subcategory="", size=0)
        else:
            self.dismiss()

    def _change(self, **changes: object) -> None:
        self._wanted = replace(self._wanted, **changes)  # type: ignore[arg-type]
        self._find()

    def action_search(self) -> None:
        """Find a word."""
        self.app.push_screen(
            Ask("Search in ids, criteria and texts", self._wanted.text, without="shows all"),
            lambda text: self._change(text=text or ""),
        )

    def action_subcategory(self) -> None:
        """Keep one subcategory."""
        from rubrics.taxonomy import Subcategory

        options = [("", "all"), *((str(name), f"{glyph(str(name))[0]} {name}") for name in Subcategory)]
        self.app.push_screen(
            Choose("Pairs that violate", options, self._wanted.subcategory),
            lambda name: None if name is None else self._change(subcategory=name),
        )

    def action_size(self) -> None:
        """Keep one size of V."""
        from engine.results.suites import SIZES

        options = [("0", "any"), *((str(n), _size_name(n)) for n in range(1, SIZES + 1))]
        self.app.push_screen(
            Choose("Criteria violated", options, str(self._wanted.size)),
            lambda size: None if size is None else self._change(size=int(size)),
        )

    def action_note(self, kind: Kind) -> None:
        """Flag or exclude the pair under the cursor, or take that back."""
        if self._pair is not None:
            pair_id = self._pair.id
            note_dialog(self, self._entry.suite_hash, pair_id, kind, self._noted.get(pair_id, ()), self._read_notes)

    def _read_notes(self) -> None:
        def read() -> Mapping[str, tuple[Annotation, ...]]:
            from engine.store.annotations import stored_annotations

            return stored_annotations(self.session.store, self._entry.suite_hash)

        def arrived(noted: Mapping[str, tuple[Annotation, ...]]) -> None:
            self._noted = noted
            self.query_one(Rows).refresh()
            self.repaint()

        self.load("notes", read, arrived)

    def action_trial(self) -> None:
        """Put the suite's pairs on trial, by the verdicts there are."""
        try_pairs_of(self, self._entry)

    def action_copy(self) -> None:
        """Copy what was selected with the mouse, else the whole pair."""
        if self._pair is not None:
            self.app.copy_to_clipboard(self.get_selected_text() or pair_plain(self._pair))
            self.notify("Copied", timeout=2)


def _size_name(size: int) -> str:
    from engine.results.suites import SIZES

    return f"{size} and more" if size == SIZES else str(size)
