"""A response in which every token is tinted by how likely it was, with a cursor that walks from token to token."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.export.palette import LEVELS, level_of
from screens.shell.plain import plain

if TYPE_CHECKING:
    from engine.results.tokens import ResponseTokens
    from screens.tokens.state import Side

__all__ = ["Span", "TokenText", "level_style", "shown", "wrapped"]

_BLENDS: Final = (0.0, 0.22, 0.45)


def level_style(step: int, ground: str, tone: str, ink: str) -> Style:
    """Its look; without colour: plain, underlined, underlined and bold, reversed."""
    if step == len(LEVELS) - 1:
        return Style(color=tone, bgcolor=ground, reverse=True)
    tint = Color.parse(ground).blend(Color.parse(tone), _BLENDS[step])
    return Style(color=ink, bgcolor=tint.hex if step else None, underline=step > 0, bold=step > 1)


@dataclass(frozen=True)
class Span:
    """A stretch of one line that belongs to one token."""

    token: int
    text: str
    x: int

    @property
    def width(self) -> int:
        """Cells it takes."""
        return cell_len(self.text)


def shown(pieces: Sequence[str]) -> list[str]:
    """Token texts fit for the screen: a line end is marked, `·` stands for a token with part of a character."""
    texts = []
    for piece in pieces:
        text = plain(piece).strip("\u200d").replace("\n", "⏎\n")
        texts.append(text if text else "·")
    return texts


def wrapped(pieces: Sequence[str], width: int) -> list[list[Span]]:
    """Lines of at most `width` cells, broken between words where that can be."""
    lines: list[list[Span]] = [[]]
    at = 0
    for word in _words(pieces):
        size = sum(cell_len(text.rstrip("\n")) for _, text in word)
        if at and at + size > width:
            lines.append([])
            at = 0
        for token, text in word:
            for number, part in enumerate(text.split("\n")):
                if number:
                    lines.append([])
                    at = 0
                while part:
                    length = _fitting(part, width - at, force=at == 0)
                    if length:
                        lines[-1].append(Span(token, part[:length], at))
                        at += cell_len(part[:length])
                        part = part[length:]
                    if part:
                        lines.append([])
                        at = 0
    return lines


def _words(pieces: Sequence[str]) -> list[list[tuple[int, str]]]:
    words: list[list[tuple[int, str]]] = []
    for token, text in enumerate(pieces):
        if not words or text[:1] in " ⏎" or words[-1][-1][1].endswith("\n"):
            words.append([])
        words[-1].append((token, text))
    return words


def _fitting(text: str, room: int, *, force: bool) -> int:
    length = cells = 0
    for character in text:
        cells += get_character_cell_size(character)
        if cells > room and not (force and not length):
            break
        length += 1
    return length


class TokenText(ScrollView, can_focus=True):
    """One response; only the lines in view are made."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tokens--cursor", "tokens--partner"}
    DEFAULT_CSS = """
    TokenText { border: round $foreground 40%; border-title-color: $foreground; overflow-x: hidden;
                scrollbar-size-vertical: 1; }
    TokenText:focus { border: heavy $primary; }
    TokenText .tokens--cursor { background: $block-cursor-background; color: $block-cursor-foreground;
                                text-style: bold; }
    TokenText .tokens--partner { background: $block-cursor-blurred-background; text-style: italic; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "token before", show=False, id="token-before"),
        Binding("right", "move(1)", "next token", show=False, id="token-next"),
        Binding("up,k", "line(-1)", "line up", show=False, id="up"),
        Binding("down,j", "line(1)", "line down", show=False, id="down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="page-up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="page-down"),
        Binding("home", "jump(0)", "first token", show=False, id="first"),
        Binding("end", "jump(-1)", "last token", show=False, id="last"),
    ]
    cursor: reactive[int] = reactive(0)

    class Pointed(Message):
        """Another token is under the cursor, or under the mouse."""

        def __init__(self, widget: TokenText, token: int) -> None:
            super().__init__()
            self.widget = widget
            self.token = token

    def __init__(self, side: Side) -> None:
        super().__init__(id=side)
        self.side: Side = side
        self._pieces: list[str] = []
        self._steps: list[int] = []
        self._lines: list[list[Span]] = []
        self._first: list[int] = []
        self._styles: list[Style] = []
        self._width = 0

    def show(self, tokens: ResponseTokens) -> None:
        """Show another response, from its start."""
        self._pieces = shown(tokens.pieces())
        self._steps = [level_of(float(value)) for value in tokens.scores.logprob]
        self._width = 0
        self.set_reactive(TokenText.cursor, 0)
        self._wrap()
        self.scroll_home(animate=False)

    @property
    def full_height(self) -> int:
        """Lines that it takes to show all of it, its frame included."""
        return len(self._lines) + 2

    def paint(self) -> None:
        """Take the theme's colours."""
        names = self.app.theme_variables
        self._styles = [
            level_style(step, names["background"], names["bad"], names["foreground"]) for step in range(len(LEVELS))
        ]
        self.refresh()

    def on_resize(self) -> None:
        """Lines are as wide as the widget."""
        self._wrap()

    def _wrap(self) -> None:
        width = max(4, self.size.width)
        if width != self._width:
            self._width = width
            self._lines = wrapped(self._pieces, width)
            self._first = []
            for line in self._lines:
                self._first.append(line[0].token if line else (self._first[-1] if self._first else 0))
            self.virtual_size = Size(width, len(self._lines))
            self._reveal()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of what is in view."""
        row = y + self.scroll_offset.y
        base = self.rich_style
        if row >= len(self._lines) or not self._styles:
            return Strip.blank(self.size.width, base)
        name = "tokens--cursor" if self.has_focus else "tokens--partner"
        cursor = self.get_component_rich_style(name, partial=True) + Style(reverse=False)
        segments = []
        for span in self._lines[row]:
            style = self._styles[self._steps[span.token]]
            segments.append(Segment(span.text, style + cursor if span.token == self.cursor else style))
        return Strip(segments).adjust_cell_length(self.size.width).apply_style(base)

    def _row_of(self, token: int) -> int:
        # The first row that the token stands on: rows begin with tokens in order.
        row = bisect_right(self._first, token) - 1
        while row > 0 and self._first[row] == token and any(s.token == token for s in self._lines[row - 1]):
            row -= 1
        return max(0, row)

    def _reveal(self) -> None:
        if self._lines:
            self.scroll_to_region(Region(0, self._row_of(self.cursor), 1, 1), animate=False, force=True)

    def watch_cursor(self) -> None:
        """Keep the cursor in view."""
        self.refresh()
        self._reveal()

    def _go(self, token: int) -> None:
        if self._pieces:
            self.cursor = min(max(0, token), len(self._pieces) - 1)
            self.post_message(self.Pointed(self, self.cursor))

    def on_focus(self) -> None:
        """The cursor here is the one that counts."""
        self._go(self.cursor)

    def action_move(self, step: int) -> None:
        """Move by tokens."""
        self._go(self.cursor + step)

    def action_jump(self, token: int) -> None:
        """Go to the first or the last token."""
        self._go(token % len(self._pieces) if self._pieces else 0)

    def action_line(self, step: int) -> None:
        """Move by lines, staying in the column."""
        row = self._row_of(self.cursor)
        x = next((span.x for span in self._lines[row] if span.token == self.cursor), 0) if self._lines else 0
        row += step
        while 0 <= row < len(self._lines):
            if self._lines[row]:
                self._go(_token_at(self._lines[row], x))
                return
            row += 1 if step > 0 else -1

    def action_page(self, step: int) -> None:
        """Move by pages."""
        for _ in range(max(1, self.size.height - 1)):
            self.action_line(step)

    def _under(self, event: events.MouseEvent) -> int | None:
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        row = offset.y + self.scroll_offset.y
        if not 0 <= row < len(self._lines):
            return None
        return next((s.token for s in self._lines[row] if s.x <= offset.x < s.x + s.width), None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The token under the mouse is told of."""
        token = self._under(event)
        if token is not None:
            self.post_message(self.Pointed(self, token))

    def on_leave(self) -> None:
        """Back to the cursor."""
        if self.has_focus:
            self._go(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """The cursor goes there."""
        token = self._under(event)
        if token is not None:
            self._go(token)


def _token_at(line: Sequence[Span], x: int) -> int:
    return next((span.token for span in line if x < span.x + span.width), line[-1].token)
