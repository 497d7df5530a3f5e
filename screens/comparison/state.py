"""Two candidates on the same pairs, scope by scope. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from screens.shell.formats import signed

if TYPE_CHECKING:
    from engine.results.board import Board, Question
    from engine.stats.paired import Comparison
    from screens.shell.session import Session

__all__ = ["Columns", "Compared", "compare", "verdict"]

_DIFFERENCE, _INTERVAL, _COUNTS, _BAR = 9, 16, 15, 11
"""Cells, with the blanks around them; of the bar the fewest."""
_WIDEST_BAR = 61


@dataclass(frozen=True)
class Compared:
    """The comparison, and the board it was made on."""

    board: Board
    scopes: tuple[tuple[int, str, Comparison], ...]
    """Each scope with its depth: the whole, the Cs in it, the subcategories in those."""
    by: str = "category"
    """The grouping of the question."""
    relation: str = ""
    """What the two are to each other, where they are not simply two models."""

    @property
    def whole(self) -> Comparison:
        """Over all pairs."""
        return self.scopes[0][2]

    def part(self, index: int) -> tuple[str, str]:
        """The grouping that a scope is a part of, and its name; both empty names stand for the whole suite."""
        depth, scope, _ = self.scopes[index]
        by = (
            self.by if self.by not in ("overall", "category", "subcategory") else ("", "category", "subcategory")[depth]
        )
        return (by, scope) if depth else ("overall", "")


@dataclass(frozen=True)
class Columns:
    """What there is room for: the bar shows what the numbers beside it say, so they go first."""

    name: int
    """Cells of the name of a scope."""
    interval: bool
    counts: bool
    """Whether the pairs that only one of the two wins are counted."""
    bar: int

    @classmethod
    def fitting(cls, room: int, name: int) -> Columns:
        """The most that fits in so many cells."""
        remaining = room - name - _DIFFERENCE
        interval, counts = remaining >= _INTERVAL + _BAR, remaining >= _INTERVAL + _COUNTS + _BAR
        bar = remaining - interval * _INTERVAL - counts * _COUNTS
        bar = max(_BAR, min(_WIDEST_BAR, bar))
        return cls(name, interval, counts, bar - 1 + bar % 2)

    def line(self, difference: str, interval: str, only_a: str, only_b: str) -> str:
        """The cells between the name and the bar."""
        cells = f"{difference:>6} "
        cells += f"{interval:>15} " if self.interval else ""
        return cells + (f"{only_a:>6} {only_b:>6}  " if self.counts else "")


def compare(session: Session, first: str, second: str) -> Compared:
    """Two candidates by label, under the session's question; blocks.

    Raises:
        RudeError: nothing answers the question, or the store cannot be read.
    """
    from engine.results.comparison import relation

    board, question = session.board(), session.question()
    scopes = tuple(_scopes(board, first, second, question))
    return Compared(board, scopes, question.by, relation(board.entrant(first), board.entrant(second)))


def _scopes(board: Board, first: str, second: str, question: Question) -> Iterable[tuple[int, str, Comparison]]:
    """The whole, then the taxonomy down to its subcategories; for another grouping that one."""
    from engine.results.comparison import compare_candidates
    from rubrics.taxonomy import SUBCATEGORIES, Subcategory

    by, weights = question.by, question.weights
    if by not in ("overall", "category", "subcategory"):
        grouped = compare_candidates(board, first, second, by=by, weights=weights)
        yield from ((int(number > 0), scope, whole) for number, (scope, whole) in enumerate(grouped.items()))
        return
    categories = compare_candidates(board, first, second, by="category", weights=weights)
    below = compare_candidates(board, first, second, by="subcategory")
    for number, (scope, comparison) in enumerate(categories.items()):
        yield int(number > 0), scope, comparison
        for sub in Subcategory:
            if str(SUBCATEGORIES[sub].category) == scope and str(sub) in below:
                yield 2, str(sub), below[str(sub)]


def verdict(whole: Comparison) -> str:
    """Who is ahead, if these pairs tell."""
    points = f"{signed(whole.difference * 100, 1)} points ({whole.ends(lambda end: signed(end * 100, 1))})"
    # As the ranking decides, so that the two never differ; the interval is of this difference alone.
    if not whole.told_apart:
        return f"These pairs do not tell the two apart: {points}"
    return f"A is ahead by {points}" if whole.difference > 0 else f"B is ahead: {points}"
