"""Does the number foretell the outcome? One predictor against one outcome over the candidates that have both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.predictors.interface import Evidence
from engine.predictors.stored import RUDE, SIZE, STORED, VARIANTS
from engine.predictors.tokens import PROXIES
from engine.results.board import Question
from engine.stats.correlation import Correlation, correlate
from engine.stats.intervals import Estimate
from engine.store.connection import Store
from engine.store.outcomes import stored_outcomes
from engine.store.predictors import stored_predictors
from rubrics.errors import BadInput

__all__ = [
    "RUDE",
    "SIZE",
    "CorrelationView",
    "Point",
    "correlation_view",
    "correlation_views",
    "outcome_names",
    "predictor_label",
    "predictor_names",
    "predictor_values",
    "verdict",
]

_COMPUTED = {**STORED, **PROXIES}
_UNKNOWN = Estimate(math.nan, math.nan, math.nan, "")


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
    higher_is_better: bool = True
    """Of the predictor: False where a good candidate is expected to have the lower value."""
    help: str = ""
    """What the predictor is, in one line."""
    variant: bool = False
    """Whether it is another reading of RuDE's own verdicts, and so no rival of the headline."""


def predictor_names(
    store: Store | None = None, question: Question | None = None, *, published: bool = False
) -> list[str]:
    """What can stand on the x axis, the headline first; the proxy metrics can too, but are too many to be listed.

    Args:
        store: adds the person's own columns.
        question: leaves out what the runs that answer it cannot give, and what is the headline by another name.

    Raises:
        BadInput: a question that nothing answers.
    """
    if published:
        from data.published import predictors

        return list(predictors())
    names = list(STORED)
    if store is None:
        return names
    if question is not None:
        evidence = Evidence(store, question)
        same = f"RuDE {evidence.board.metric}"
        known = evidence.protocols | {"any protocol"}
        names = [name for name in names if STORED[name].needs in known and name != same]
    return names + sorted({one.predictor for one in stored_predictors(store)} - set(_COMPUTED))


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
        BadInput: no such predictor or outcome, nothing has been run yet, or not what the predictor needs.
    """
    return correlation_views(store, question, [predictor], [outcome], published=published)[0]


def correlation_views(
    store: Store, question: Question, predictors: Sequence[str], outcomes: Sequence[str], *, published: bool = False
) -> list[CorrelationView]:
    """Every predictor against every outcome, by outcome, reading each thing once.

    Raises:
        BadInput: as `correlation_view`.
    """
    for asked, known, what in (
        (predictors, predictor_names(store, published=published), "predictor"),
        (outcomes, outcome_names(store, published=published), "outcome"),
    ):
        for wanted in asked:
            if wanted not in known and (what != "predictor" or published or wanted not in PROXIES):
                fix = f"{what}s: " + ", ".join(known) if known else "rude-tui outcomes add FILE.csv"
                raise BadInput(f"no {what} {wanted!r}", fix=fix)
    if published:
        return [_published(predictor, outcome) for outcome in outcomes for predictor in predictors]
    evidence = Evidence(store, question)
    columns = {predictor: predictor_values(evidence, predictor) for predictor in predictors}
    return [_own(evidence, predictor, columns[predictor], outcome) for outcome in outcomes for predictor in predictors]


def predictor_values(evidence: Evidence, predictor: str) -> Mapping[str, Estimate]:
    """One predictor of the candidates on the question's board, by label; interval ends NaN where there is none.

    Raises:
        BadInput: what it needs has not been run.
    """
    if predictor in _COMPUTED:
        return _COMPUTED[predictor].of(evidence)
    given = {one.candidate: one for one in stored_predictors(evidence.store) if one.predictor == predictor}
    found = {}
    for entrant in evidence.board.entrants:
        one = given.get(entrant.label) or given.get(entrant.name)
        if one is not None:
            low, high = (math.nan if end is None else end for end in (one.ci_low, one.ci_high))
            found[entrant.label] = Estimate(one.value, low, high, "given")
    return found


def predictor_label(evidence: Evidence, predictor: str) -> str:
    """The name with suite, protocol and metric where it depends on them."""
    board = evidence.board
    if predictor == RUDE or (predictor in VARIANTS and STORED[predictor].needs == "any protocol"):
        return f"{predictor} ({board.suite}, {board.protocol}, {board.metric})"
    return predictor


def _own(evidence: Evidence, predictor: str, values: Mapping[str, Estimate], outcome: str) -> CorrelationView:
    table = evidence.ranking()
    outcomes = {o.candidate: o for o in stored_outcomes(evidence.store) if o.outcome == outcome}
    points = []
    for row in table.overall.rows:
        entrant = table.entrants[row.candidate]
        found = outcomes.get(entrant.label) or outcomes.get(entrant.name)
        x = values.get(row.candidate, _UNKNOWN)
        points.append(Point(row.candidate, x.value, x.ci_low, x.ci_high, found.score if found else math.nan))
    notes = list(table.notes)
    if predictor in _COMPUTED and not _COMPUTED[predictor].higher_is_better:
        notes.append(f"{predictor}: lower is better, so a good predictor correlates below zero")
    unknown = [point.name for point in points if math.isnan(point.x)]
    if unknown:
        notes.append(f"no {predictor} known for {', '.join(unknown)}")
    missing = [point.name for point in points if math.isnan(point.y)]
    if missing:
        notes.append(f"no outcome known for {', '.join(missing)}")
    strangers = sorted(
        set(outcomes) - {e.label for e in table.entrants.values()} - {e.name for e in table.entrants.values()}
    )
    if strangers:
        notes.append(f"{len(strangers)} outcome(s) belong to no ranked candidate: {', '.join(strangers[:5])}")
    sources = "; ".join(sorted({o.source for o in outcomes.values() if o.source}))
    chance = table.chance if predictor == RUDE else math.nan
    view = _view(predictor_label(evidence, predictor), outcome, sources, chance, points, notes)
    if predictor not in _COMPUTED:
        return view
    about = _COMPUTED[predictor]
    variant = predictor in VARIANTS
    return replace(view, higher_is_better=about.higher_is_better, help=about.help, variant=variant)


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

    Other readings of RuDE's own verdicts are left out: each would cost the rivals' tests power and is no rival.

    Raises:
        ValueError: no views, or views of different outcomes.
    """
    from engine.stats.league import league

    if len({view.outcome for view in views}) != 1:
        raise ValueError("a verdict is about one outcome")
    views = [views[0], *(view for view in views[1:] if not view.variant)]
    names = sorted({point.name for view in views for point in view.points})
    known = [{point.name: point for point in view.points} for view in views]
    columns = {
        view.predictor: np.array([points[name].x if name in points else math.nan for name in names])
        * (1 if view.higher_is_better else -1)
        for view, points in zip(views, known, strict=True)
    }
    outcome = np.array([next(points[name].y for points in known if name in points) for name in names])
    return league(columns, outcome, statistic="pearson").verdict
