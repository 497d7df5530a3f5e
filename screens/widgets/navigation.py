"""The line at the top: where one can go, where one is, and whether scoring goes on."""

from __future__ import annotations

from typing import Final

from rich.text import Text
from textual import events
from textual.widget import Widget

from screens.session import Live

__all__ = ["PLACES", "Navigation"]

PLACES: Final = {
    "candidates": "Candidates",
    "run": "Run",
    "rankings": "Rankings",
    "correlation": "Correlation",
    "failures": "Failures",
}
"""Mode → title, in the order of the number keys."""


class Navigation(Widget, can_focus=False):
    """One row; a click on a title goes there."""

    DEFAULT_CSS = """
    Navigation { height: 1; background: $panel; color: $foreground; }
    """
    ALLOW_SELECT = False

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current
        self._live = Live()
        self._spans: list[tuple[int, int, str]] = []

    def show(self, live: Live) -> None:
        """Take the newest state of the runs."""
        self._live = live
        self.refresh()

    def render(self) -> Text:
        variables = self.app.theme_variables
        line = Text(no_wrap=True, overflow="crop")
        if self.size.width >= 90:
            line.append(" rude-tui ", f"bold {variables['primary']}")
        self._spans = []
        for number, (mode, title) in enumerate(PLACES.items(), start=1):
            start = line.cell_len
            here = mode == self._current
            # Brackets and not colour alone say where one is.
            line.append(f" {number}", "bold" if here else variables["chance"])
            line.append(f"[{title}]" if here else f" {title} ", f"bold {variables['primary']}" if here else "")
            self._spans.append((start, line.cell_len, mode))
        right = f"● scoring {self._live.share:.0%} " if self._live.running else ""
        gap = self.size.width - line.cell_len - len(right)
        if right and gap > 0:
            line.append(" " * gap)
            line.append(right, f"bold {variables['success']}")
        return line

    async def on_click(self, event: events.Click) -> None:
        """Go to the title clicked on."""
        for start, end, mode in self._spans:
            if start <= event.x < end:
                await self.run_action(f"app.go('{mode}')")
