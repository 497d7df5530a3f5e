"""One small picture per scope, all on one axis: every candidate's interval in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from screens.bars import Axis, axis_for, axis_line, interval_bar
from screens.formats import percent
from screens.palette import glyph
from screens.plain import one_line
from screens.rankings.lines import Line

if TYPE_CHECKING:
    from engine.results.rankings import RankingTable

__all__ = ["multiples"]

_LEAST = 40
"""Cells that one picture needs."""


def multiples(
    table: RankingTable,
    scopes: Sequence[tuple[int, str]],
    shown: Sequence[Line],
    colour: Callable[[str], str],
    width: int,
) -> list[Text]:
    """The pictures of these scopes, each with its number, side by side, as many as fit: one text for each such row."""
    ends = [end for line in shown for row in line.scopes.values() for end in (row.value, row.ci_low, row.ci_high)]
    across = max(1, min(len(scopes), width // _LEAST, 3 if len(scopes) % 2 else 2))
    each = width // across
    name = min(18, max([len(one_line(line.entrant.label, 18)) for line in shown], default=8))
    axis = axis_for(ends, table.chance, each - name - 11)
    found = []
    for start in range(0, len(scopes), across):
        panels = [
            _panel(table, shown, scope, number, axis, name, colour) for number, scope in scopes[start : start + across]
        ]
        text = Text(no_wrap=True, overflow="crop")
        for parts in zip(*panels, strict=True):
            for part in parts:
                part.truncate(each - 1, pad=True)
                text.append_text(part)
                text.append(" ")
            text.append("\n")
        found.append(text)
    return found


def _panel(
    table: RankingTable,
    shown: Sequence[Line],
    scope: str,
    number: int,
    axis: Axis,
    name: int,
    colour: Callable[[str], str],
) -> list[Text]:
    mark, tone = glyph(scope, number)
    style, faint = colour(tone), colour("chance")
    head = Text.assemble((f"{mark} {one_line(scope, name + 5):<{name + 6}} ", f"bold {style}"))
    head.append(axis_line(axis, table.chance), faint)
    found = [head]
    for line in shown:
        row = line.scopes.get(scope)
        part = Text(f"  {one_line(line.entrant.label, name):<{name}} ")
        if row is None:
            part.append("    –", faint)
        else:
            part.append(f"{percent(row.value):>5} ", style)
            part.append_text(
                interval_bar(axis, row.value, row.ci_low, row.ci_high, table.chance, colour=style, faint=faint)
            )
        found.append(part)
    return found
