"""Where to write names on a scatter so that none covers another or a point. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from screens.widgets.cells import clipped

__all__ = ["Label", "place_labels"]

_LETTERS: Final = 26
"""Names that a letter can stand for."""

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
    """One label per point, beside, above or below it; of names that fit nowhere the first stay without a label, for a
    letter to stand for them, and those for which there is no letter left are shortened.

    Args:
        points: (column, row) of each, inside 0..width-1 and 0..height-1.
        names: one each.
    """
    occupied = _around(points, width, height)
    labels = [Label(0, 0, "")] * len(points)
    homeless: list[int] = []

    def place(i: int, limit: int) -> bool:
        name = clipped(names[i], limit)
        cells = cell_len(name)
        spot = _free(occupied, *points[i], cells, width, height)
        if spot is None:
            return False
        labels[i] = Label(*spot, name)
        # A blank on either side keeps two names from reading as one.
        for cell in range(max(0, spot[0] - 1), min(width, spot[0] + cells + 1)):
            occupied[spot[1]][cell] = 1
        return True

    # Crowded points first: they have the fewest places to choose from.
    crowd = [sum(abs(a - c) < longest and abs(b - r) < 2 for c, r in points) for a, b in points]
    for i in sorted(range(len(points)), key=lambda i: (-crowd[i], points[i])):
        if not place(i, longest):
            homeless.append(i)
    for i in homeless[_LETTERS:]:
        _ = place(i, 10) or place(i, 6)
    for i, label in enumerate(labels):
        if label.shown.endswith("…"):
            labels[i] = _whole(i, labels, points, clipped(names[i], _WHOLE), width, height)
    return labels


def _whole(
    i: int, labels: Sequence[Label], points: Sequence[tuple[int, int]], name: str, width: int, height: int
) -> Label:
    """A label with all of its name, where that fits now that all others have their places."""
    occupied = _around(points, width, height)
    for other, label in enumerate(labels):
        if label.shown and other != i:
            for cell in range(max(0, label.column - 1), min(width, label.column + cell_len(label.shown) + 1)):
                occupied[label.row][cell] = 1
    spot = _free(occupied, *points[i], cell_len(name), width, height)
    return Label(*spot, name) if spot is not None else labels[i]


def _around(points: Sequence[tuple[int, int]], width: int, height: int) -> list[bytearray]:
    """Cells of points, and one on either side of each: what stands there would read as that point's name."""
    occupied = [bytearray(width) for _ in range(height)]
    for column, row in points:
        for cell in range(max(0, column - 1), min(width, column + 2)):
            occupied[row][cell] = 1
    return occupied


def _free(
    occupied: list[bytearray], column: int, row: int, length: int, width: int, height: int
) -> tuple[int, int] | None:
    middle = column - length // 2
    # Above and below as far in the middle as can be, at most so far off that a corner touches the point.
    shifts = [middle + side * off for off in range(length // 2 + 2) for side in ((1, -1) if off else (1,))]
    beside = [(column + 2, row), (column - 1 - length, row)]
    over = [(start, line) for start in shifts for line in (row - 1, row + 1) if column - length <= start <= column + 1]
    for start, line in beside + over:
        if (
            start >= 0
            and start + length <= width
            and 0 <= line < height
            and not any(occupied[line][start : start + length])
        ):
            return start, line
    return None
