"""One small picture per scope, all on one axis: every candidate's interval in it. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from engine.export.palette import glyph
from screens.rankings.state import CandidateRow
from screens.shell.bars import Axis, axis_for, axis_line, interval_bar
from screens.shell.colour import Colour
from screens.shell.formats import percent
from screens.shell.plain import cells_of, padded

if TYPE_CHECKING:
    from engine.results.rankings import RankingTable

__all__ = ["Multiples", "multiples"]

_LEAST, _NAME, _BAR = 36, 18, 30
"""Cells that one picture needs, and the most that a name takes of them."""


@dataclass(frozen=True)
class Multiples:
    """Pictures side by side in bands, one below the other; a line is made when it is asked for."""

    table: RankingTable
    scopes: Sequence[tuple[int, str]]
    """Each with its number."""
    shown: Sequence[CandidateRow]
    colour: Colour
    across: int
    picture_width: int
    """Cells of one picture."""
    name: int
    axis: Axis

    @property
    def band(self) -> int:
        """Lines of one band: heading, candidates, and a blank one."""
        return len(self.shown) + 2

    @property
    def count(self) -> int:
        """Lines of them all."""
        return -(-len(self.scopes) // self.across) * self.band - 1

    def line(self, index: int) -> Text:
        """One line through all pictures of a band."""
        band, row = divmod(index, self.band)
        text = Text(" ", no_wrap=True, overflow="crop")
        for number, scope in self.scopes[band * self.across : (band + 1) * self.across]:
            part = self._part(number, scope, row)
            part.truncate(self.picture_width - 1, pad=True)
            text.append_text(part)
            text.append(" ")
        return text

    def _part(self, number: int, scope: str, row: int) -> Text:
        mark, tone = glyph(scope, number)
        style, faint = self.colour(tone), self.colour("chance")
        if row == 0:
            head = Text.assemble((f"{mark} {padded(scope, self.name + 6)} ", f"bold {style}"))
            return head.append(axis_line(self.axis, self.table.chance), faint)
        if row > len(self.shown):
            return Text()
        candidate = self.shown[row - 1]
        ranked = candidate.scopes.get(scope)
        part = Text(f"  {padded(candidate.entrant.label, self.name)} ")
        if ranked is None:
            return part.append("    –", faint)
        part.append(f"{percent(ranked.value):>5} ", style)
        bar = interval_bar(
            self.axis, ranked.value, ranked.ci_low, ranked.ci_high, self.table.chance, colour=style, faint=faint
        )
        return part.append_text(bar)


def multiples(
    table: RankingTable,
    scopes: Sequence[tuple[int, str]],
    shown: Sequence[CandidateRow],
    colour: Colour,
    size: tuple[int, int],
) -> Multiples:
    """The pictures of these scopes: no more side by side than it takes to have them all in view, where that can be.

    Args:
        size: cells across, and lines.
    """
    width, height = size
    most = max(1, min(len(scopes), (width - 1) // _LEAST))
    fitting = (n for n in range(min(2, most), most) if -(-len(scopes) // n) * (len(shown) + 2) - 1 <= height)
    across = next(fitting, most)
    picture_width = (width - 1) // across
    longest = max([cells_of(row.entrant.label) for row in shown], default=8)
    name = min(longest, max(_NAME, picture_width - 10 - _BAR))
    ends = [
        end for candidate in shown for row in candidate.scopes.values() for end in (row.value, row.ci_low, row.ci_high)
    ]
    return Multiples(
        table,
        scopes,
        shown,
        colour,
        across,
        picture_width,
        name,
        axis_for(ends, table.chance, max(8, picture_width - name - 10)),
    )
