"""Text measured in cells of the terminal: 漢 takes two, and an accent on the letter before it none. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size

__all__ = ["beginning_cut", "clipped", "columns", "filled", "shared_out", "shares"]

_SAYING: Final = 10
"""Cells in which a part still says something."""


def clipped(line: str, width: int) -> str:
    """A line in at most so many cells, ending in `…` where it was cut."""
    if cell_len(line) <= width:
        return line
    # Half a wide character would stand as a blank before the mark.
    return f"{set_cell_size(line, width - 1).rstrip()}…" if width > 0 else ""


def beginning_cut(line: str, width: int) -> str:
    """The same with `…` in place of what was cut off before: of a path the end says most."""
    if cell_len(line) <= width:
        return line
    while line and cell_len(line) >= width:
        line = line[1:]
    return f"…{line}"


def filled(line: str, width: int, *, right: bool = False) -> str:
    """A line in exactly so many cells, at their left end or at their right."""
    line = clipped(line, width)
    blank = " " * (width - cell_len(line))
    return blank + line if right else line + blank


def shares(wanted: Sequence[int], room: int, least: int) -> list[int]:
    """So many cells for each as it wants, until all together have no more than there are: the widest gives way first.

    Among those as wide, one that is cut already gives way before one that still stands whole.

    Args:
        least: below which none is cut, even where all together then have too many.
    """
    widths = list(wanted)
    while widths and sum(widths) > room and max(widths) > least:
        most = max(widths)
        widest = [place for place, width in enumerate(widths) if width == most]
        widths[next((place for place in widest if widths[place] < wanted[place]), widest[0])] -= 1
    return widths


def columns(heads: Sequence[int], room: int, least: int, most: int) -> tuple[int, ...]:
    """Cells of each column of a grid, with a blank behind its heading: headings first, then air for the narrowest.

    Args:
        heads: cells of each heading.
        least: what a cell of the grid needs.
        most: up to which a column takes air.
    """
    widths = shares([max(least, head + 1) for head in heads], room, least)
    while widths and sum(widths) < room and min(widths) < most:
        widths[widths.index(min(widths))] += 1
    return tuple(widths)


def shared_out(parts: Sequence[str], room: int) -> list[str]:
    """Lines cut until all together take no more cells than there are, none to nothing.

    The first, which is a name, gives way before the others, and of those the longest.
    """
    if not parts:
        return []
    first, *others = (cell_len(part) for part in parts)
    first = min(first, max(_SAYING, room - sum(others)))
    widths = [first, *shares(others, room - first, _SAYING)]
    # What is cut fills its share, or half a wide character would shift what follows.
    return [filled(part, width) for part, width in zip(parts, widths, strict=True)]
