"""A line of parts that can be clicked on."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

__all__ = ["Heading", "Part", "Spans"]

Part = tuple[str, str, str]
"""Text, style, and what a click on it stands for; empty where nothing."""


class Spans(Widget, can_focus=False):
    """One row of parts; what is behind a click on one is up to `clicked`."""

    DEFAULT_CSS = "Spans { height: 1; }"
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spans: list[tuple[int, int, str]] = []

    def parts(self) -> Iterable[Part]:
        """What stands on the line, from left to right."""
        raise NotImplementedError

    async def clicked(self, target: str) -> None:
        """Do what a click stands for."""
        raise NotImplementedError

    def render(self) -> Text:
        line = Text(no_wrap=True, overflow="crop")
        self._spans = []
        for text, style, target in self.parts():
            start = line.cell_len
            line.append(text, style)
            if target:
                self._spans.append((start, line.cell_len, target))
        return line

    async def on_click(self, event: events.Click) -> None:
        """Find the part under the mouse."""
        for start, end, target in self._spans:
            if start <= event.x < end:
                await self.clicked(target)


class Heading(Spans):
    """The headings over a list; a click on one is posted."""

    class Clicked(Message):
        """A heading was clicked."""

        def __init__(self, heading: Heading, target: str) -> None:
            super().__init__()
            self.heading = heading
            self.target = target

        @property
        def control(self) -> Heading:
            """The line it is part of."""
            return self.heading

    DEFAULT_CSS = "Heading { text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._parts: list[Part] = []

    def show(self, parts: Iterable[Part]) -> None:
        """Other headings."""
        self._parts = list(parts)
        self.refresh()

    def parts(self) -> Iterable[Part]:
        """As they were given."""
        return self._parts

    async def clicked(self, target: str) -> None:
        """Tell whoever asked."""
        self.post_message(self.Clicked(self, target))
