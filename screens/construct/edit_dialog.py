"""A dialog to write another text for a response."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from screens.shell.dialogs import Hints
from screens.shell.plain import plain

__all__ = ["Edit"]


class Edit(ModalScreen[str | None]):
    """A text of many lines; None where the person gave up or changed nothing."""

    DEFAULT_CSS = """
    Edit { align: center middle; background: $background 60%; }
    Edit > .dialog { width: 100; max-width: 100%; height: 90%; background: $surface; border: round $primary;
                     padding: 0 1; }
    Edit .title { text-style: bold; }
    Edit TextArea, Edit TextArea:focus { height: 1fr; border: none; background: $background; }
    Edit Hints { color: $text-muted; height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "cancel", priority=True),
        Binding("ctrl+s,f2", "keep", "keep", priority=True),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = plain(text)

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical(classes="dialog"):
            yield Static(Text(f"Edit {self._title}"), classes="title")
            yield TextArea(self._text, soft_wrap=True, tab_behavior="indent")
            yield Hints(("^s or F2 keep", "f2"), ("esc cancel", "escape"))

    def action_keep(self) -> None:
        """Done."""
        text = self.query_one(TextArea).text
        self.dismiss(text if text != self._text else None)

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
