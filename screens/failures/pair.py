"""One pair in full: prompt, both responses with differing words marked, criteria, and every candidate's verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from screens.differing import Difference, differing
from screens.failures.glance import criteria_text, marked
from screens.failures.noting import mark_text, note_dialog
from screens.failures.scales import scales
from screens.palette import glyph
from screens.place import Place
from screens.plain import one_line, plain
from screens.widgets.brief import Brief
from screens.widgets.dialogs import Choose

if TYPE_CHECKING:
    from engine.results.board import Board
    from engine.results.failures import PairVerdict, PairView
    from engine.store.annotations import Kind
    from engine.store.connection import Store

__all__ = ["PairScreen"]


@dataclass(frozen=True)
class _Shown:
    """A pair ready to draw: its texts made plain, and compared."""

    view: PairView
    prompt: str
    chosen: str
    rejected: str
    difference: Difference


class PairScreen(Place):
    """The pair behind a number."""

    MODE = "failures"
    TITLE = "Pair"
    GUIDE = """
The response on the left, or above, meets every criterion; the other violates exactly those marked ✗. Words that the two
do not share are underlined in one and struck out in the other.

t opens the pair token by token. A flag ⚑ is a note for yourself; an excluded pair ⊘ is left out of rankings, failures
and correlations until you take that back.

The scale shows how far each candidate leans to either response; ▸ is the candidate whose failures are read.
"""
    FIRST_KEYS = ("back", "step(1)", "tokens", "copy", "note('flag')", "note('exclude')")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("n,right", "step(1)", "next", key_display="n", id="next"),
        Binding("p,left", "step(-1)", "previous", key_display="p", id="previous"),
        Binding("d", "differences", "differences", tooltip="mark differing words, or not", id="differences"),
        Binding("t", "tokens", "tokens", tooltip="token by token, and where the preference turns", id="tokens"),
        Binding("f", "note('flag')", "flag", tooltip="flag this pair with a note", id="flag"),
        Binding("e", "note('exclude')", "exclude", tooltip="leave this pair out, with a reason", id="exclude"),
        Binding("y", "copy", "copy", tooltip="copy the prompt, a response, the criteria or all", id="copy"),
        Binding("up,k", "scroll(-1)", "up", show=False, id="scroll-up"),
        Binding("down,j", "scroll(1)", "down", show=False, id="scroll-down"),
        Binding("space,pagedown", "page(1)", "page down", show=False, id="scroll-page-down"),
        Binding("b,pageup", "page(-1)", "page up", show=False, id="scroll-page-up"),
        Binding("home", "edge(-1)", "top", show=False, id="scroll-top"),
        Binding("end", "edge(1)", "bottom", show=False, id="scroll-bottom"),
    ]
    DEFAULT_CSS = """
    PairScreen #question { height: 1; padding: 0 1; background: $surface; }
    PairScreen #text { height: 1fr; padding: 0 1; }
    PairScreen #responses { layout: vertical; height: auto; }
    PairScreen.-wide #responses { layout: horizontal; }
    PairScreen .response { width: 1fr; height: auto; padding: 0 1 1 0; }
    PairScreen #criteria, PairScreen #prompt { padding-bottom: 1; }
    PairScreen #notes { display: none; padding-bottom: 1; }
    PairScreen.-noted #notes { display: block; }
    """

    def __init__(self, board: Board, subject: str, ids: Sequence[str], index: int) -> None:
        super().__init__()
        self._board = board
        self._subject = subject
        self._ids = list(ids)
        self._index = index
        self._shown: _Shown | None = None
        self._ahead: dict[str, _Shown] = {}
        """The pairs before and after, read while this one is looked at."""
        self._marking = True

    def body(self) -> Iterable[Widget]:
        """Everything scrolls together, so that both responses stay side by side."""
        yield Brief(id="question")
        with VerticalScroll(id="text"):
            yield Static(id="notes")
            yield Static(id="scales")
            yield Static(id="prompt")
            yield Static(id="criteria")
            with Container(id="responses"):
                yield Static(id="chosen", classes="response")
                yield Static(id="rejected", classes="response")

    def on_mount(self) -> None:
        """Read the first pair."""
        self.query_one("#text").can_focus = False
        self._read()

    def _read_afresh(self) -> None:
        self._ahead.clear()
        self._read()

    def _read(self) -> None:
        pair_id, store = self._ids[self._index], self.session.store
        if (ready := self._ahead.get(pair_id)) is not None:
            self._arrived(ready)
        else:
            self.load("pair", lambda: self._look(store, pair_id), self._arrived)

    def _look(self, store: Store, pair_id: str) -> _Shown:
        from engine.results.failures import pair_view

        view = pair_view(store, self._board, pair_id)
        chosen, rejected = plain(view.pair.chosen), plain(view.pair.rejected)
        return _Shown(view, plain(view.pair.prompt_text), chosen, rejected, differing(chosen, rejected))

    def _arrived(self, shown: _Shown) -> None:
        self._shown = shown
        self.query_one("#text").scroll_home(animate=False)
        self.repaint()
        near = [self._ids[i] for i in (self._index + 1, self._index - 1, self._index + 2) if 0 <= i < len(self._ids)]
        missing = [pair_id for pair_id in near if pair_id not in self._ahead]
        kept = {pair_id: found for pair_id, found in self._ahead.items() if pair_id in near}
        self._ahead = {**kept, shown.view.pair.id: shown}

        store = self.session.store

        def read() -> dict[str, _Shown]:
            return {pair_id: self._look(store, pair_id) for pair_id in missing}

        if missing:
            self.load("ahead", read, self._ahead.update, lambda error: None)

    def repaint(self) -> None:
        """Draw the pair."""
        shown = self._shown
        if shown is None:
            return
        pair, verdicts = shown.view.pair, shown.view.verdicts
        head = Text()
        head.append(f"{self._index + 1} of {len(self._ids):,}  ", "bold")
        for name in pair.subcategories:
            mark, tone = glyph(str(name))
            head.append(f"{mark} {name} ", self.colour(tone))
        head.append(f" {one_line(pair.id, 50)} · {one_line(pair.domain, 30)}")
        head.append(f" · {round(shown.difference.shared * 100)} % of words shared", self.colour("chance"))
        self._put("question", head)
        width = max(30, min(self.size.width - 5, 110))
        self._put("scales", scales(verdicts, self._subject, self._board.metric, self.colour, width))
        self.set_class(bool(shown.view.annotations), "-noted")
        self._put("notes", mark_text(shown.view.annotations, self.colour))
        self._put("prompt", Text.assemble(("Prompt\n", "bold"), shown.prompt, overflow="fold"))
        criteria = Text.assemble(("Criteria\n", "bold"), overflow="fold")
        self._put("criteria", criteria.append_text(criteria_text(pair, self.colour)))
        mine = next((verdict for verdict in verdicts if verdict.candidate == self._subject), None)
        self._put("chosen", self._response("✓ Chosen", shown.chosen, shown.difference.left, mine, chosen=True))
        self._put("rejected", self._response("✗ Rejected", shown.rejected, shown.difference.right, mine, chosen=False))

    def _put(self, name: str, text: Text) -> None:
        self.query_one(f"#{name}", Static).update(text)

    def _response(
        self, title: str, body: str, spans: Iterable[tuple[int, int]], mine: PairVerdict | None, *, chosen: bool
    ) -> Text:
        tone = self.colour("good" if chosen else "bad")
        text = Text.assemble((title, f"bold {tone}"), overflow="fold")
        if mine is not None:
            text.append(_likelihood(mine, chosen=chosen), self.colour("chance"))
        text.append("\n")
        return text.append_text(marked(body, spans if self._marking else (), tone, chosen=chosen))

    def action_step(self, step: int) -> None:
        """The next or previous pair of the list."""
        if 0 <= self._index + step < len(self._ids):
            self._index += step
            self._read()
        else:
            self.notify("That was the last pair" if step > 0 else "This is the first pair", timeout=2, markup=False)

    def action_back(self) -> None:
        """Back to the list, at this pair."""
        self.dismiss(self._index)  # type: ignore[arg-type]

    def action_differences(self) -> None:
        """Mark differing words, or stop."""
        self._marking = not self._marking
        self.repaint()

    def action_tokens(self) -> None:
        """Open the pair token by token; the screen walks the same list with n and p."""
        from screens.failures.token_screen import TokenScreen

        def back(index: int | None) -> None:
            if index is not None and index != self._index:
                self._index = index
                self._read()

        self.app.push_screen(TokenScreen(self._board, self._subject, self._ids, self._index), back)

    def action_note(self, kind: Kind) -> None:
        """Flag or exclude the pair, or take that back."""
        if self._shown is not None:
            view = self._shown.view
            note_dialog(self, self._board.suite_hash, view.pair.id, kind, view.annotations, self._read_afresh)

    def action_copy(self) -> None:
        """Copy what was selected with the mouse, else a part of the pair, or all of it."""
        if selected := self.get_selected_text():
            self._copy(selected)
        elif self._shown is not None:
            shown, pair = self._shown, self._shown.view.pair
            rules = "\n".join(
                f"{'[violated]' if c.id in pair.violated else '[kept]'} {c.subcategory}: {plain(c.text)}"
                for c in pair.criteria
            )
            parts = {
                "all": f"{pair.id}\n\nPROMPT\n{shown.prompt}\n\nCRITERIA\n{rules}\n\n"
                f"CHOSEN\n{shown.chosen}\n\nREJECTED\n{shown.rejected}\n",
                "prompt": shown.prompt,
                "chosen": shown.chosen,
                "rejected": shown.rejected,
                "criteria": rules,
            }
            self.app.push_screen(
                Choose("Copy", [(name, name) for name in parts]), lambda name: self._copy(parts[name]) if name else None
            )

    def _copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.notify("Copied", timeout=2)

    def action_scroll(self, step: int) -> None:
        """Scroll by lines."""
        self.query_one("#text").scroll_relative(y=step, animate=False)

    def action_page(self, step: int) -> None:
        """Scroll by pages."""
        area = self.query_one("#text")
        area.scroll_relative(y=step * max(1, area.size.height - 2), animate=False)

    def action_edge(self, step: int) -> None:
        """Scroll to an end."""
        area = self.query_one("#text")
        (area.scroll_home if step < 0 else area.scroll_end)(animate=False)


def _likelihood(verdict: PairVerdict, *, chosen: bool) -> str:
    total = verdict.ll_chosen if chosen else verdict.ll_rejected
    tokens = verdict.tokens_chosen if chosen else verdict.tokens_rejected
    length = verdict.bytes_chosen if chosen else verdict.bytes_rejected
    parts = []
    if not math.isnan(total):
        parts.append(f"{total:.1f} nats".replace("-", "−"))
        if length and not math.isnan(length):
            parts.append(f"{total / length:.3f} a byte".replace("-", "−"))
    if tokens and not math.isnan(tokens):
        parts.append(count(int(tokens), "token"))
    return "  " + " · ".join(parts) if parts else ""
