"""The form for a new construction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from screens.construct.command import FIELDS
from screens.shell.dialogs import Hints

__all__ = ["Form"]


class Form(ModalScreen[dict[str, str] | None]):
    """One line for each thing to say; None where the person gave up."""

    DEFAULT_CSS = """
    Form { align: center middle; background: $background 60%; }
    Form > .dialog { width: 90; max-width: 100%; height: auto; max-height: 100%; background: $surface;
                     border: round $primary; padding: 0 1; }
    Form .title { text-style: bold; }
    Form Horizontal { height: 1; }
    Form Horizontal Static { width: 16; }
    Form Input { width: 1fr; }
    Form VerticalScroll { height: auto; }
    Form Hints { color: $text-muted; margin-top: 1; height: auto; }
    Form.-low VerticalScroll { max-height: 50vh; }
    Form.-low Hints { margin-top: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "cancel"),
        Binding("down", "app.focus_next", "next", show=False),
        Binding("up", "app.focus_previous", "before", show=False),
    ]

    def __init__(self, typed: Mapping[str, str]) -> None:
        super().__init__()
        self._typed = typed

    def compose(self) -> ComposeResult:
        """Title, a line each, keys."""
        with Vertical(classes="dialog"):
            yield Static(Text("Build pairs: who writes, who judges, from what"), classes="title")
            with VerticalScroll(can_focus=False):
                for name, label, hint in FIELDS:
                    with Horizontal():
                        yield Static(Text(label))
                        value = self._typed.get(name, "")
                        yield Input(value, placeholder=hint, id=f"field-{name}", compact=True, select_on_focus=False)
            yield Hints(
                ("tab or ↑↓ next", "tab"), ("enter plan, nothing starts yet", "enter"), ("esc cancel", "escape")
            )

    def on_input_submitted(self) -> None:
        """Done."""
        self.dismiss({name: self.query_one(f"#field-{name}", Input).value for name, _, _ in FIELDS})

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
