"""A ranking over wordings in lines. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from screens.shell.formats import percent
from screens.shell.plain import padded

if TYPE_CHECKING:
    from engine.results.wordings import Reworded, WordingTable
    from engine.stats.ranking import RankRow
    from screens.shell.session import Session

__all__ = ["WordingColumns", "read_wordings", "share_words", "wording_cells", "wording_heading"]

_FIXED = 5 + 7 + 14 + 14
"""Cells of place, average, interval and span, with the blanks before them."""
_WORDING = 13


@dataclass(frozen=True)
class WordingColumns:
    """What there is room for; wordings that have none come with the right arrow."""

    name: int
    first: int
    count: int
    """So many wordings, from `first` on."""
    width: int = _WORDING
    """Cells of a wording."""

    @classmethod
    def fitting(cls, room: int, names: int, wordings: int, first: int, widest: int = 0) -> WordingColumns:
        """The most that fits.

        Args:
            room: cells of a line.
            names: cells of the longest name.
            widest: cells of the longest name of a wording.
        """
        shown = max(1, min(wordings, (room - _FIXED - max(8, min(names, 16))) // _WORDING))
        name = max(8, min(names, room - _FIXED - shown * _WORDING))
        width = max(_WORDING, min(widest + 2, (room - _FIXED - name) // shown))
        return cls(name, min(first, wordings - shown), shown, width)

    def of(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """Those in view."""
        return values[self.first : self.first + self.count]


def read_wordings(session: Session) -> WordingTable:
    """The table for the session's question. Blocks.

    Raises:
        RudeError: nothing has been scored in several wordings, or the store cannot be read.
    """
    from engine.results.wordings import wording_table

    question = session.question()
    return session.cached("wordings", (question,), lambda: wording_table(session.store, question))


def wording_heading(table: WordingTable, columns: WordingColumns) -> str:
    """The line above the candidates."""
    names = "".join(" " + padded(name, columns.width - 1, right=True) for name in columns.of(table.wordings))
    return f"     {'candidate':<{columns.name}}{'average':>7}{'95 %':>14}{'low–high':>14}{names}"


def wording_cells(row: Reworded, averaged: RankRow, columns: WordingColumns) -> str:
    """One candidate: place and accuracy on average, then accuracy and place in each wording."""
    name = padded(row.candidate, columns.name)
    values = tuple(f"{percent(value)} ({place})" for value, place in zip(row.values, row.ranks, strict=True))
    span = f"{percent(averaged.ci_low)}–{percent(averaged.ci_high)}"
    line = f"{averaged.rank:>4} {name}{percent(averaged.value):>7}{span:>14}"
    return (
        line
        + f"{percent(row.low)}–{percent(row.high)}".rjust(14)
        + "".join(value.rjust(columns.width) for value in columns.of(values))
    )


def share_words(table: WordingTable) -> str:
    """What the differences are made of; empty for one candidate."""
    shares = table.shares
    if shares is None:
        return ""
    return (
        f"Of the variance of these accuracies {percent(shares.rows, 0)} % lies between candidates, "
        f"{percent(shares.columns, 0)} % between wordings, which turns no ranking, {percent(shares.both, 0)} % is of a "
        f"candidate in a wording, which does, and {percent(shares.chance, 0)} % is what other pairs would change."
    )
