"""A correlation as things to draw and to say. Plain Python; `read` blocks."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.correlation.predictor_outcome import CorrelationView, Expected, Point
    from engine.correlation.sources import Source
    from engine.results.board import Question
    from engine.stats.correlation import LeftOut
    from engine.stats.estimates import Statistic
    from engine.stats.least_squares import Line
    from engine.store.connection import Store
    from screens.session import Session

__all__ = [
    "SYMBOLS",
    "Asked",
    "Pointed",
    "Read",
    "Rival",
    "bounds",
    "chance_of",
    "read",
    "rivals",
    "strength",
    "unlisted",
]

SYMBOLS: Final = {"pearson": "r", "spearman": "ρ", "kendall": "τ"}


@dataclass(frozen=True)
class Asked:
    """Which scatter is wanted; None means the first there is."""

    source: Source | None = None
    """None: own outcomes if there are any, else the ladder's."""
    predictor: str | None = None
    outcome: str | None = None


@dataclass(frozen=True)
class Pointed:
    """What a person points at in the scatter."""

    at: str = ""
    """The candidate under the cursor."""
    leaving: bool = False
    """Whether it is left out of the line and the statistics."""
    family: str = ""
    """The family that is lifted out of the rest."""


@dataclass(frozen=True)
class Read:
    """What was read, and what could be asked for instead."""

    source: Source
    told: str
    """What the source is, in a few words."""
    predictors: tuple[str, ...]
    outcomes: tuple[str, ...]
    predictor: str
    outcome: str
    view: CorrelationView | None
    """None where there is no outcome to set anything against."""
    expected: tuple[Expected, ...]
    """Where candidates without an outcome should land."""

    @property
    def points(self) -> list[Point]:
        """The points there are to draw, from left to right."""
        drawn = {one.name for one in self.expected}
        found = self.view.points if self.view is not None else ()
        shown = [p for p in found if not math.isnan(p.x) and (not math.isnan(p.y) or p.name in drawn)]
        return sorted(shown, key=lambda point: (point.x, point.name))

    @property
    def families(self) -> dict[str, int]:
        """How many points each has, the largest first."""
        return dict(Counter(point.family for point in self.points if point.family).most_common())

    def line(self, without: str = "") -> Line | None:
        """The line through the points that have both numbers, one of them left out on request."""
        from engine.stats.least_squares import fit_line

        known = [p for p in self.points if not math.isnan(p.y) and p.name != without]
        return fit_line([p.x for p in known], [p.y for p in known]) if len(known) > 2 else None

    def left_out(self, name: str, *, family: bool = False) -> LeftOut | None:
        """The correlations without a candidate, or without a family."""
        if self.view is None:
            return None
        found = self.view.statistics
        listed = found.leave_family_out if family else found.leave_one_out
        return next((one for one in listed if one.name == name), None)


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
    from engine.correlation.predictor_outcome import correlation_view, expected, outcome_names, predictor_names
    from engine.correlation.sources import BUNDLED

    source = asked.source or ("own" if outcome_names(store) else "ladder")
    own = source == "own"
    told = "own outcomes" if own else BUNDLED[source]().told
    predictors = tuple(predictor_names(store, question if own else None, source=source))
    outcomes = tuple(outcome_names(store, source=source))
    predictor = asked.predictor or ""
    if predictor not in predictors and (not own or not _is_known(store, predictor)):
        predictor = next(iter(predictors), "")
    outcome = asked.outcome if asked.outcome in outcomes else next(iter(outcomes), "")
    if not predictor or not outcome:
        return Read(source, told, predictors, outcomes, predictor, outcome, None, ())
    view = correlation_view(store, question, predictor, outcome, source=source)
    return Read(source, told, predictors, outcomes, predictor, outcome, view, expected(view))


def _is_known(store: Store, predictor: str) -> bool:
    from engine.predictors.catalogue import catalogue

    return predictor in catalogue(store)


def unlisted(session: Session) -> list[str]:
    """The predictors that come by the dozen, as far as what is stored gives them."""
    from engine.predictors.catalogue import catalogue
    from engine.predictors.interface import Evidence

    evidence = Evidence(session.store, session.question())
    known = catalogue(session.store).items()
    return [name for name, one in known if not one.listed and one.has_runs(evidence) and one.is_stored(evidence)]


def rivals(session: Session, found: Read) -> tuple[list[Rival], str]:
    """Every predictor of the same outcome, strongest rank correlation first, and what may be said of the one shown."""
    question = session.question()
    wanted = (question, found.source, found.predictor, found.outcome)
    return session.kept("rivals", wanted, lambda: _rivals(session.store, question, found))


def _rivals(store: Store, question: Question, found: Read) -> tuple[list[Rival], str]:
    from engine.correlation.predictor_outcome import correlation_views, verdict

    names = [found.predictor, *(name for name in found.predictors if name != found.predictor)]
    views = correlation_views(store, question, names, [found.outcome], source=found.source)
    listed = [
        Rival(predictor, view.statistics.pearson, view.statistics.spearman)
        for predictor, view in zip(names, views, strict=True)
    ]
    return sorted(listed, key=lambda rival: _strongest_first(rival.spearman.value)), verdict(views)


def _strongest_first(value: float) -> float:
    return math.inf if math.isnan(value) else -abs(value)


def bounds(statistic: Statistic) -> str:
    """`.91 .75–.97`, or a dash for what could not be found."""
    value = strength(statistic.value)
    if math.isnan(statistic.ci_low) or math.isnan(statistic.ci_high):
        return value
    return f"{value} {strength(statistic.ci_low).strip()}–{strength(statistic.ci_high).strip()}"


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
