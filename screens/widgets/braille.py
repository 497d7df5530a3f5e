"""Lines drawn in Braille dots: two columns and four rows of dots a cell. Plain Python."""

from __future__ import annotations

__all__ = ["dots"]

_DOT = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a Braille cell by column and row."""


def dots(values: list[float], width: int, height: int, low: float, high: float) -> list[list[int]]:
    """Braille cells, as bits, of a line through `2 * width` values; height is in cells."""
    cells = [[0] * width for _ in range(height)]
    rows = height * 4
    before: int | None = None
    for column, value in enumerate(values):
        row = round((high - value) / (high - low) * (rows - 1)) if high > low else rows // 2
        row = min(rows - 1, max(0, row))
        # A steep step is drawn as a stroke, so that the line never breaks.
        start = row if before is None else before + (row > before) - (row < before)
        for dot in range(min(start, row), max(start, row) + 1):
            cells[dot // 4][column // 2] |= _DOT[column % 2][dot % 4]
        before = row
    return cells
