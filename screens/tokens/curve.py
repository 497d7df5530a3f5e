"""A running difference drawn in Braille dots, with its zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.color import Color
from textual.message import Message
from textual.widget import Widget

from screens.shell.bars import joined
from screens.shell.colour import Colour
from screens.shell.formats import signed
from screens.widgets.braille import dots

if TYPE_CHECKING:
    from engine.results.running_difference import RunningDifference

__all__ = ["Curve"]

_MARGIN, _TINT = 8, 0.16


class Curve(Widget, can_focus=False):
    """The running sum: above zero the chosen response is ahead. A click goes to that place."""

    ALLOW_SELECT = False

    class Clicked(Message):
        """A place on the curve was clicked."""

        def __init__(self, point: int) -> None:
            super().__init__()
            self.point = point

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._difference: RunningDifference | None = None
        self._at = 0
        self._body: tuple[object, Text] = (None, Text())
        """What the curve was drawn from, and the drawing: the cursor alone moves far more often."""

    def show(self, running: RunningDifference | None, at: int = 0) -> None:
        """Draw a running difference with a mark at one of its points."""
        self._difference, self._at = running, at
        self.refresh()

    @property
    def _room(self) -> int:
        return max(2, self.size.width - _MARGIN - 1)

    def render(self) -> Text:
        running, height = self._difference, self.size.height - 1
        if running is None or height < 1 or self.size.width < 20:
            return Text("")
        drawn = (id(running), self._room, height, self.app.theme)
        if self._body[0] != drawn:
            body = _drawn(running, self._room, height, self.app.theme_variables.__getitem__)
            self._body = (drawn, body)
        return Text("\n").join([self._body[1], self._marks(running)])

    def _marks(self, running: RunningDifference) -> Text:
        last = max(1, len(running.sums) - 1)
        marks = [" "] * self._room
        for point, mark in ((running.turn, "┊"), (self._at, "▲")):
            marks[round(point / last * (self._room - 1))] = mark
        faint = self.app.theme_variables["chance"]
        return Text.assemble((f"{'nats':>{_MARGIN - 1}} ", faint), ("".join(marks), "bold"), no_wrap=True)

    def on_click(self, event: events.Click) -> None:
        """Go there."""
        if self._difference is not None and event.x >= _MARGIN:
            share = min(1.0, (event.x - _MARGIN) / max(1, self._room - 1))
            self.post_message(self.Clicked(round(share * (len(self._difference.sums) - 1))))


def _drawn(running: RunningDifference, width: int, height: int, colour: Colour) -> Text:
    """The line, and the ground between it and zero tinted by who is ahead."""
    last = len(running.sums) - 1
    samples = [float(running.sums[round(i / (2 * width - 1) * last)]) for i in range(2 * width)]
    low, high = min(0.0, float(running.sums.min())), max(0.0, float(running.sums.max()))
    cells = dots(samples, width, height, low, high)
    zero = min(height - 1, round(high / (high - low) * (height * 4 - 1)) // 4) if high > low else height // 2
    labels = {0: high, height - 1: low, zero: 0.0}
    faint = colour("chance")
    ahead = {True: colour("good"), False: colour("bad")}
    ground = Color.parse(colour("background"))
    tint = {won: ground.blend(Color.parse(tone), _TINT).hex for won, tone in ahead.items()}
    turn = round(running.turn / max(1, last) * (width - 1))
    edges = [[row for row in range(height) if cells[row][column]] for column in range(width)]
    lines = []
    for row, bits in enumerate(cells):
        label = ("0" if row == zero else signed(labels[row], 1)) if row in labels else ""
        drawn = [(f"{label:>{_MARGIN - 1}} ", faint)]
        for column in range(width):
            won = samples[2 * column + 1] >= 0
            within = min(zero, *edges[column]) <= row <= max(zero, *edges[column])
            under = f" on {tint[won]}" if within and any(edge != zero for edge in edges[column]) else ""
            if bits[column]:
                drawn.append((chr(0x2800 + bits[column]), ahead[won] + under))
            else:
                drawn.append(("┊" if column == turn else "┄" if row == zero else " ", faint + under))
        lines.append(joined(drawn))
    return Text("\n", no_wrap=True, overflow="crop").join(lines)
