"""A correlation as things to draw and to say. Plain Python; `read` blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.results.board import Question
    from engine.results.correlation import CorrelationView
    from engine.stats.estimates import Statistic
    from engine.stats.lines import Line
    from engine.store.connection import Store
    from screens.session import Session

__all__ = ["SYMBOLS", "Asked", "Read", "Rival", "bounds", "chance_of", "read", "rivals", "strength"]

SYMBOLS: Final = {"pearson": "r", "spearman": "ρ", "kendall": "τ"}


@dataclass(frozen=True)
class Asked:
    """Which scatter is wanted; None means the first there is."""

    published: bool | None = None
    """None: own outcomes if there are any, else the published ones."""
    predictor: str | None = None
    outcome: str | None = None


@dataclass(frozen=True)
class Read:
    """What was read, and what could be asked for instead."""

    published: bool
    predictors: tuple[str, ...]
    outcomes: tuple[str, ...]
    predictor: str
    outcome: str
    view: CorrelationView | None
    """None where there is no outcome to set anything against."""
    line: Line | None


@dataclass(frozen=True)
class Rival:
    """Another predictor of the same outcome."""

    predictor: str
    pearson: Statistic
    spearman: Statistic


def read(session: Session, asked: Asked) -> Read:
    """The scatter that is asked for.

    Raises:
        RudeError: nothing has been scored yet, or the store cannot be read.
    """
    question = session.question()
    return session.kept("scatter", (question, asked), lambda: _read(session.store, question, asked))


def _read(store: Store, question: Question, asked: Asked) -> Read:
    from engine.results.correlation import correlation_view, outcome_names, predictor_names
    from engine.stats.lines import fit_line

    published = asked.published
    if published is None:
        published = not outcome_names(store)
    predictors = tuple(predictor_names(store, None if published else question, published=published))
    outcomes = tuple(outcome_names(store, published=published))
    predictor = asked.predictor if asked.predictor in predictors else next(iter(predictors), "")
    outcome = asked.outcome if asked.outcome in outcomes else next(iter(outcomes), "")
    if not predictor or not outcome:
        return Read(published, predictors, outcomes, predictor, outcome, None, None)
    view = correlation_view(store, question, predictor, outcome, published=published)
    known = [point for point in view.points if not math.isnan(point.x) and not math.isnan(point.y)]
    line = fit_line([point.x for point in known], [point.y for point in known]) if len(known) > 2 else None
    return Read(published, predictors, outcomes, predictor, outcome, view, line)


def rivals(session: Session, found: Read) -> list[Rival]:
    """Every predictor of the same outcome, strongest rank correlation first."""
    question = session.question()
    asked = (question, found.published, found.predictors, found.outcome)
    return session.kept("rivals", asked, lambda: _rivals(session.store, question, found))


def _rivals(store: Store, question: Question, found: Read) -> list[Rival]:
    from engine.results.correlation import correlation_views

    views = correlation_views(store, question, found.predictors, [found.outcome], published=found.published)
    listed = [
        Rival(predictor, view.statistics.pearson, view.statistics.spearman)
        for predictor, view in zip(found.predictors, views, strict=True)
    ]
    return sorted(listed, key=lambda rival: _strongest_first(rival.spearman.value))


def _strongest_first(value: float) -> float:
    return math.inf if math.isnan(value) else -abs(value)


def bounds(statistic: Statistic) -> str:
    """`.91  .75–.97`, or a dash for what could not be found."""
    value = strength(statistic.value)
    if math.isnan(statistic.ci_low) or math.isnan(statistic.ci_high):
        return value
    return f"{value}  {strength(statistic.ci_low).strip()}–{strength(statistic.ci_high).strip()}"


def strength(value: float) -> str:
    """A correlation without the leading nought: ` .91`, `−.40`."""
    if math.isnan(value):
        return "  –"
    text = f"{abs(value):.2f}"
    return ("−" if value < 0 else " ") + (text if text.startswith("1") else text[1:])


def chance_of(statistic: Statistic) -> str:
    """The p value in words people use."""
    if math.isnan(statistic.p_value):
        return ""
    return "p < .001" if statistic.p_value < 0.001 else f"p = {statistic.p_value:.3f}".replace("0.", ".")
