"""A list of any length with a cursor."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive

from screens.widgets.line_list import LineList

__all__ = ["Rows"]


class Rows(LineList, can_focus=True, inherit_bindings=False):
    """One line per item, with a cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor", "rows--blurred"}
    DEFAULT_CSS = """
    Rows .rows--cursor { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
    Rows .rows--blurred { background: $block-cursor-blurred-background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False, id="up"),
        Binding("down,j", "move(1)", "down", show=False, id="down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="page-up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="page-down"),
        Binding("home,g", "jump(0)", "first", show=False, id="first"),
        Binding("end,G", "jump(-1)", "last", show=False, id="last"),
        Binding("enter", "select", "open", id="open"),
    ]
    cursor: reactive[int] = reactive(0, repaint=False)

    def __init__(self, *, id: str | None = None, opens: bool = True) -> None:
        """Args:
        opens: whether choosing a line leads anywhere; no key is offered for it otherwise.
        """
        super().__init__(id=id)
        self._opens = opens

    class Selected(Message):
        """A line was chosen with enter or the mouse."""

        def __init__(self, rows: Rows, index: int) -> None:
            super().__init__()
            self.rows = rows
            self.index = index

        @property
        def control(self) -> Rows:
            """The list."""
            return self.rows

    class Highlighted(Message):
        """Another line is under the cursor."""

        def __init__(self, rows: Rows, index: int) -> None:
            super().__init__()
            self.rows = rows
            self.index = index

        @property
        def control(self) -> Rows:
            """The list."""
            return self.rows

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter is offered where it leads somewhere."""
        return action != "select" or (self._opens and self._count > 0)

    def show(self, count: int, line: Callable[[int, int], Text], cursor: int = 0) -> None:
        """Show `count` lines; `line(index, width)` makes one of them."""
        offered = self._count > 0
        super().show(count, line)
        if offered != (count > 0):
            self.refresh_bindings()
        self.cursor = min(max(0, cursor), max(0, count - 1))
        self._reveal()

    def on_resize(self) -> None:
        """The cursor stays in view."""
        super().on_resize()
        self._reveal()

    def dressed(self, index: int, segments: list[Segment], base: Style) -> tuple[list[Segment], Style]:
        """The line under the cursor stands out."""
        if index != self.cursor:
            return segments, base
        base += self.get_component_rich_style("rows--cursor" if self.has_focus else "rows--blurred")
        if self.has_focus:
            # The cursor's own colours win, or a mark may vanish in it.
            segments = [Segment(segment.text, _without_colour(segment.style)) for segment in segments]
        return segments, base

    def watch_cursor(self, before: int, after: int) -> None:
        """Keep the cursor in view."""
        self.refresh_line(before)
        self.refresh_line(after)
        self._reveal()
        self.post_message(self.Highlighted(self, self.cursor))

    def _reveal(self) -> None:
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)

    def action_move(self, step: int) -> None:
        """Move by lines."""
        self.cursor = min(max(0, self.cursor + step), max(0, self._count - 1))

    def action_page(self, step: int) -> None:
        """Move by pages."""
        self.action_move(step * max(1, self.size.height - 1))

    def action_jump(self, index: int) -> None:
        """Go to the first or the last line."""
        self.cursor = index % self._count if self._count else 0

    def action_select(self) -> None:
        """Choose the line under the cursor."""
        if self._count:
            self.post_message(self.Selected(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a click on it chooses."""
        index = event.y + self.scroll_offset.y
        if 0 <= index < self._count:
            if index == self.cursor:
                self.action_select()
            self.cursor = index


def _without_colour(style: Style | str | None) -> Style | None:
    return style.without_color if isinstance(style, Style) else None
