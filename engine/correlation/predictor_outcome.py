"""Does the number foretell the outcome? One predictor against one outcome over the candidates that have both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from engine.correlation.direction import turned
from engine.correlation.families import family_of
from engine.correlation.lineage import families_known, families_said
from engine.correlation.names import (
    check_outcomes,
    check_predictors,
    outcome_names,
    predictor_label,
    predictor_names,
    predictor_values,
)
from engine.correlation.sources import BUNDLED, Source
from engine.outcomes.exactness import interval_of, possible, share_ends
from engine.outcomes.outcome import lower_is_better, mixed_conditions, mixed_scales, scale_of
from engine.outcomes.words import outcome_in_words
from engine.predictors.catalogue import catalogue
from engine.predictors.from_verdicts import RUDE, SIZE
from engine.predictors.interface import Evidence, Predictor
from engine.results.board import Question
from engine.stats.correlation import Correlation, Over, correlate, partial
from engine.stats.estimates import Statistic
from engine.stats.intervals import Estimate
from engine.stats.least_squares import Line, fit_line
from engine.stats.selection import BestOf, best_of
from engine.store.connection import Store
from engine.store.outcomes import stored_outcomes
from rubrics.counted import count

if TYPE_CHECKING:
    from engine.results.rankings import RankingTable
    from engine.stats.league import League

__all__ = [
    "HELP",
    "RUDE",
    "SIZE",
    "CorrelationView",
    "Expected",
    "Point",
    "best_view",
    "correlation_view",
    "correlation_views",
    "expected",
    "given_size",
    "league_of",
    "line_of",
    "outcome_names",
    "predictor_label",
    "predictor_names",
    "predictor_values",
    "verdict",
    "view_of",
]

HELP: Final = {
    "p": "share of reorderings of the outcome with a correlation at least as strong",
    "families": "over families whole families are left out and drawn, and p is the share of choices of a sign for each "
    "family's part with a correlation at least as strong",
    "size": "given size: the correlation that log10 parameters do not account for",
    "without": "the correlation nearest to none when one candidate, or one family, is left out",
    "expected": "95 % prediction interval of a least-squares line through the candidates with both numbers; over "
    "families, of a candidate of another family",
}
"""One line on each number beside a correlation."""

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
    size: float = math.nan
    """log10 parameters; NaN where not known."""
    family: str = ""
    shipped: bool = False
    """Whether it is a candidate of a study that ships and its weights ship too."""
    y_low: float = math.nan
    """95 % by the score's own standard error, and its samples, where it came with them."""
    y_high: float = math.nan


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
    outcome_higher_is_better: bool = True
    """Of the outcome: False for a perplexity and its like."""
    help: str = ""
    """What the predictor is, in one line."""
    variant: bool = False
    """Whether it is another reading of RuDE's own verdicts, and so no rival of the headline."""
    over: Over = "candidates"
    """What its intervals take for independent."""
    whose: Source = "own"
    """Where its outcomes come from."""
    outcome_scale: float | None = None
    """The largest that the outcome can be, from 0 on; None where nobody has said."""

    @property
    def outcome_words(self) -> str:
        """The outcome in words, where its name is none."""
        return outcome_in_words(self.outcome, self.whose)

    @property
    def outcome_label(self) -> str:
        """The outcome as an axis is labelled."""
        words = self.outcome_words
        return words if self.outcome_higher_is_better else f"{words} (lower is better)"


def correlation_view(
    store: Store,
    question: Question,
    predictor: str,
    outcome: str,
    *,
    source: Source = "own",
    families: Mapping[str, str] | None = None,
) -> CorrelationView:
    """The scatter of one predictor against one outcome, with Pearson, Spearman and Kendall.

    Raises:
        BadInput: no such predictor or outcome, nothing has been run yet, or not what the predictor needs.
    """
    return correlation_views(store, question, [predictor], [outcome], source=source, families=families)[0]


def correlation_views(
    store: Store,
    question: Question,
    predictors: Sequence[str],
    outcomes: Sequence[str],
    *,
    source: Source = "own",
    families: Mapping[str, str] | None = None,
) -> list[CorrelationView]:
    """Every predictor against every outcome, by outcome, reading each thing once.

    Args:
        predictors: by name, or as what is shown calls them, with the question behind it.
        families: by candidate; of those left out, as a person has said or as is proposed.

    Raises:
        BadInput: as `correlation_view`.
    """
    stored = predictor_names(source=source) if source != "own" else list(catalogue(store))
    evidence = Evidence(store, question)
    if source == "own" and any(name not in stored for name in predictors):
        labels = {predictor_label(evidence, name): name for name in stored}
        predictors = [labels.get(name, name) for name in predictors]
    check_predictors(predictors, stored, [name for name in stored if not name.startswith("proxy ")])
    check_outcomes(outcomes, outcome_names(store, source=source))
    known = families_known(store) if source == "own" else families_said(store)
    families = {**known, **(families or {})}
    if source != "own":
        over = question.over
        return [
            _bundled(source, predictor, outcome, families, over) for outcome in outcomes for predictor in predictors
        ]
    about = catalogue(store)
    columns = {predictor: about[predictor].of(evidence) for predictor in predictors}
    return [
        _own(evidence, about[predictor], columns[predictor], outcome, families)
        for outcome in outcomes
        for predictor in predictors
    ]


def _own(
    evidence: Evidence,
    about: Predictor,
    values: Mapping[str, Estimate],
    outcome: str,
    families: Mapping[str, str],
) -> CorrelationView:
    table = evidence.ranking()
    outcomes = {o.candidate: o for o in stored_outcomes(evidence.store) if o.outcome == outcome}
    predictor, points = about.name, []
    for row in table.overall.rows:
        entrant = table.entrants[row.candidate]
        measured = outcomes.get(entrant.label) or outcomes.get(entrant.name)
        x = values.get(row.candidate, _UNKNOWN)
        size = math.log10(entrant.parameters) if entrant.parameters else math.nan
        y = measured.score if measured else math.nan
        family = families.get(entrant.name) or family_of(entrant.name)
        ends = interval_of(measured) if measured else (math.nan, math.nan)
        points.append(Point(row.candidate, x.value, x.ci_low, x.ci_high, y, size, family, False, *ends))
    lower = lower_is_better(outcomes.values())
    notes = [*table.notes, *turned(predictor, about.higher_is_better, outcome, not lower)]
    if warning := about.warn(evidence):
        notes.append(warning)
    if both := mixed_scales([point for name, point in outcomes.items() if name in _names_of(table)]):
        notes.append(f"{outcome} looks like two scales: {both}")
    if several := mixed_conditions([point for name, point in outcomes.items() if name in _names_of(table)]):
        notes.append(f"{outcome} was measured under several conditions: {several}")
    unknown = [point.name for point in points if math.isnan(point.x)]
    if unknown:
        notes.append(f"no {predictor} known for {', '.join(unknown)}")
    missing = [point.name for point in points if math.isnan(point.y)]
    if missing:
        notes.append(f"no outcome known for {', '.join(missing)}")
    strangers = sorted(set(outcomes) - _names_of(table))
    if strangers:
        notes.append(f"{count(len(strangers), 'outcome')} of no ranked candidate: {', '.join(strangers[:5])}")
    sources = "; ".join(sorted({o.source for o in outcomes.values() if o.source}))
    chance = table.chance if predictor == RUDE else about.chance
    label, over = predictor_label(evidence, predictor), evidence.question.over
    view = view_of(label, outcome, sources, chance, points, notes, over)
    scale = scale_of(outcomes.values())
    return replace(_with_help(view, about), outcome_higher_is_better=not lower, outcome_scale=scale)


def _with_help(view: CorrelationView, about: Predictor) -> CorrelationView:
    return replace(view, higher_is_better=about.higher_is_better, help=about.help, variant=about.variant)


def _names_of(table: RankingTable) -> set[str]:
    """Names and labels of the ranked candidates."""
    return {name for entrant in table.entrants.values() for name in (entrant.label, entrant.name)}


def _bundled(
    source: Source, predictor: str, outcome: str, families: Mapping[str, str], over: Over
) -> CorrelationView:  # fmt: skip
    study = BUNDLED[source]()
    pairs = study.pairs_read(outcome) if predictor == study.predictors[0] else 0
    measured, points = study.measured(outcome), []
    for p in study.points(predictor, outcome):
        low = high = math.nan
        if pairs and not math.isnan(p.x):
            # The study's share of pairs, taken for independent: no more is known of them.
            low, high = (end / study.unit for end in share_ends(p.x * study.unit, pairs))
        family = families.get(p.name) or p.family
        ends = interval_of(measured[p.name]) if p.name in measured else (math.nan, math.nan)
        points.append(Point(p.name, p.x, low, high, p.y, p.size, family, p.shipped, *ends))
    about = catalogue().get(predictor)
    higher = about.higher_is_better if about else predictor not in study.lower
    notes = [*turned(predictor, higher, outcome, True), *study.notes(predictor)]
    view = view_of(predictor, outcome, study.source, math.nan, points, notes, over)
    view = replace(view, whose=source, outcome_scale=scale_of(measured.values()))
    if about is None:
        return replace(view, higher_is_better=higher, help=study.about.get(predictor, ""))
    return _with_help(view, about)


def view_of(
    predictor: str, outcome: str, source: str, chance: float, points: Sequence[Point], notes: Sequence[str],
    over: Over = "candidates",
) -> CorrelationView:  # fmt: skip
    """The scatter of these points, with its statistics; `over`: what these take for independent."""
    complete = _both(points)
    statistics = correlate(
        [point.x for point in complete],
        [point.y for point in complete],
        [point.name for point in complete],
        families=[point.family for point in complete],
        over=over,
    )
    return CorrelationView(predictor, outcome, source, chance, tuple(points), statistics, tuple(notes), over=over)


def _both(points: Sequence[Point]) -> list[Point]:
    return [point for point in points if not math.isnan(point.x) and not math.isnan(point.y)]


def given_size(view: CorrelationView, *, ranks: bool = False) -> Statistic:
    """The correlation that log10 parameters do not account for: partial Pearson, or Spearman."""
    complete = _both(view.points)
    columns = [p.x for p in complete], [p.y for p in complete], [p.size for p in complete]
    return partial(*columns, ranks=ranks, families=[p.family for p in complete], over=view.over)


@dataclass(frozen=True)
class Expected:
    """Where a candidate without an outcome should land."""

    name: str
    x: float
    value: float
    low: float
    high: float
    """95 % prediction interval; NaN where there are too few families."""
    outside: bool
    """Whether its predictor lies beyond all those with an outcome."""


def line_of(view: CorrelationView, *, without: str = "") -> Line | None:
    """The least-squares line through the candidates with both numbers, one of them left out on request, with intervals
    over what the view takes for independent; none below three points."""
    both = [point for point in _both(view.points) if point.name != without]
    families = [point.family for point in both] if view.over == "families" else None
    return fit_line([p.x for p in both], [p.y for p in both], families=families) if len(both) > 2 else None


def expected(view: CorrelationView) -> tuple[Expected, ...]:
    """Each candidate whose outcome is unknown, by a least-squares line through the others; none below three points."""
    complete, line, scale = _both(view.points), line_of(view), view.outcome_scale
    if line is None or math.isnan(line.scatter):
        return ()
    first, last = min(p.x for p in complete), max(p.x for p in complete)
    found = []
    for p in view.points:
        if math.isnan(p.y) and not math.isnan(p.x):
            value, low, high = (possible(y, scale) for y in (line.at(p.x), *line.interval(p.x)))
            found.append(Expected(p.name, p.x, value, low, high, not first <= p.x <= last))
    return tuple(found)


def league_of(
    views: Sequence[CorrelationView], *, statistic: Literal["pearson", "spearman", "kendall"] = "pearson"
) -> League:
    """The views' predictors side by side, the first one's against every other, each also given size.

    Raises:
        ValueError: no views, or views of different outcomes.
    """
    from engine.stats.league import league

    columns, outcome, size, families = _aligned(views)
    return league(columns, outcome, control=size, families=families, statistic=statistic, over=views[0].over)


def best_view(views: Sequence[CorrelationView]) -> BestOf:
    """The strongest of the views' predictors by |ρ|, beside the best that as many useless ones would reach.

    Raises:
        ValueError: no views, or views of different outcomes.
    """
    columns, outcome, *_ = _aligned(views)
    return best_of(list(columns.values()), outcome)


def verdict(views: Sequence[CorrelationView]) -> str:
    """What may be said of the first view's predictor against the others', for one outcome, in a sentence.

    Other readings of RuDE's own verdicts are left out: each would cost the rivals' tests power and is no rival.

    Raises:
        ValueError: no views, or views of different outcomes.
    """
    from engine.stats.league import league

    columns, outcome, _, families = _aligned([view for i, view in enumerate(views) if not i or not view.variant])
    return league(columns, outcome, statistic="pearson", families=families, over=views[0].over).verdict


def _aligned(
    views: Sequence[CorrelationView],
) -> tuple[dict[str, npt.NDArray[np.float64]], npt.NDArray[np.float64], npt.NDArray[np.float64], list[str]]:
    """By predictor, values, and outcome, all turned so that higher is better; log10 parameters, families."""
    if len({view.outcome for view in views}) != 1:
        raise ValueError("a verdict is about one outcome")
    names = sorted({point.name for view in views for point in view.points})
    by_name = [{point.name: point for point in view.points} for view in views]
    columns = {
        view.predictor: np.array([points[name].x if name in points else math.nan for name in names])
        * (1 if view.higher_is_better else -1)
        for view, points in zip(views, by_name, strict=True)
    }
    points_of_any = [next(points[name] for points in by_name if name in points) for name in names]
    size = np.array([point.size for point in points_of_any])
    outcome = np.array([point.y for point in points_of_any]) * (1 if views[0].outcome_higher_is_better else -1)
    return columns, outcome, size, [point.family for point in points_of_any]
