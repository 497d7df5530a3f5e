"""Intervals, shares and scales drawn in cells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from rich.text import Text

__all__ = ["Axis", "axis_for", "axis_line", "gauge", "interval_bar", "joined", "level", "scale_line"]

_LEVELS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Axis:
    """A stretch of numbers over a stretch of cells."""

    low: float
    high: float
    width: int

    def cell(self, value: float) -> int:
        """The cell that a value falls in, kept inside."""
        if self.high <= self.low:
            return 0
        place = (value - self.low) / (self.high - self.low) * (self.width - 1)
        return min(self.width - 1, max(0, round(place)))

    def cells(self, low: float, value: float, high: float, line: float) -> tuple[int, int, int]:
        """The cells of an interval: one that keeps clear of a line of reference is seen to."""
        at = self.cell(line)
        clear = (at + 1, self.width - 1) if low > line else (0, at - 1) if high < line else (0, self.width - 1)
        left, middle, right = (min(clear[1], max(clear[0], self.cell(end))) for end in (low, value, high))
        return left, middle, right


def axis_for(values: Iterable[float], chance: float, width: int) -> Axis:
    """An axis in steps of 10 % that holds all values and the chance level."""
    numbers = [value for value in values if not math.isnan(value)]
    low = min([*numbers, chance])
    high = max([*numbers, chance])
    low, high = math.floor(low * 10 - 1e-9) / 10, math.ceil(high * 10 + 1e-9) / 10
    return Axis(max(0.0, low), min(1.0, high) if high > low else low + 0.1, width)


def interval_bar(axis: Axis, value: float, low: float, high: float, chance: float, *, colour: str, faint: str) -> Text:
    """A bar from chance to the value, whiskers for the interval, `┊` where chance is: `┊━━├━━●──┤`.

    Chance that lies in the interval is drawn as `┼`, or hidden by `●`.
    """
    cells = [(" ", "")] * axis.width
    at = axis.cell(chance)
    bounded = not any(map(math.isnan, (low, value, high)))
    if not math.isnan(value):
        left, middle, right = axis.cells(low, value, high, chance) if bounded else (at, axis.cell(value), at)
        for cell in range(min(at, middle), max(at, middle)):
            cells[cell] = ("━", colour)
        if bounded:
            for cell in range(left, right + 1):
                cells[cell] = ("━" if cells[cell][0] == "━" else "─", colour)
            cells[left], cells[right] = ("├", colour), ("┤", colour)
    cells[at] = ("┼" if bounded and low <= chance <= high else "┊", faint)
    if not math.isnan(value):
        cells[middle] = ("●", f"bold {colour}")
    return joined(cells)


def joined(cells: Iterable[tuple[str, str]]) -> Text:
    """Cells of one look are one stretch: a hundred bars are drawn at every key."""
    runs = (("".join(mark for mark, _ in run), style) for style, run in groupby(cells, key=itemgetter(1)))
    return Text.assemble(*runs)


def axis_line(axis: Axis, chance: float) -> str:
    """The axis as text: its ends in per cent, and `┊` over the chance line."""
    left, right = f"{axis.low * 100:.0f}", f"{axis.high * 100:.0f}"
    cells = list(left.ljust(axis.width - len(right)) + right)
    at = axis.cell(chance)
    if cells[at] == " ":
        cells[at] = "┊"
    return "".join(cells)


def level(value: float, low: float, high: float) -> str:
    """One block whose height says where the value lies between the ends."""
    if math.isnan(value):
        return " "
    share = (value - low) / (high - low) if high > low else 0.0
    return _LEVELS[min(len(_LEVELS) - 1, max(0, int(share * len(_LEVELS))))]


def gauge(share: float, width: int) -> str:
    """How much is done, in eighths of a cell."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(width)[:width]


def scale_line(values: Iterable[tuple[float, str, str]], reach: float, width: int, *, faint: str) -> Text:
    """Marks on a line with zero in the middle.

    Args:
        values: (value, glyph, style); the last one wins a cell. NaN is left out.
        reach: what the ends stand for.
    """
    width -= 1 - width % 2
    axis = Axis(-reach, reach, width)
    cells = [("─", faint)] * width
    cells[width // 2] = ("┼", faint)
    for value, mark, style in values:
        if not math.isnan(value):
            cells[axis.cell(value)] = (mark, style)
    return joined(cells)
