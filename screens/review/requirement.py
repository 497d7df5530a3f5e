"""One criterion of a response that is read blind."""

from __future__ import annotations

from typing import Final

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static

from screens.shell.colour import Colour
from screens.shell.plain import plain

__all__ = ["DIGITS", "Requirement", "requirement_text"]

DIGITS: Final = 9
"""Criteria that a digit answers for."""


class Requirement(Static):
    """One criterion to tick; a click ticks it."""

    DEFAULT_CSS = "Requirement { height: auto; padding: 0 1; } Requirement.-here { background: $surface; }"
    ALLOW_SELECT = False

    class Ticked(Message):
        """It was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def on_click(self, event: events.Click) -> None:
        """Tell the screen."""
        event.stop()
        self.post_message(self.Ticked(self._number))


def requirement_text(text: str, number: int, met: bool | None, colour: Colour, *, marked: bool) -> Text:
    """A criterion with its key and its answer; None while it is open."""
    mark, tone = {None: ("[ ]", "chance"), True: ("[✓]", "good"), False: ("[✗]", "bad")}[met]
    line = Text("▸" if marked else " ", colour("primary"), overflow="fold")
    line.append(f"{number + 1 if number < DIGITS else '·'} ", "bold")
    line.append(f"{mark} ", f"bold {colour(tone)}")
    return line.append(plain(text), "" if met is None else colour(tone))
