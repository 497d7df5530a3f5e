"""The bottom line: the keys that do something here. What does not fit is left to F1, and nothing is cut in half."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widget import Widget

__all__ = ["KeyHint", "Keys", "fitting"]

_KEPT: Final = ("help", "leave", "back")
"""Actions whose keys stay when room runs out."""


@dataclass(frozen=True)
class KeyHint:
    """One key and what it does."""

    key: str
    shown: str
    label: str
    action: str

    @property
    def width(self) -> int:
        """Cells it takes, with the gap behind it."""
        return len(self.shown) + len(self.label) + 3


def fitting(hints: list[KeyHint], width: int) -> list[KeyHint]:
    """The hints that fit, in their order; the last ones go first, except those that always stay."""
    kept = list(hints)
    for hint in reversed(hints):
        if sum(other.width for other in kept) - 1 <= width:
            break
        if hint.action not in _KEPT:
            kept.remove(hint)
    return kept


class Keys(Widget, can_focus=False):
    """One row; a click on a key does what the key does."""

    DEFAULT_CSS = """
    Keys { dock: bottom; height: 1; background: $footer-background; color: $footer-description-foreground; }
    """
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._spans: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh()

    def _hints(self) -> list[KeyHint]:
        found: dict[str, KeyHint] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled and binding.action not in found:
                found[binding.action] = KeyHint(
                    binding.key, self.app.get_key_display(binding), binding.description, binding.action
                )
        first = getattr(self.screen, "FIRST_KEYS", ())
        return sorted(found.values(), key=lambda hint: hint.action not in first)

    def render(self) -> Text:
        variables = self.app.theme_variables
        line = Text(" ", no_wrap=True, overflow="crop")
        self._spans = []
        for hint in fitting(self._hints(), self.size.width - 2):
            start = line.cell_len
            line.append(hint.shown, f"bold {variables['footer-key-foreground']}")
            line.append(f" {hint.label}")
            self._spans.append((start, line.cell_len, hint.key))
            line.append("  ")
        return line

    def on_click(self, event: events.Click) -> None:
        """Do what the key does."""
        for start, end, key in self._spans:
            if start <= event.x < end:
                self.app.simulate_key(key)
