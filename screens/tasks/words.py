"""Results in words and columns, as they are read in a dialog. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from rubrics.counted import count
from screens.shell.formats import percent
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.jobs.job import Refused
    from engine.jobs.progress import RunState

__all__ = ["columns", "columns_in_blocks", "left_over", "number", "points", "strangers_words", "to_do", "within"]

_ROOM: Final = 72
"""Cells of a line in a dialog."""
_LEAST: Final = 12
"""Cells of a name that are always shown."""
_HEADING: Final = 28
"""Cells of a heading, or of a name, where columns stand in blocks."""


def columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines with as many columns as headings, the first flush left, the others flush right.

    Names in the first are cut where a line would not be one on 80 columns.
    """
    cells = [list(headings), *([one_line(cell, 60) for cell in row] for row in rows)]
    others = sum(max(cell_len(row[at]) for row in cells) + 2 for at in range(1, len(headings)))
    for row in cells:
        row[0] = one_line(row[0], max(_LEAST, _ROOM - others))
    widths = [max(cell_len(row[at]) for row in cells) for at in range(len(headings))]
    lines = []
    for row in cells:
        gaps = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        shown = [row[0] + gaps[0], *(gap + cell for cell, gap in zip(row[1:], gaps[1:], strict=True))]
        lines.append("  ".join(shown).rstrip())
    return "\n".join(lines)


def columns_in_blocks(heading: str, names: Sequence[str], held: Mapping[str, Sequence[str]]) -> str:
    """The same where columns may be too many for a line: in blocks below each other, the names again in each.

    Args:
        held: by heading, a cell for each name.
    """
    blocks: list[list[str]] = [[]]
    least = max(map(cell_len, map(_short, [heading, *names])), default=0)
    room = 0
    for head, cells in held.items():
        wide = max(map(cell_len, [_short(head), *cells])) + 2
        if blocks[-1] and room + wide > _ROOM - least:
            blocks.append([])
            room = 0
        blocks[-1].append(head)
        room += wide
    return "\n\n".join(
        columns(
            [heading, *map(_short, heads)], [[n, *(held[head][at] for head in heads)] for at, n in enumerate(names)]
        )
        for heads in blocks
    )


def _short(text: str) -> str:
    return one_line(text, _HEADING)


def number(value: float | None) -> str:
    """Four digits of a number on no fixed scale."""
    return "–" if value is None or math.isnan(value) else f"{value:.4g}"


def within(low: float, high: float) -> str:
    """An interval of shares, in percent."""
    return "–" if math.isnan(low) or math.isnan(high) else f"{percent(low)}–{percent(high)}"


def points(difference: float) -> str:
    """A difference of shares, in percentage points."""
    return "–" if math.isnan(difference) else f"{100 * difference:+.1f}".replace("-", "−")


def to_do(states: Sequence[RunState], what: str, refused: Sequence[Refused]) -> str:
    """What of a job is still to do, and what is left out, before it is begun.

    Args:
        what: is done of each, in the singular.
    """
    going = [state for state in states if not state.phase.ended]
    missing = sum(state.total - state.done for state in going)
    lines = [f"{count(len(going), 'candidate')} to do" + (f", {count(missing, what)} in all" if missing else "")]
    if ended := len(states) - len(going):
        lines.append(f"{ended} done already")
    lines += [f"✗ {name} is left out: {reason}\n  → {fix}" for name, reason, fix in refused]
    return "\n".join(lines)


def left_over(states: Sequence[RunState]) -> list[str]:
    """What went wrong, a line each."""
    return [f"✗ {state.candidate}: {' '.join(state.error.split())}" for state in states if state.error]


def strangers_words(strangers: dict[str, tuple[str, ...]], remedy: str = "") -> list[str]:
    """Names that are no candidate's, a line each.

    Args:
        remedy: what to do for a near miss; holds {name} and {near}.
    """
    lines = []
    for name, near in strangers.items():
        hint = f"; did you mean {near[0]}?" if near else ""
        hint += remedy.format(name=name, near=near[0]) if near and remedy else ""
        lines.append(f"! {name} is no candidate here{hint}")
    return lines
