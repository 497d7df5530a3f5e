"""The form for a model that a server holds."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from screens.shell.dialogs import Hints

__all__ = ["ServedForm"]

_FIELDS: Final = (
    ("address", "address", "http://HOST:PORT/v1#NAME"),
    ("tokenizer", "tokenizer", "folder or hub id; empty: the model the server names"),
    ("key", "key variable", "environment variable with the server's key, if it asks for one"),
)


class ServedForm(ModalScreen[dict[str, str] | None]):
    """One line for each thing to say; None where the person gave up."""

    DEFAULT_CSS = """
    ServedForm { align: center middle; background: $background 60%; }
    ServedForm > .dialog { width: 76; max-width: 100%; height: auto; max-height: 100%; background: $surface;
                           border: round $primary; padding: 0 1; }
    ServedForm .title { text-style: bold; }
    ServedForm Horizontal { height: 1; }
    ServedForm Horizontal Static { width: 14; }
    ServedForm Input { width: 1fr; }
    ServedForm Hints { color: $text-muted; margin-top: 1; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "cancel"),
        Binding("down", "app.focus_next", "next", show=False),
        Binding("up", "app.focus_previous", "before", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Title, a line each, keys."""
        with Vertical(classes="dialog"):
            yield Static(Text("A model that a server holds"), classes="title")
            for name, label, hint in _FIELDS:
                with Horizontal():
                    yield Static(Text(label))
                    yield Input(placeholder=hint, id=f"field-{name}", compact=True, select_on_focus=False)
            yield Hints(("tab or ↑↓ next", "tab"), ("enter ask the server", "enter"), ("esc cancel", "escape"))

    def on_input_submitted(self) -> None:
        """Done."""
        self.dismiss({name: self.query_one(f"#field-{name}", Input).value for name, _, _ in _FIELDS})

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
