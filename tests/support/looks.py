"""What a screen shows, as text in some sizes and, for its main states, as a picture; all in one running app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.filter import Monochrome
from textual.pilot import Pilot

__all__ = ["DARK", "EVERY", "SMALL", "USUAL", "gallery"]

SMALL = ((80, 24),)
USUAL = ((200, 60), (120, 36))
"""Columns and lines. Pictures are taken in the last, and the walk goes on in it."""

DARK = ("dark",)
EVERY = ("light", "contrast", "dark", "no-color")
"""The looks a state is pictured in."""


class Picture(SingleFileSnapshotExtension):
    """A file `.svg` for each picture."""

    _write_mode = WriteMode.TEXT
    file_extension = "svg"


class Words(SingleFileSnapshotExtension):
    """A file `.txt` for each picture."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


class Gallery:
    """Compares what a running app shows, state after state, with what it showed before."""

    def __init__(
        self,
        pilot: Pilot[Any],
        settle: Callable[[Pilot[Any]], Awaitable[None]],
        screen_text: Callable[[Any], str],
        snapshot: SnapshotAssertion,
        sizes: tuple[tuple[int, int], ...],
    ) -> None:
        self.pilot = pilot
        self.different: list[str] = []
        self._sizes = sizes
        self._settle, self._text = settle, screen_text
        self._words, self._picture = snapshot.use_extension(Words), snapshot.use_extension(Picture)
        # Started under NO_COLOR, the app has a filter that takes the colours away.
        (self._colourless,) = (filter for filter in pilot.app._filters if isinstance(filter, Monochrome))
        self._colourless.enabled = False

    async def press(self, *keys: str) -> None:
        """Press keys, each once the screen has drawn what the one before it led to."""
        for key in keys:
            await self.pilot.press(key)
            await self._settle(self.pilot)

    async def look(self, name: str, looks: Iterable[str] = ()) -> None:
        """Compare the screen's text in every size, and its picture in each of some looks."""
        for field in self.pilot.app.screen.query("Input, TextArea"):
            field.cursor_blink = False  # type: ignore[attr-defined]
        for width, height in self._sizes:
            await self.pilot.resize_terminal(width, height)
            await self._settle(self.pilot)
            # What is behind a dialog is laid out in its own time, and shows when the dialog is drawn again.
            for behind in self.pilot.app._background_screens:
                behind._refresh_layout(self.pilot.app.size)
                self.pilot.app.screen.refresh()
                await self._settle(self.pilot)
            place = f"{name}-{width}x{height}"
            if self._text(self.pilot.app) != self._words(name=place):
                self.different.append(f"{place}.txt")
        for look in looks:
            self._colourless.enabled = look == "no-color"
            await self._paint("dark" if look == "no-color" else look, f"{place}-{look}")
        self._colourless.enabled = False

    async def _paint(self, theme: str, name: str) -> None:
        app = self.pilot.app
        app.theme = f"rude-{theme}"
        await self._settle(self.pilot)
        if app.export_screenshot(title="rude-tui", simplify=True) != self._picture(name=name):
            self.different.append(f"{name}.svg")


@asynccontextmanager
async def gallery(
    app: Any, settle: Any, screen_text: Any, snapshot: SnapshotAssertion, sizes: tuple[tuple[int, int], ...]
) -> AsyncIterator[Gallery]:
    """A running app to be pictured; says at the end, all at once, which pictures are not what they were."""
    async with app.run_test(size=sizes[-1]) as pilot:
        await settle(pilot)
        shown = Gallery(pilot, settle, screen_text, snapshot, sizes)
        yield shown
    assert not shown.different, f"not as before: {shown.different}"
