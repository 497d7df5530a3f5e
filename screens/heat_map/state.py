"""A ranking part by part, the cell under the cursor, and what of it fits. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.export.palette import glyph
from screens.shell.plain import cells_of
from screens.widgets.cells import columns

if TYPE_CHECKING:
    from engine.results.rankings import RankingTable
    from engine.stats.ranking import RankRow
    from screens.shell.session import Session

__all__ = ["GROUPINGS", "HeatMapState", "Window", "read_map"]

GROUPINGS: Final = ("subcategory", "domain", "violations", "category")
"""What a map is split by, the first at first."""
_NAME: Final = 28
_NARROW, _WIDE = 7, 17
"""Cells of a value, and of one with its interval."""
_WIDEST: Final = 18
"""Cells of a part that has room, where its name does not ask for more."""


@dataclass(frozen=True)
class Window:
    """The parts that fit, and how many cells each thing has."""

    name: int
    first: int
    widths: tuple[int, ...]
    """Cells of each part in view."""

    @property
    def shown(self) -> range:
        """Numbers of the parts in view."""
        return range(self.first, self.first + len(self.widths))

    @classmethod
    def fitting(
        cls, room: int, names: list[str], parts: Sequence[str], column: int, *, intervals: bool, skip: int
    ) -> Window:
        """As many parts as fit beside the names, the one under the cursor among them.

        Args:
            parts: their headings; what room is left is shared out, so that they are cut as little as can be.
            skip: parts scrolled past before.
        """
        longest = max(map(cells_of, names), default=0)
        name = min(_NAME, max(9, room // 3), longest)
        width = _WIDE if intervals else _NARROW
        count = max(1, min(len(parts), (room - name - 2) // width))
        first = min(max(skip, column - count + 1), column, max(0, len(parts) - count))
        widths = columns([cells_of(part) for part in parts[first : first + count]], room - name - 2, width, _WIDEST)
        return cls(min(longest, max(name, room - 2 - sum(widths))), first, widths)


@dataclass
class HeatMapState:
    """The map on screen."""

    by: str = GROUPINGS[0]
    table: RankingTable | None = None
    column: int = 0
    skip: int = 0
    intervals: bool = False
    """Whether each value stands with its interval."""

    @property
    def candidates(self) -> list[str]:
        """Labels, the best on the whole first."""
        return [row.candidate for row in self.table.overall.rows] if self.table is not None else []

    @property
    def parts(self) -> list[str]:
        """The whole, then every part."""
        return list(self.table.scopes) if self.table is not None else []

    @property
    def headings(self) -> list[str]:
        """Of the parts; the first is the whole, and has no sign."""
        signs = self.by in ("category", "subcategory")
        return [glyph(part)[0] + part if number and signs else part for number, part in enumerate(self.parts)]

    def take(self, table: RankingTable) -> None:
        """Show another ranking."""
        self.table = table
        self.column = min(self.column, len(self.parts) - 1)

    def row_of(self, part: str, candidate: str) -> RankRow | None:
        """One candidate in one part."""
        assert self.table is not None
        return next((row for row in self.table.scopes[part].rows if row.candidate == candidate), None)

    def move(self, step: int) -> None:
        """Another part is under the cursor."""
        self.column = min(max(0, self.column + step), max(0, len(self.parts) - 1))

    def next_grouping(self) -> None:
        """Split by the next thing."""
        self.by, self.column, self.skip = GROUPINGS[(GROUPINGS.index(self.by) + 1) % len(GROUPINGS)], 0, 0


def read_map(session: Session, by: str) -> RankingTable:
    """The session's question, part by part; blocks.

    Raises:
        RudeError: nothing answers it, or the store cannot be read.
    """
    from engine.results.rankings import rankings_of

    question = session.question(by=by)
    if question == session.question():
        return session.ranking()
    return session.cached("map", question, lambda: rankings_of(session.board(), question))
