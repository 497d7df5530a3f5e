"""Two running differences on one picture, in Braille dots: a whole line and a broken one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from screens.shell.bars import joined
from screens.shell.colour import Colour
from screens.shell.formats import signed
from screens.widgets.braille import dots

if TYPE_CHECKING:
    from engine.results.side_by_side import SideBySide

__all__ = ["Curves"]

_MARGIN = 8


class Curves(Widget, can_focus=False):
    """Above zero the chosen response is ahead. A click goes to that place."""

    ALLOW_SELECT = False

    class Clicked(Message):
        """A place on the curves was clicked."""

        def __init__(self, point: int) -> None:
            super().__init__()
            self.point = point

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._duel: SideBySide | None = None
        self._at = 0

    def show(self, duel: SideBySide | None, at: int = 0) -> None:
        """Draw two readings of a pair, with a mark at one of their points."""
        self._duel, self._at = duel, at
        self.refresh()

    @property
    def _room(self) -> int:
        return max(2, self.size.width - _MARGIN - 1)

    def render(self) -> Text:
        duel, height = self._duel, self.size.height - 1
        if duel is None or height < 1 or self.size.width < 20:
            return Text("")
        colour: Colour = self.app.theme_variables.__getitem__
        lines = _drawn(duel, self._room, height, colour)
        marks = [" "] * self._room
        marks[round(self._at / max(1, len(duel.curve_a.sums) - 1) * (self._room - 1))] = "▲"
        foot = Text.assemble((f"{'nats':>{_MARGIN - 1}} ", colour("chance")), ("".join(marks), "bold"), no_wrap=True)
        return Text("\n", no_wrap=True, overflow="crop").join([*lines, foot])

    def on_click(self, event: events.Click) -> None:
        """Go there."""
        if self._duel is not None and event.x >= _MARGIN:
            share = min(1.0, (event.x - _MARGIN) / max(1, self._room - 1))
            self.post_message(self.Clicked(round(share * (len(self._duel.curve_a.sums) - 1))))


def _drawn(duel: SideBySide, width: int, height: int, colour: Colour) -> list[Text]:
    sums = [duel.curve_a.sums, duel.curve_b.sums]
    low = min(0.0, *(float(each.min()) for each in sums))
    high = max(0.0, *(float(each.max()) for each in sums))
    places = np.linspace(0, len(sums[0]) - 1, 2 * width).round().astype(int)
    whole, broken = (dots([float(each[place]) for place in places], width, height, low, high) for each in sums)
    zero = min(height - 1, round(high / (high - low) * (height * 4 - 1)) // 4) if high > low else height // 2
    labels = {0: high, height - 1: low, zero: 0.0}
    tones = {True: colour("mark-1"), False: colour("mark-2")}
    faint = colour("chance")
    lines = []
    for row in range(height):
        label = ("0" if row == zero else signed(labels[row], 1)) if row in labels else ""
        cells = [(f"{label:>{_MARGIN - 1}} ", faint)]
        for column in range(width):
            # The second line has gaps, so that the two are told apart without colour.
            other = broken[row][column] if column % 3 else 0
            bits = whole[row][column] | other
            if bits:
                cells.append((chr(0x2800 + bits), tones[bool(whole[row][column])]))
            else:
                cells.append(("┄" if row == zero else " ", faint))
        lines.append(joined(cells))
    return lines
