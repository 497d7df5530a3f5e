"""The line at the top: where one can go, where one is, and whether work goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from screens.shell.live import Live
from screens.widgets.spans import Part, Spans

__all__ = ["PLACES", "Navigation"]

PLACES: Final = {
    "candidates": "Candidates",
    "run": "Run",
    "rankings": "Rankings",
    "correlation": "Correlation",
    "failures": "Failures",
    "suites": "Suites",
}
"""Mode → title, in the order of the number keys."""


class Navigation(Spans):
    """One row; a click on a title goes there."""

    DEFAULT_CSS = """
    Navigation { background: $panel; color: $foreground; }
    """

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current
        self._live = Live()

    def show(self, live: Live) -> None:
        """Take the newest state of the runs."""
        self._live = live
        self.refresh()

    def parts(self) -> Iterable[Part]:
        """The places, and how far the work is."""
        variables = self.app.theme_variables
        used = 0
        if self.size.width >= 90:
            yield " rude-tui ", f"bold {variables['primary']}", ""
            used += 10
        roomy = sum(len(title) + 4 for title in PLACES.values()) <= self.size.width
        for number, (mode, title) in enumerate(PLACES.items(), start=1):
            is_current = mode == self._current
            if not is_current and not roomy:
                yield f" {number} ", variables["chance"], mode
                used += 3
                continue
            yield f" {number}", "bold" if is_current else variables["chance"], mode
            # Brackets and not colour alone say where one is.
            label, style = (f"[{title}]", f"bold {variables['primary']}") if is_current else (f" {title} ", "")
            yield label, style, mode
            used += len(title) + 4
        if self._live.running:
            doing = "scoring" if self._live.title == Live.title else "at work"
            mark, word = ("‖", "paused") if self._live.paused else ("●", doing)
            for right in (f"{mark} {word} {self._live.share:.0%} ", f"{mark} {self._live.share:.0%} "):
                if (gap := self.size.width - used - len(right)) >= 0:
                    yield " " * gap + right, f"bold {variables['success']}", ""
                    break

    async def clicked(self, mode: str) -> None:
        """Go there."""
        await self.run_action(f"app.go('{mode}')")
