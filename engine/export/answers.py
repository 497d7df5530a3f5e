"""Questions to a database and their answers as typed rows, for notebooks and scripts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from engine.correlation.lineage import families_known
from engine.correlation.predictor_outcome import correlation_view
from engine.correlation.sources import Source
from engine.export.frames import Frame
from engine.export.recommendation_words import headline, reasons
from engine.export.rows import CorrelationRow, DecisionRow, PointRow, RankingRow
from engine.export.tables import ROWS, correlation_rows, decision_rows, ranking_rows, table
from engine.results.board import Question, load_board
from engine.results.controls import control_table
from engine.results.rankings import rankings_of
from engine.results.recommendation import recommend
from engine.results.requirements import Requirements
from engine.results.suspicions import suspicions
from engine.store.connection import Store

__all__ = ["CorrelationAnswer", "DecisionAnswer", "RankingAnswer", "correlation", "decision", "ranking", "table_of"]

R = TypeVar("R", bound=tuple[Any, ...])


@dataclass(frozen=True)
class RankingAnswer(Frame[RankingRow]):
    """The candidates of one suite under one protocol and metric: the scope that decides first (`overall`, or all
    pairs by weights), best first."""

    suite: str
    suite_hash: str
    protocol: str
    metric: str
    chance: float
    notes: tuple[str, ...]
    """What a reader must know to read the numbers rightly."""
    warnings: tuple[str, ...]
    """What speaks against the suite or the runs."""

    def scope(self, name: str) -> tuple[RankingRow, ...]:
        """The rows of one scope: `overall`, or a part of the grouping."""
        return tuple(row for row in self.rows if row.scope == name)


@dataclass(frozen=True)
class DecisionAnswer(Frame[DecisionRow]):
    """Whom to take, every candidate held against the first."""

    take: str | None
    """None where the tests carry nobody."""
    leaders: tuple[str, ...]
    """Those at the top that cannot be told apart, best first."""
    headline: str
    reasons: tuple[str, ...]
    cost_of_error: float | None
    """The most, by the 95 % intervals, that taking the first leader gives away; in accuracy."""
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class CorrelationAnswer(Frame[CorrelationRow]):
    """One predictor against one outcome: Pearson, Spearman, Kendall."""

    predictor: str
    outcome: str
    source: str
    points: Frame[PointRow]
    notes: tuple[str, ...]


def ranking(store: Store, question: Question) -> RankingAnswer:
    """Rank the candidates that answer the question.

    Raises:
        BadInput: no run answers it, or the grouping is unknown.
    """
    board = load_board(store, question)
    ranked = rankings_of(board, question)
    rows = tuple(ranking_rows(ranked, control_table(store, board)))
    return RankingAnswer(
        RankingRow, rows, ranked.suite, ranked.suite_hash, ranked.protocol, ranked.metric, ranked.chance, ranked.notes,
        suspicions(store, board, ranked),
    )  # fmt: skip


def decision(store: Store, question: Question, requirements: Requirements | None = None) -> DecisionAnswer:
    """What the ranking lets one decide, within limits where some are given.

    Raises:
        BadInput: as `ranking`.
    """
    board = load_board(store, question)
    ranked = rankings_of(board, question)
    advice = recommend(store, board, ranked, control_table(store, board), requirements)
    cost, families = advice.cost_of_error, families_known(store)
    return DecisionAnswer(
        DecisionRow, tuple(decision_rows(advice, families)), advice.take, advice.pick.leaders, headline(advice),
        tuple(reasons(advice, families)), None if math.isnan(cost) else cost, suspicions(store, board, ranked),
    )  # fmt: skip


def correlation(
    store: Store, question: Question, predictor: str, outcome: str, *, source: Source = "own"
) -> CorrelationAnswer:
    """How a predictor goes with an outcome over the candidates that have both.

    Raises:
        BadInput: no such predictor or outcome, nothing has been run yet, or not what the predictor needs.
    """
    view = correlation_view(store, question, predictor, outcome, source=source)
    points = [
        PointRow(
            point.name,
            *(
                None if math.isnan(end) else end
                for end in (point.x, point.x_low, point.x_high, point.y, point.y_low, point.y_high)
            ),
        )
        for point in view.points
    ]
    return CorrelationAnswer(
        CorrelationRow, tuple(correlation_rows(view)), view.predictor, view.outcome, view.source,
        Frame(PointRow, tuple(points)), view.notes,
    )  # fmt: skip


def table_of(store: Store, row: type[R], question: Question) -> Frame[R]:
    """The table that has such rows, as it is exported: every protocol run on the suite unless one is named.

    Raises:
        BadInput: nothing stored answers the question.
    """
    (what,) = (name for name, kind in ROWS.items() if cast(object, kind) is row)
    return Frame(row, tuple(map(cast(Any, row)._make, table(store, what, question).rows)))
