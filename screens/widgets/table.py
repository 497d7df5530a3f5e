"""A table whose cursor moves as that of every other list."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

__all__ = ["Table"]


class Table(DataTable[Text]):
    """Rows of text; Home and End go to the first and the last of them, not to the sides."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "cursor_up", "up", show=False, id="up"),
        Binding("j", "cursor_down", "down", show=False, id="down"),
        Binding("home,g", "scroll_top", "first", show=False, id="first"),
        Binding("end,G", "scroll_bottom", "last", show=False, id="last"),
    ]
