"""One pair in full: prompt, both responses with differing words marked, criteria, and every candidate's verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from engine.export.palette import glyph
from screens.pair.scales import scales
from screens.pair.state import PairState, ShownPair, likelihood, read_pair
from screens.pair.text import criteria_text, marked_response
from screens.shell.annotation_text import annotation_lines
from screens.shell.dialogs import Choose
from screens.shell.marking import AtHand, MarksPairs
from screens.shell.pair_walk import PairWalk
from screens.shell.plain import one_line
from screens.widgets.brief import Brief
from screens.widgets.cells import shared_out

if TYPE_CHECKING:
    from engine.results.board import Board

__all__ = ["PairScreen"]


class PairScreen(MarksPairs):
    """The pair behind a number."""

    MODE = "failures"
    TITLE = "Pair"
    GUIDE = """
The response on the left, or above, meets every criterion; the other violates exactly those marked ✗. Words that the two
do not share are underlined in one and struck out in the other.

t opens the pair token by token. ⚑ is a flag; ⊘ says that the pair is excluded.

The scale shows how far each candidate leans to either response; ▸ is the candidate whose failures are read.
"""
    TERMS = ("pair", "criterion", "margin", "flag", "excluded pair")
    FIRST_KEYS = ("back", "step(1)", "tokens", "copy", "mark_pair('flag')", "mark_pair('exclude')")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("n,right", "step(1)", "next", key_display="n", id="next"),
        Binding("p,left", "step(-1)", "previous", key_display="p", id="previous"),
        Binding("h", "differences", "differences", tooltip="mark differing words, or not", id="differences"),
        Binding("t", "tokens", "tokens", tooltip="token by token, and where the preference turns", id="tokens"),
        Binding("y", "copy", "copy", tooltip="copy the prompt, a response, the criteria or all", id="copy"),
        Binding("up,k", "scroll(-1)", "up", show=False, id="scroll-up"),
        Binding("down,j", "scroll(1)", "down", show=False, id="scroll-down"),
        Binding("pagedown", "page(1)", "page down", show=False, id="scroll-page-down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="scroll-page-up"),
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
        """Args:
        subject: label of the candidate whose failures are read.
        ids: the pairs to walk through.
        index: the one to begin with.
        """
        super().__init__()
        self.state = PairState(board, subject, PairWalk(ids, index))

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

    def _read(self) -> None:
        pair_id, store, board = self.state.walk.pair_id, self.session.store, self.state.board
        if (ready := self.state.ahead.get(pair_id)) is not None:
            self._arrived(ready)
        else:
            self.load("pair", lambda: read_pair(store, board, pair_id), self._arrived)

    def _arrived(self, shown: ShownPair) -> None:
        missing, store, board = self.state.take(shown), self.session.store, self.state.board
        self.query_one("#text").scroll_home(animate=False)
        self.repaint()

        def read() -> dict[str, ShownPair]:
            return {pair_id: read_pair(store, board, pair_id) for pair_id in missing}

        if missing:
            self.load("ahead", read, self.state.ahead.update, lambda error: None)

    def repaint(self) -> None:
        """Draw the pair."""
        state, shown = self.state, self.state.shown
        if shown is None:
            return
        view = shown.view
        self._put("question", self._heading(shown))
        width = max(30, min(self.size.width - 5, 150))
        self._put("scales", scales(view.verdicts, state.subject, state.board.metric, self.colour, width))
        self.set_class(bool(view.annotations), "-noted")
        self._put("notes", annotation_lines(view.annotations, self.colour))
        self._put("prompt", Text.assemble(("Prompt\n", "bold"), shown.prompt, overflow="fold"))
        criteria = Text.assemble(("Criteria\n", "bold"), overflow="fold")
        self._put("criteria", criteria.append_text(criteria_text(view.pair, self.colour)))
        self._put("chosen", self._response("✓ Chosen", shown.chosen, shown.difference.left, chosen=True))
        self._put("rejected", self._response("✗ Rejected", shown.rejected, shown.difference.right, chosen=False))

    def _heading(self, shown: ShownPair) -> Text:
        pair, head = shown.view.pair, Text()
        head.append(f"{self.state.walk.place}  ", "bold")
        for name in pair.subcategories:
            mark, tone = glyph(str(name))
            head.append(f"{mark} {name} ", self.colour(tone))
        end = f" · {round(shown.difference.shared * 100)} % of words shared"
        room = self.query_one("#question").content_size.width - head.cell_len - len(end) - 4
        domain, pair_id = shared_out((one_line(pair.domain), one_line(pair.id)), max(room, 30))
        head.append(f" {pair_id} · {domain}")
        head.append(end, self.colour("chance"))
        return head

    def _put(self, name: str, text: Text) -> None:
        self.query_one(f"#{name}", Static).update(text)

    def _response(self, title: str, body: str, spans: Iterable[tuple[int, int]], *, chosen: bool) -> Text:
        tone = self.colour("good" if chosen else "bad")
        text = Text.assemble((title, f"bold {tone}"), overflow="fold")
        if (verdict := self.state.verdict) is not None:
            text.append(likelihood(verdict, chosen=chosen), self.colour("chance"))
        text.append("\n")
        return text.append_text(marked_response(body, spans if self.state.marking else (), tone, chosen=chosen))

    def action_step(self, step: int) -> None:
        """The next or previous pair of the list."""
        if end := self.state.walk.step(step):
            self.notify(end, timeout=2, markup=False)
        else:
            self._read()

    def action_back(self) -> None:
        """Back to the list, at this pair."""
        self.dismiss(self.state.walk.index)  # type: ignore[arg-type]

    def action_differences(self) -> None:
        """Mark differing words, or stop."""
        self.state.marking = not self.state.marking
        self.repaint()

    def action_tokens(self) -> None:
        """Open the pair token by token; the screen walks the same list with n and p."""
        from screens.tokens.screen import TokenScreen

        state, walk = self.state, self.state.walk

        def back(index: int | None) -> None:
            if index is not None and index != walk.index:
                walk.index = index
                self._read()

        self.app.push_screen(TokenScreen(state.board, state.subject, walk.ids, walk.index), back)

    def at_hand(self) -> AtHand | None:
        """The pair that is read."""
        if self.state.shown is None:
            return None
        view = self.state.shown.view
        return AtHand(self.state.board.suite_hash, view.pair.id, view.annotations)

    def marked(self) -> None:
        """Read it again, with its marks."""
        self.state.ahead.clear()
        self._read()

    def action_copy(self) -> None:
        """Copy what was selected with the mouse, else a part of the pair, or all of it."""
        if self.get_selected_text():
            self.copy("")
        elif self.state.shown is not None:
            parts = self.state.shown.parts()
            self.app.push_screen(
                Choose("Copy", [(name, name) for name in parts]), lambda name: self.copy(parts[name]) if name else None
            )

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
