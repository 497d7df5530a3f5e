"""Lines of text of any number: only those in view are ever made, and each is made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

__all__ = ["LineList"]


class LineList(ScrollView, can_focus=True):
    """One line per item. Thirty thousand items cost what thirty do."""

    DEFAULT_CSS = """
    LineList { height: 1fr; background: $background; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._count = 0
        self._line: Callable[[int, int], Text] = lambda index, width: Text()
        self._rendered: dict[tuple[int, int], list[Segment]] = {}

    @property
    def count(self) -> int:
        """Number of lines."""
        return self._count

    def show(self, count: int, line: Callable[[int, int], Text]) -> None:
        """Show `count` lines; `line(index, width)` makes one of them."""
        self._count = count
        self._line = line
        self.virtual_size = Size(self.size.width, count)
        self.refresh()

    def line(self, index: int, width: int) -> Text:
        """One line, as wide as asked for."""
        return self._line(index, width)

    def clear(self) -> None:
        """Show nothing: what the lines were made of is gone."""
        self._count = 0
        self.refresh()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Draw again; what is drawn as a whole is made anew."""
        if not regions:
            self._rendered.clear()
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self

    def on_resize(self) -> None:
        """LineList are as wide as the widget."""
        self.virtual_size = Size(self.size.width, self._count)

    def dressed(self, index: int, segments: list[Segment], base: Style) -> tuple[list[Segment], Style]:
        """The look of one line: its segments, and the style under them."""
        return segments, base

    def render_line(self, y: int) -> Strip:
        """One line of what is in view."""
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if index >= self._count:
            return Strip.blank(width, self.rich_style)
        if (rendered := self._rendered.get((index, width))) is None:
            line = self._line(index, width)
            # Blanks beyond the edge are nothing that is cut.
            while line.cell_len > width and line.plain.endswith(" "):
                line.right_crop(1)
            line.truncate(width, overflow="ellipsis")
            rendered = self._rendered[index, width] = list(line.render(self.app.console))
        segments, base = self.dressed(index, rendered, self.rich_style)
        return Strip(segments).adjust_cell_length(width).apply_style(base)
