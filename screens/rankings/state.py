"""A ranking as it is read, sorted, narrowed, grouped and marked. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from rubrics.errors import BadInput
from screens.shell.order import Order

if TYPE_CHECKING:
    from pathlib import Path

    from engine.results.board import Entrant
    from engine.results.controls import ControlTable
    from engine.results.rankings import RankingTable
    from engine.results.recommendation import Recommendation
    from engine.stats.intervals import Estimate
    from engine.stats.position_bias import PositionBias
    from engine.stats.ranking import RankRow
    from screens.shell.session import Session

__all__ = [
    "CandidateRow",
    "RankingsState",
    "Standings",
    "candidate_rows",
    "profile",
    "rank_text",
    "read_standings",
    "scope_names",
    "standing",
    "tie_sets",
]

_BY_RANK: Final = Order("rank")
_COLUMNS: Final = ("rank", "candidate", "parameters", "precision", "value")
"""What rows can be sorted by, besides the scopes."""


@dataclass(frozen=True)
class Standings:
    """A ranking, and what must be known beside it."""

    table: RankingTable
    biases: Mapping[str, PositionBias]
    """What order does to each candidate, by label; `choice` only."""
    controls: ControlTable
    """What is left of each accuracy without the prompt; empty where it was not asked."""

    suspicions: tuple[str, ...] = ()
    """What speaks against the suite itself."""
    advice: Recommendation | None = None
    """Whom the ranking lets one take."""
    families: Mapping[str, str] = field(default_factory=dict)
    """Of candidates, by name."""

    @property
    def without(self) -> dict[str, Estimate]:
        """The accuracy without the prompt of each candidate that has it."""
        return {label: kinds["none"].without for label, kinds in self.controls.by_label.items() if "none" in kinds}


def read_standings(session: Session) -> Standings:
    """What the session's question is answered with; blocks.

    Raises:
        RudeError: nothing answers it, or the store cannot be read.
    """
    from engine.correlation.lineage import families_known
    from engine.results.controls import control_table
    from engine.results.position_bias import position_biases
    from engine.results.recommendation import recommend
    from engine.results.requirements import read_requirements
    from engine.results.suspicions import suspicions

    def read() -> Standings:
        board = session.board()
        biases = position_biases(board, resamples=1000)
        table, controls = session.ranking(), control_table(session.store, board)
        suspected, wanted = suspicions(session.store, board, table), None
        if session.requirements is not None:
            try:
                wanted = read_requirements(session.requirements)
            except BadInput as error:
                # A mistake in them must not hide the ranking.
                suspected = (*suspected, f"your requirements are not used: {error.where}: {error.what} → {error.fix}")
        advice = recommend(session.store, board, table, controls, wanted)
        return Standings(table, biases, controls, suspected, advice, families_known(session.store))

    return session.cached("standings", (session.question(), _changed_at(session.requirements)), read)


def _changed_at(path: Path | None) -> int | None:
    try:
        return None if path is None else path.stat().st_mtime_ns
    except OSError:
        return None


@dataclass(frozen=True)
class CandidateRow:
    """One candidate: its overall row, and its row in each scope that has one."""

    entrant: Entrant
    overall: RankRow
    scopes: Mapping[str, RankRow]


@dataclass
class RankingsState:
    """The ranking on screen, and what a person has made of it."""

    standings: Standings | None = None
    order: Order = _BY_RANK
    name_filter: str = ""
    marked: list[str] = field(default_factory=list)
    """Labels of at most two candidates, to be compared."""
    grouped: bool = False
    """Whether candidates stand in sets that cannot be told apart."""
    skip: int = 0
    """Scopes scrolled past."""
    rows: list[CandidateRow | list[CandidateRow]] = field(default_factory=list)
    """What stands in the table: a candidate, or a set of them, which is the heading over its members."""

    @property
    def table(self) -> RankingTable | None:
        """The ranking itself."""
        return self.standings.table if self.standings is not None else None

    @property
    def shown_order(self) -> Order:
        """What the rows are sorted by; sets stand by rank."""
        return _BY_RANK if self.grouped else self.order

    def take(self, standings: Standings) -> None:
        """Show another ranking; marks and an order that it does not know are dropped."""
        self.standings = standings
        self.marked = [label for label in self.marked if label in standings.table.entrants]
        if self.order.by not in self.sort_keys():
            self.order = _BY_RANK

    def sort_keys(self) -> list[str]:
        """What the rows can be sorted by."""
        return [*_COLUMNS, *(scope_names(self.table) if self.table is not None else ())]

    def arrange(self) -> list[CandidateRow]:
        """Put the rows together anew; gives back the candidates among them."""
        if self.table is None:
            return []
        candidates = candidate_rows(self.table, self.order, self.name_filter)
        self.rows = list(candidates)
        if self.grouped:
            self.rows = []
            for members in tie_sets(candidates):
                self.rows += [members, *members]
        return candidates

    def candidate_at(self, index: int) -> CandidateRow | None:
        """The candidate in that row; on the heading of a set, its first."""
        if not 0 <= index < len(self.rows):
            return None
        row = self.rows[index]
        return row[0] if isinstance(row, list) else row

    def index_of(self, candidate: CandidateRow | None, otherwise: int) -> int:
        """The row where a candidate stands now, else the one named."""
        for index, row in enumerate(self.rows):
            if candidate is not None and not isinstance(row, list) and row.entrant.label == candidate.entrant.label:
                return index
        return min(otherwise, max(0, len(self.rows) - 1))

    def sort(self, by: str) -> None:
        """Sort by a column or a scope; asking again turns it round. Ends the grouping."""
        self.order = self.order.chosen(by)
        self.grouped = False

    def to_compare(self, under_cursor: CandidateRow | None) -> tuple[str, str] | None:
        """The two that are marked; else the one that is, or that is under the cursor, and the best of the others. The
        better one comes first."""
        if self.table is None:
            return None
        ranked = [row.candidate for row in self.table.overall.rows]
        chosen = self.marked or ([under_cursor.entrant.label] if under_cursor is not None else [])
        chosen = [*chosen, *(label for label in ranked if label not in chosen)][:2]
        first, *rest = sorted(chosen, key=ranked.index)
        return (first, rest[0]) if rest else None

    def toggle_mark(self, label: str) -> None:
        """Mark or unmark; the third mark drops the first."""
        if label in self.marked:
            self.marked.remove(label)
        else:
            self.marked = [*self.marked, label][-2:]

    def exported(self) -> list[str]:
        """Labels of the candidates shown, in the order shown."""
        if self.table is None:
            return []
        return [row.entrant.label for row in candidate_rows(self.table, self.shown_order, self.name_filter)]


def scope_names(table: RankingTable) -> list[str]:
    """The scopes besides `overall`."""
    return table.parts


def candidate_rows(table: RankingTable, order: Order = _BY_RANK, name_filter: str = "") -> list[CandidateRow]:
    """Rows of the candidates whose label holds the filter, sorted."""
    by_scope = {name: {row.candidate: row for row in table.scopes[name].rows} for name in scope_names(table)}
    rows = [
        CandidateRow(
            table.entrants[row.candidate],
            row,
            {name: rows[row.candidate] for name, rows in by_scope.items() if row.candidate in rows},
        )
        for row in table.overall.rows
        if name_filter.casefold() in row.candidate.casefold()
    ]
    return sorted(rows, key=lambda row: _key(row, order.by), reverse=order.reverse)


def _key(row: CandidateRow, by: str) -> tuple[Any, ...]:
    overall = row.overall
    label = overall.candidate.casefold()
    if by == "candidate":
        return (label,)
    if by == "parameters":
        return (-row.entrant.parameters, label)
    if by == "precision":
        return (row.entrant.precision, label)
    if by == "value":
        return (_missing_last(overall.value), label)
    if by in row.scopes:
        return (_missing_last(row.scopes[by].value), label)
    return (overall.rank, label) if by == "rank" else (math.inf, label)


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


def tie_sets(rows: Sequence[CandidateRow]) -> list[list[CandidateRow]]:
    """The sets of candidates that cannot be told apart, best first: every longest run, by value, in which no two are.

    Being told apart is no ranking of its own: a candidate may stand in two sets whose other members differ.
    """
    ordered = sorted(rows, key=lambda row: _key(row, "value"))
    sets: list[list[CandidateRow]] = []
    end = 0
    for start in range(len(ordered)):
        stop = start + 1
        while stop < len(ordered) and all(
            ordered[stop].overall.candidate in row.overall.tied_with for row in ordered[start:stop]
        ):
            stop += 1
        if stop > end:
            sets.append(ordered[start:stop])
            end = stop
    return sets


def profile(row: CandidateRow) -> tuple[list[str], list[str]]:
    """Scopes where the candidate is surely above its own overall value, and where surely below it."""
    strong = [name for name, scope in row.scopes.items() if scope.ci_low > row.overall.value]
    weak = [name for name, scope in row.scopes.items() if scope.ci_high < row.overall.value]
    return strong, weak
