"""The bottom line: the keys that do something here. What does not fit is left to F1, and nothing is cut in half."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from textual.screen import Screen

from screens.widgets.spans import Part, Spans

__all__ = ["KeyHint", "Keys", "fitting"]

_KEPT: Final = ("help", "leave", "back", "command_palette")
"""Actions whose keys stay when room runs out."""
_GAP: Final = 2


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
        return len(self.shown) + 1 + len(self.label) + _GAP


def fitting(hints: list[KeyHint], width: int) -> list[KeyHint]:
    """The hints that fit, in their order; the last ones go first, except those that always stay."""
    shown = list(hints)
    for hint in reversed(hints):
        if sum(hint.width for hint in shown) - _GAP <= width:
            break
        if hint.action not in _KEPT:
            shown.remove(hint)
    return shown


class Keys(Spans):
    """One row; a click on a key does what the key does."""

    DEFAULT_CSS = """
    Keys { dock: bottom; background: $footer-background; color: $footer-description-foreground; }
    """

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh()

    def _hints(self) -> list[KeyHint]:
        hints: dict[str, KeyHint] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if binding.show and active.enabled and binding.action not in hints:
                hints[binding.action] = KeyHint(
                    binding.key, self.app.get_key_display(binding), binding.description, binding.action
                )
        # Whatever finds no room here is there, for the mouse too.
        hints["command_palette"] = KeyHint("ctrl+p", "^p", "more", "command_palette")
        first = getattr(self.screen, "FIRST_KEYS", ())
        return sorted(hints.values(), key=lambda hint: hint.action not in first)

    def parts(self) -> Iterable[Part]:
        """Keys and what they do, as many as fit."""
        key_style = f"bold {self.app.theme_variables['footer-key-foreground']}"
        yield " ", "", ""
        for hint in fitting(self._hints(), self.size.width - 1):
            yield hint.shown, key_style, hint.key
            yield f" {hint.label}", "", hint.key
            yield " " * _GAP, "", ""

    async def clicked(self, key: str) -> None:
        """Do what the key does."""
        self.app.simulate_key(key)
