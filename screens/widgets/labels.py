"""Where to write names on a scatter so that none covers another or a point. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from screens.widgets.cells import clipped

__all__ = ["Label", "place_labels"]

_WHOLE: Final = 48
"""Cells of a name where there is room for it."""


@dataclass(frozen=True)
class Label:
    """A name in cells: where it begins; `shown` is empty where no room was found."""

    column: int
    row: int
    shown: str


def place_labels(
    points: Sequence[tuple[int, int]], names: Sequence[str], width: int, height: int, *, longest: int = 18
) -> list[Label]:
    """One label per point, beside, above or below it, shortened where nothing else fits.

    Args:
        points: (column, row) of each, inside 0..width-1 and 0..height-1.
        names: one each.
    """
    occupied = [bytearray(width) for _ in range(height)]
    for column, row in points:
        occupied[row][column] = 1
    labels = [Label(0, 0, "")] * len(points)
    # Crowded points first: they have the fewest places to choose from.
    crowd = [sum(abs(a - c) < longest and abs(b - r) < 2 for c, r in points) for a, b in points]
    for i in sorted(range(len(points)), key=lambda i: (-crowd[i], points[i])):
        column, row = points[i]
        for limit in (longest, 10, 6):
            name = clipped(names[i], limit)
            cells = cell_len(name)
            spot = _free(occupied, column, row, cells, width, height)
            if spot is not None:
                labels[i] = Label(*spot, name)
                # A blank on either side keeps two names from reading as one.
                for cell in range(max(0, spot[0] - 1), min(width, spot[0] + cells + 1)):
                    occupied[spot[1]][cell] = 1
                break
    for i, label in enumerate(labels):
        if label.shown.endswith("…"):
            labels[i] = _whole(i, labels, points, clipped(names[i], _WHOLE), width, height)
    return labels


def _whole(
    i: int, labels: Sequence[Label], points: Sequence[tuple[int, int]], name: str, width: int, height: int
) -> Label:
    """A label with all of its name, where that fits now that all others have their places."""
    occupied = [bytearray(width) for _ in range(height)]
    for column, row in points:
        occupied[row][column] = 1
    for other, label in enumerate(labels):
        if label.shown and other != i:
            for cell in range(max(0, label.column - 1), min(width, label.column + cell_len(label.shown) + 1)):
                occupied[label.row][cell] = 1
    spot = _free(occupied, *points[i], cell_len(name), width, height)
    return Label(*spot, name) if spot is not None else labels[i]


def _free(
    occupied: list[bytearray], column: int, row: int, length: int, width: int, height: int
) -> tuple[int, int] | None:
    for start, line in (
        (column + 2, row),
        (column - 1 - length, row),
        (column - length // 2, row - 1),
        (column - length // 2, row + 1),
        (column + 1, row - 1),
        (column - length, row - 1),
        (column + 1, row + 1),
        (column - length, row + 1),
    ):
        if (
            start >= 0
            and start + length <= width
            and 0 <= line < height
            and not any(occupied[line][start : start + length])
        ):
            return start, line
    return None
