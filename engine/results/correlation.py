"""Does the number foretell the outcome? One predictor against one outcome over the candidates that have both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.results.board import Question, load_board
from engine.results.rankings import rankings_of
from engine.stats.correlation import Correlation, correlate
from engine.store.connection import Store
from engine.store.outcomes import stored_outcomes
from rubrics.errors import BadInput

__all__ = [
    "RUDE",
    "SIZE",
    "CorrelationView",
    "Point",
    "correlation_view",
    "outcome_names",
    "predictor_names",
    "verdict",
]

RUDE: Final = "RuDE accuracy"
"""The headline predictor: the value of the ranking that the question asks for."""
SIZE: Final = "log10 parameters"


@dataclass(frozen=True)
class Point:
    """One candidate; an interval end is NaN where there is none."""

    name: str
    x: float
    x_low: float
    x_high: float
    y: float
    """NaN where the outcome is unknown."""


@dataclass(frozen=True)
class CorrelationView:
    """A scatter with its statistics and what must be known to read it."""

    predictor: str
    outcome: str
    source: str
    chance: float
    """Chance level of the predictor; NaN where it has none."""
    points: tuple[Point, ...]
    statistics: Correlation
    notes: tuple[str, ...]


def predictor_names(*, published: bool = False) -> list[str]:
    """What can stand on the x axis."""
    if published:
        from data.published import predictors

        return list(predictors())
    return [RUDE, SIZE]


def outcome_names(store: Store, *, published: bool = False) -> list[str]:
    """What can stand on the y axis."""
    if published:
        from data.published import benchmarks

        return list(benchmarks())
    return sorted({outcome.outcome for outcome in stored_outcomes(store)})


def correlation_view(
    store: Store, question: Question, predictor: str, outcome: str, *, published: bool = False
) -> CorrelationView:
    """The scatter of one predictor against one outcome, with Pearson, Spearman and Kendall.

    Raises:
        BadInput: no such predictor or outcome, or nothing has been run yet.
    """
    for wanted, known, what in (
        (predictor, predictor_names(published=published), "predictor"),
        (outcome, outcome_names(store, published=published), "outcome"),
    ):
        if wanted not in known:
            fix = f"{what}s: " + ", ".join(known) if known else "rude-tui outcomes add FILE.csv"
            raise BadInput(f"no {what} {wanted!r}", fix=fix)
    if published:
        return _published(predictor, outcome)
    table = rankings_of(load_board(store, question), question)
    outcomes = {o.candidate: o for o in stored_outcomes(store) if o.outcome == outcome}
    points = []
    for row in table.overall.rows:
        entrant = table.entrants[row.candidate]
        found = outcomes.get(entrant.label) or outcomes.get(entrant.name)
        if predictor == RUDE:
            x, low, high = row.value, row.ci_low, row.ci_high
        else:
            x, low, high = math.log10(entrant.parameters) if entrant.parameters else math.nan, math.nan, math.nan
        points.append(Point(row.candidate, x, low, high, found.score if found else math.nan))
    notes = list(table.notes)
    missing = [point.name for point in points if math.isnan(point.y)]
    if missing:
        notes.append(f"no outcome known for {', '.join(missing)}")
    strangers = sorted(
        set(outcomes) - {e.label for e in table.entrants.values()} - {e.name for e in table.entrants.values()}
    )
    if strangers:
        notes.append(f"{len(strangers)} outcome(s) belong to no ranked candidate: {', '.join(strangers[:5])}")
    sources = sorted({o.source for o in outcomes.values() if o.source})
    label = f"{RUDE} ({table.suite}, {table.protocol}, {table.metric})" if predictor == RUDE else predictor
    return _view(label, outcome, "; ".join(sources), table.chance if predictor == RUDE else math.nan, points, notes)


def _published(predictor: str, outcome: str) -> CorrelationView:
    from data.published import SOURCE, points

    found = [Point(p.name, p.x, math.nan, math.nan, p.y) for p in points(predictor, outcome)]
    return _view(predictor, outcome, SOURCE, math.nan, found, [])


def _view(
    predictor: str, outcome: str, source: str, chance: float, points: list[Point], notes: list[str]
) -> CorrelationView:
    known = [point for point in points if not math.isnan(point.x) and not math.isnan(point.y)]
    statistics = correlate(
        np.array([point.x for point in known]), np.array([point.y for point in known]), [point.name for point in known]
    )
    return CorrelationView(predictor, outcome, source, chance, tuple(points), statistics, tuple(notes))


def verdict(views: Sequence[CorrelationView]) -> str:
    """What may be said of the first view's predictor against the others', for one outcome, in a sentence.

    Raises:
        ValueError: no views, or views of different outcomes.
    """
    from engine.stats.league import league

    if len({view.outcome for view in views}) != 1:
        raise ValueError("a verdict is about one outcome")
    names = sorted({point.name for view in views for point in view.points})
    known = [{point.name: point for point in view.points} for view in views]
    columns = {
        view.predictor: np.array([points[name].x if name in points else math.nan for name in names])
        for view, points in zip(views, known, strict=True)
    }
    outcome = np.array([next(points[name].y for points in known if name in points) for name in names])
    return league(columns, outcome, statistic="pearson").verdict
