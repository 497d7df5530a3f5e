"""The scatter as marks, a line and its band. Plain Python."""

from __future__ import annotations

import math

from screens.correlation.state import Highlight, ScatterData
from screens.shell.plain import one_line, plain
from screens.widgets.scatter import Picture, Spot

__all__ = ["picture"]

_STEPS = 60
"""Of the line, from its left end to its right."""


def picture(data: ScatterData, highlight: Highlight) -> Picture:
    """What to draw of something that has a view; whatever is pointed at is marked."""
    view = data.view
    assert view is not None
    out = highlight.candidate if highlight.left_out else ""
    line = data.line(out)
    predicted = {expected.name: expected.value for expected in data.expected}
    spots = []
    for point in data.points:
        measured = not math.isnan(point.y)
        y = point.y if measured else line.at(point.x) if line is not None else predicted[point.name]
        glyph, tone = ("◉" if point.shipped else "●", "mark-1") if measured else ("◇", "mark-2")
        if highlight.family:
            glyph, tone = ("◆" if measured else "◇", "mark-3") if point.family == highlight.family else ("·", "chance")
        if point.name == out and measured:
            glyph = "○"
        spots.append(Spot(
            one_line(point.name, 30), point.x, y, glyph, tone, point.name == highlight.candidate,
            (point.x_low, point.x_high), (point.y_low, point.y_high),
        ))  # fmt: skip
    if line is None or not spots:
        return Picture(plain(view.predictor), plain(view.outcome_label), tuple(spots))
    low, high = min(spot.x for spot in spots), max(spot.x for spot in spots)
    steps = [low + (high - low) * i / _STEPS for i in range(_STEPS + 1)]
    bands = [line.band(x) for x in steps]
    return Picture(
        plain(view.predictor),
        plain(view.outcome_label),
        tuple(spots),
        tuple((x, line.at(x)) for x in steps),
        tuple((x, band[0]) for x, band in zip(steps, bands, strict=True)),
        tuple((x, band[1]) for x, band in zip(steps, bands, strict=True)),
    )
