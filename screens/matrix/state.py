"""Which matrix is asked for, where the cursor is in it, and what its cells say. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from screens.shell.plain import cells_of
from screens.widgets.cells import columns

if TYPE_CHECKING:
    from engine.correlation.by_part import MatrixView
    from engine.correlation.sources import Source
    from engine.results.board import Question
    from engine.results.database import Store
    from engine.stats.correlation_matrix import Kind, MatrixCell
    from screens.shell.session import Session

__all__ = ["NONE", "Asked", "MatrixData", "MatrixState", "Window", "possible_ties", "read_matrix", "tie"]

KINDS: Final[tuple[Kind, ...]] = ("pearson", "spearman", "kendall")
NONE: Final = "\0none"
"""Stands for no tie; no domain is named so."""
_NAME, _CELL = 24, 9
"""Cells of the widest name of a part, and of the narrowest cell of the matrix."""
_WIDEST = 16


@dataclass(frozen=True)
class Asked:
    """Which matrix; None means the first there is."""

    source: Source | None = None
    """None: own outcomes if there are any, else the ladder's."""
    by: str | None = None
    statistic: Kind = "pearson"


@dataclass(frozen=True)
class MatrixData:
    """What was read, and by what else it could be split."""

    view: MatrixView
    groupings: tuple[str, ...]

    @property
    def rows(self) -> list[tuple[MatrixCell, ...]]:
        """Parts, then references."""
        return [*self.view.matrix.cells, *self.view.matrix.references]


@dataclass(frozen=True)
class Window:
    """What there is room for: the columns from `first` on, `count` of them, behind names."""

    name: int
    first: int
    count: int
    widths: tuple[int, ...]
    """Cells of each column in view."""

    @classmethod
    def fitting(cls, room: int, names: list[str], heads: Sequence[str], cursor: int) -> Window:
        """The most that fits in so many cells, the column under the cursor among it; heads take what room is left."""
        longest = max((cells_of(text) for text in names), default=8)
        name = min(_NAME, longest)
        count = max(1, min(len(heads), (room - name - 2) // _CELL))
        first = min(max(0, cursor - count // 2), len(heads) - count)
        widths = columns([cells_of(head) for head in heads[first : first + count]], room - name - 2, _CELL, _WIDEST)
        return cls(min(longest, max(name, room - 2 - sum(widths))), first, count, widths)


@dataclass
class MatrixState:
    """The matrix on screen and the cell under the cursor."""

    asked: Asked = Asked()
    data: MatrixData | None = None
    row: int = 0
    column: int = 0

    def take(self, data: MatrixData) -> None:
        """Show another matrix; the cursor stays where it is, as far as there is such a place."""
        self.data = data
        self.row = min(self.row, len(data.rows) - 1)
        self.column = min(self.column, len(data.view.matrix.columns) - 1)

    @property
    def cell(self) -> MatrixCell | None:
        """Under the cursor."""
        return self.data.rows[self.row][self.column] if self.data is not None else None

    def move(self, step: int) -> None:
        """To another outcome, round and round."""
        if self.data is not None:
            self.column = (self.column + step) % len(self.data.view.matrix.columns)

    def next_statistic(self) -> None:
        """Pearson, Spearman, Kendall, and round again."""
        following = KINDS[(KINDS.index(self.asked.statistic) + 1) % len(KINDS)]
        self.asked = replace(self.asked, statistic=following)

    def next_grouping(self) -> None:
        """The next way to split the suite."""
        if self.data is not None:
            ways = self.data.groupings
            self.asked = replace(self.asked, by=ways[(ways.index(self.data.view.by) + 1) % len(ways)])

    def next_source(self) -> None:
        """The next source, and round again."""
        from engine.correlation.sources import SOURCES

        shown = self.asked.source or (self.data.view.source if self.data is not None else "own")
        following = SOURCES[(SOURCES.index(shown) + 1) % len(SOURCES)]
        self.asked = Asked(following, None, self.asked.statistic)


def read_matrix(session: Session, asked: Asked) -> MatrixData:
    """The matrix that is asked for; blocks.

    Raises:
        RudeError: nothing has been scored, there is no outcome, or the store cannot be read.
    """
    question = session.question()
    return session.cached("matrix", (question, asked), lambda: _read(session.store, question, asked))


def _read(store: Store, question: Question, asked: Asked) -> MatrixData:
    from engine.correlation.by_part import groupings, matrix_view
    from engine.correlation.names import first_source

    source = asked.source or first_source(store)
    ways = groupings(store, question, source)
    by = asked.by if asked.by in ways else ways[0]
    view = matrix_view(store, question, by=by, source=source, statistic=asked.statistic)
    return MatrixData(view, ways)


def possible_ties(session: Session) -> list[str]:
    """What an outcome can be tied to: the domains of the suite asked about, categories and subcategories; blocks."""
    from rubrics.taxonomy import Category, Subcategory

    domains = sorted(set(session.board().index.domain))
    return list(dict.fromkeys([*domains, *map(str, Category), *map(str, Subcategory)]))


def tie(session: Session, outcome: str, domain: str | None) -> None:
    """Tie an outcome to a domain, or to none; blocks.

    Raises:
        RudeError: it cannot be stored.
    """
    from engine.annotations.outcomes import tie as tie_outcome

    tie_outcome(session.store, outcome, domain)
