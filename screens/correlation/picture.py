"""The scatter as marks, a line and its band. Plain Python."""

from __future__ import annotations

import math

from screens.correlation.state import Pointed, Read
from screens.shell.plain import one_line, plain
from screens.widgets.scatter import Picture, Spot

__all__ = ["picture"]

_STEPS = 60
"""Of the line, from its left end to its right."""


def picture(found: Read, pointed: Pointed) -> Picture:
    """What to draw of something that has a view; whatever is pointed at is marked."""
    view = found.view
    assert view is not None
    out = pointed.at if pointed.leaving else ""
    line = found.line(out)
    predicted = {one.name: one.value for one in found.expected}
    spots = []
    for point in found.points:
        known = not math.isnan(point.y)
        y = point.y if known else line.at(point.x) if line is not None else predicted[point.name]
        glyph, tone = ("◉" if point.shipped else "●", "mark-1") if known else ("◇", "mark-2")
        if pointed.family:
            glyph, tone = ("◆" if known else "◇", "mark-3") if point.family == pointed.family else ("·", "chance")
        if point.name == out and known:
            glyph = "○"
        spots.append(Spot(one_line(point.name, 30), point.x, y, glyph, tone, point.name == pointed.at))
    if line is None or not spots:
        return Picture(plain(view.predictor), plain(view.outcome), tuple(spots))
    low, high = min(spot.x for spot in spots), max(spot.x for spot in spots)
    steps = [low + (high - low) * i / _STEPS for i in range(_STEPS + 1)]
    bands = [line.band(x) for x in steps]
    return Picture(
        plain(view.predictor),
        plain(view.outcome),
        tuple(spots),
        tuple((x, line.at(x)) for x in steps),
        tuple((x, band[0]) for x, band in zip(steps, bands, strict=True)),
        tuple((x, band[1]) for x, band in zip(steps, bands, strict=True)),
    )
