"""Leaving while work goes on: stop it, stay, or have it go on in a process of its own."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.shell.dialogs import Hints

__all__ = ["Leave", "Leaving"]

Leaving = Literal["stop", "go on", "stay"]


class Leave(ModalScreen[Leaving]):
    """What is to become of the work."""

    DEFAULT_CSS = """
    Leave { align: center middle; background: $background 60%; }
    Leave .dialog { width: 76; max-width: 100%; height: auto; max-height: 100%; background: $surface;
                    border: round $primary; padding: 0 1; }
    Leave .title { text-style: bold; }
    Leave Hints { color: $text-muted; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "answer('go on')", "go on in the background"),
        Binding("y,enter", "answer('stop')", "stop"),
        Binding("n,escape,q", "answer('stay')", "stay"),
    ]

    def __init__(self, *, may_go_on: bool) -> None:
        """Args:
        may_go_on: whether a process of its own can take the work up.
        """
        super().__init__()
        self._may_go_on = may_go_on

    def compose(self) -> ComposeResult:
        """Question, what each answer means, keys."""
        words = "What is done is kept, and starting the same again resumes."
        if self._may_go_on:
            words += " In the background it goes on without the app; the next start shows it, and can stop it."
        with Vertical(classes="dialog"):
            yield Static(Text("Work goes on. Stop it and quit?"), classes="title")
            yield Static(Text(words))
            yield Hints(
                ("b go on in the background" if self._may_go_on else "", "b"),
                ("y or enter stop", "y"),
                ("n or esc stay", "n"),
            )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing that cannot be is offered."""
        return parameters != ("go on",) or self._may_go_on

    def action_answer(self, answer: Leaving) -> None:
        """Done."""
        self.dismiss(answer)
