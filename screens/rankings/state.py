"""A ranking as lines to show: filtered, sorted, with what each scope says. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from screens.shell.order import Order

if TYPE_CHECKING:
    from engine.results.board import Entrant
    from engine.results.controls import ControlTable
    from engine.results.rankings import RankingTable
    from engine.stats.intervals import Estimate
    from engine.stats.position_bias import PositionBias
    from engine.stats.ranking import RankRow
    from screens.shell.session import Session

__all__ = [
    "FIXED",
    "Line",
    "Order",
    "Standings",
    "lines",
    "profile",
    "rank_text",
    "scope_names",
    "standing",
    "standings",
    "tie_sets",
]

BY_RANK: Final = Order("rank")
FIXED: Final = ("rank", "candidate", "parameters", "precision", "value")
"""What lines can be sorted by, besides the scopes."""


@dataclass(frozen=True)
class Standings:
    """A ranking, and what must be known beside it."""

    table: RankingTable
    biases: Mapping[str, PositionBias]
    """What order does to each candidate, by label; `choice` only."""
    controls: ControlTable
    """What is left of each accuracy without the prompt; empty where it was not asked."""

    @property
    def without(self) -> dict[str, Estimate]:
        """The accuracy without the prompt of each candidate that has it."""
        return {label: found["none"].without for label, found in self.controls.by_label.items() if "none" in found}


def standings(session: Session) -> Standings:
    """What the session's question is answered with; blocks.

    Raises:
        RudeError: nothing answers it, or the store cannot be read.
    """
    from engine.results.bias import position_biases
    from engine.results.controls import control_table

    def read() -> Standings:
        board = session.board()
        biases = position_biases(board, resamples=1000)
        return Standings(session.ranking(), biases, control_table(session.store, board))

    return session.kept("standings", session.question(), read)


@dataclass(frozen=True)
class Line:
    """One candidate: its overall row, and its row in each scope that has one."""

    entrant: Entrant
    overall: RankRow
    scopes: Mapping[str, RankRow]


def scope_names(table: RankingTable) -> list[str]:
    """The scopes besides `overall`."""
    return [name for name in table.scopes if name != "overall"]


def lines(table: RankingTable, order: Order = BY_RANK, wanted: str = "") -> list[Line]:
    """Lines of the candidates whose label holds `wanted`, sorted."""
    by_scope = {name: {row.candidate: row for row in table.scopes[name].rows} for name in scope_names(table)}
    found = [
        Line(
            table.entrants[row.candidate],
            row,
            {name: rows[row.candidate] for name, rows in by_scope.items() if row.candidate in rows},
        )
        for row in table.overall.rows
        if wanted.casefold() in row.candidate.casefold()
    ]
    return sorted(found, key=lambda line: _key(line, order.by), reverse=order.reverse)


def _key(line: Line, by: str) -> tuple[Any, ...]:
    row = line.overall
    label = row.candidate.casefold()
    if by == "candidate":
        return (label,)
    if by == "parameters":
        return (-line.entrant.parameters, label)
    if by == "precision":
        return (line.entrant.precision, label)
    if by == "value":
        return (_missing_last(row.value), label)
    if by in line.scopes:
        return (_missing_last(line.scopes[by].value), label)
    return (row.rank, label) if by == "rank" else (math.inf, label)


def _missing_last(value: float) -> float:
    return math.inf if math.isnan(value) else -value


def rank_text(row: RankRow) -> str:
    """`2` where the rank is certain, `1–3` where it is an interval."""
    return str(row.rank_low) if row.rank_low == row.rank_high else f"{row.rank_low}–{row.rank_high}"


def standing(row: RankRow, chance: float) -> str:
    """What the interval says about chance: `above`, `below`, or `at` where it holds the chance level."""
    if math.isnan(row.value) or math.isnan(row.ci_low) or math.isnan(row.ci_high):
        return "at"
    if row.ci_low > chance:
        return "above"
    return "below" if row.ci_high < chance else "at"


def tie_sets(shown: Sequence[Line]) -> list[list[Line]]:
    """The sets of candidates that cannot be told apart, best first: every longest run, by value, in which no two are.

    Being told apart is no ranking of its own: a candidate may stand in two sets whose other members differ.
    """
    ordered = sorted(shown, key=lambda line: _key(line, "value"))
    found: list[list[Line]] = []
    end = 0
    for start in range(len(ordered)):
        stop = start + 1
        while stop < len(ordered) and all(
            ordered[stop].overall.candidate in line.overall.tied_with for line in ordered[start:stop]
        ):
            stop += 1
        if stop > end:
            found.append(ordered[start:stop])
            end = stop
    return found


def profile(line: Line) -> tuple[list[str], list[str]]:
    """Scopes where the candidate is surely above its own overall value, and where surely below it."""
    strong = [name for name, row in line.scopes.items() if row.ci_low > line.overall.value]
    weak = [name for name, row in line.scopes.items() if row.ci_high < line.overall.value]
    return strong, weak
