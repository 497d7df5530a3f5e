"""What a run looks like while it goes: speed over time, and an accuracy that settles. Drawn in cells; plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rich.text import Text

from screens.shell.colour import Colour
from screens.shell.formats import duration, percent
from screens.shell.live import RunTrace
from screens.widgets.braille import dots

if TYPE_CHECKING:
    from engine.jobs.progress import RunState

__all__ = ["accuracy_chart", "held_out_chart", "interval_of", "speed_chart", "speeds"]

_MARGIN: Final = 7
"""Cells for the figures on the left."""


def speed_chart(points: tuple[tuple[float, float], ...], width: int, height: int, colour: Colour) -> Text:
    """Tokens a second over the time since the start."""
    room, rows = width - _MARGIN, height - 2
    faint = colour("chance")
    text = Text(no_wrap=True, overflow="crop")
    samples = speeds(points, 2 * room) if room >= 8 and rows >= 1 else []
    if len(samples) < 2 or not max(samples):
        text.append("tokens/s", "bold")
        text.append("\nappears with the first batches", faint)
        return text
    top = max(samples)
    text.append("tokens/s", "bold")
    text.append(f"  now {_short(samples[-1])} · best {_short(top)}\n", faint)
    for number, line in enumerate(dots(samples, room, rows, 0.0, top)):
        label = _short(top) if number == 0 else "0" if number == rows - 1 else ""
        text.append(f"{label:>{_MARGIN - 1}} ", faint)
        text.append("".join(chr(0x2800 + bits) if bits else " " for bits in line) + "\n", colour("mark-1"))
    span = duration(points[-1][0] - points[0][0])
    text.append(" " * _MARGIN + f"0 s{span:>{max(1, room - 3)}}", faint)
    return text


def interval_of(state: RunState, trace: RunTrace) -> tuple[float, float] | None:
    """Where the accuracy over the pairs scored since the start will end, 95 %; None where nothing is known."""
    if not state.judged or not trace.groups:
        return None
    return _interval(state.judged, state.right, _pairs_here(state), trace)


def _pairs_here(state: RunState) -> int:
    """Pairs scored since the start, or still to score."""
    return max(state.judged, state.total - (state.done - state.judged))


def _interval(judged: float, right: float, total: int, trace: RunTrace) -> tuple[float, float]:
    from engine.stats.confidence_sequence import confidence_sequence

    groups = max(1, round(trace.groups * total / trace.pairs))
    return confidence_sequence(right, round(judged), total, groups, trace.largest)


def accuracy_chart(state: RunState, trace: RunTrace, chance: float, width: int, height: int, colour: Colour) -> Text:
    """The share of pairs won so far over the pairs scored, the interval as a shade, chance as a dotted line."""
    room, rows = width - _MARGIN, height - 2
    faint = colour("chance")
    text = Text("accuracy", "bold", no_wrap=True, overflow="crop")
    if not trace.points or not trace.groups or room < 8 or rows < 1:
        text.append("\nappears with the first pairs", faint)
        return text
    total = _pairs_here(state)
    bounds = interval_of(state, trace)
    assert bounds is not None
    value = state.right / state.judged
    sure = "95 %: " if width >= 44 else ""
    text.append(f" {percent(value)} % · {sure}ends in {percent(bounds[0])}–{percent(bounds[1])}\n", faint)
    reach = max(0.1, abs(value - chance) + 0.05, value - bounds[0], bounds[1] - value)
    low, high = max(0.0, min(value, chance) - reach), min(1.0, max(value, chance) + reach)
    drawn = max(1, round(room * min(1.0, state.judged / total)))
    values, bands = [], []
    for column in range(2 * drawn):
        judged, right = _at(trace.points, (column + 1) / (2 * room) * total)
        values.append(right / judged)
        if column % 2:
            bands.append(_interval(judged, right, total, trace))
    line = dots(values, drawn, rows, low, high)

    def row_of(share: float) -> int:
        return min(rows - 1, max(0, math.floor((high - share) / (high - low) * rows)))

    at_chance = row_of(chance)
    labels = {0: high, rows - 1: low} | {at_chance: chance}
    good = colour("good" if bounds[0] > chance else "bad" if bounds[1] < chance else "mark-1")
    for row in range(rows):
        text.append(f"{percent(labels[row], 0) if row in labels else '':>{_MARGIN - 1}} ", faint)
        for column in range(room):
            bits = line[row][column] if column < drawn else 0
            inside = column < drawn and row_of(bands[column][1]) <= row <= row_of(bands[column][0])
            if bits:
                text.append(chr(0x2800 + bits), good)
            else:
                text.append("┄" if row == at_chance else "░" if inside else " ", faint)
        text.append("\n")
    text.append(" " * _MARGIN + f"0{f'{total:,} pairs':>{room - 1}}", faint)
    return text


def held_out_chart(
    points: Sequence[tuple[int, float]], total: int, width: int, height: int, colour: Colour,
    ends: tuple[float, float] | None = None,
) -> Text:  # fmt: skip
    """The share of criteria met on what is held out, over the steps of all stages; a mark at each look, joined.

    Args:
        ends: 95 % of the last, NaN where they are not known.
    """
    room, rows = width - _MARGIN, height - 2
    faint = colour("chance")
    text = Text("held out, criteria met", "bold", no_wrap=True, overflow="crop")
    if not points or room < 8 or rows < 1:
        text.append("\nappears when the base has been measured", faint)
        return text
    said = [f" {percent(points[-1][1])} %"]
    if ends and not math.isnan(ends[0]):
        said.append(f" ({percent(ends[0])}–{percent(ends[1])})")
    if points[0][0] == 0:
        said.append(f", base {percent(points[0][1])} %")
    if len(text) + len("".join(said)) > width:
        # Where it is narrow, the interval is worth more than a longer title.
        text = Text("held out", "bold", no_wrap=True, overflow="crop")
    while len(said) > 1 and len(text) + len("".join(said)) > width:
        said.pop()
    text.append("".join(said) + "\n", faint)
    shares = [share for _, share in points]
    reach = max(0.05, (max(shares) - min(shares)) / 8)
    low, high = max(0.0, min(shares) - reach), min(1.0, max(shares) + reach)
    end = max(total, points[-1][0], 1)
    drawn = max(1, math.ceil(room * points[-1][0] / end))
    values = [_between(points, (column + 0.5) / (2 * room) * end) for column in range(2 * drawn)]
    for number, line in enumerate(dots(values, drawn, rows, low, high)):
        label = percent(high, 0) if number == 0 else percent(low, 0) if number == rows - 1 else ""
        text.append(f"{label:>{_MARGIN - 1}} ", faint)
        text.append("".join(chr(0x2800 + bits) if bits else " " for bits in line) + "\n", colour("mark-1"))
    text.append(" " * _MARGIN + f"0{f'{end:,} steps':>{room - 1}}", faint)
    return text


def _between(points: Sequence[tuple[int, float]], step: float) -> float:
    """The share at a step, on the straight line between two looks."""
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= step <= x1:
            return y0 + (y1 - y0) * (step - x0) / (x1 - x0)
    return points[-1][1] if step > points[-1][0] else points[0][1]


def _at(points: tuple[tuple[float, float], ...], judged: float) -> tuple[float, float]:
    """Pairs scored and won at the first point that has at least so many."""
    for point in points:
        if point[0] >= judged:
            return point
    return points[-1]


def _short(number: float) -> str:
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:.1f}{letter}" if number < 10 * unit else f"{number / unit:.0f}{letter}"
    return f"{number:.0f}"


def speeds(points: Sequence[tuple[float, float]], samples: int) -> list[float]:
    """Tokens a second over each of `samples` equal stretches of time, from tokens sent so far.

    Between two points the speed is taken to have been even.
    """
    if len(points) < 2 or samples < 1 or points[-1][0] <= points[0][0]:
        return []
    start, end = points[0][0], points[-1][0]
    step = (end - start) / samples
    shown, at, before = [], 0, points[0][1]
    for sample in range(1, samples + 1):
        moment = start + step * sample
        while at < len(points) - 2 and points[at + 1][0] < moment:
            at += 1
        (x0, y0), (x1, y1) = points[at], points[at + 1]
        total = y1 if x1 <= x0 else y0 + (y1 - y0) * min(1.0, (moment - x0) / (x1 - x0))
        shown.append(max(0.0, total - before) / step)
        before = total
    return shown
