"""A list to tick, in which a tick is a glyph and not only a colour."""

from __future__ import annotations

from typing import TypeVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import SelectionList
from textual.widgets.option_list import OptionDoesNotExist

__all__ = ["Ticks"]

T = TypeVar("T")


class Ticks(SelectionList[T]):
    """Textual's list draws the same X for both states."""

    def render_line(self, y: int) -> Strip:
        line = super().render_line(y)
        try:
            option = self.get_option_at_index(self.scroll_offset.y + y)
        except OptionDoesNotExist:
            return line
        segments = list(line)
        # Three segments of button, a blank, then the label: see `SelectionList.render_line`.
        ticked = option.value in self.selected
        style = segments[3].style
        return Strip([Segment("[", style), Segment("✓" if ticked else " ", style), Segment("]", style), *segments[3:]])
