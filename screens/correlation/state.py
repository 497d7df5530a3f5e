"""A correlation as it is read, what a person points at in it, and its numbers in words. Plain Python."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from rubrics.errors import BadInput
from screens.shell.formats import strength

if TYPE_CHECKING:
    from engine.correlation.predictor_outcome import CorrelationView, Expected, Point
    from engine.correlation.sources import Source
    from engine.results.board import Question
    from engine.results.database import Store
    from engine.stats.correlation import LeftOut
    from engine.stats.estimates import Statistic
    from engine.stats.least_squares import Line
    from screens.shell.session import Session

__all__ = [
    "SYMBOLS",
    "Axes",
    "CorrelationState",
    "Highlight",
    "Rival",
    "ScatterData",
    "bounds",
    "read_rivals",
    "read_scatter",
    "strength",
    "unlisted_predictors",
]

SYMBOLS: Final = {"pearson": "r", "spearman": "ρ", "kendall": "τ"}


@dataclass(frozen=True)
class Axes:
    """Which scatter is asked for; None means the first there is."""

    source: Source | None = None
    """None: own outcomes if there are any, else the ladder's."""
    predictor: str | None = None
    outcome: str | None = None


@dataclass(frozen=True)
class Highlight:
    """What a person points at in the scatter."""

    candidate: str = ""
    """The one under the cursor."""
    left_out: bool = False
    """Whether it is left out of the line and the statistics."""
    family: str = ""
    """The family that is lifted out of the rest."""


@dataclass(frozen=True)
class ScatterData:
    """What was read, and what could be asked for instead."""

    source: Source
    source_name: str
    """What the source is, in a few words."""
    predictors: tuple[str, ...]
    outcomes: tuple[str, ...]
    predictor: str
    outcome: str
    view: CorrelationView | None
    """None where there is no outcome to set anything against."""
    expected: tuple[Expected, ...]
    """Where candidates without an outcome should land."""
    example: bool = False
    """Whether it is shown unasked, since there are no outcomes of one's own."""
    entrants: tuple[str, ...] = ()
    """Labels and names of the candidates that have been scored here."""

    @property
    def points(self) -> list[Point]:
        """The points there are to draw, from left to right."""
        foretold = {expected.name for expected in self.expected}
        points = self.view.points if self.view is not None else ()
        drawn = [p for p in points if not math.isnan(p.x) and (not math.isnan(p.y) or p.name in foretold)]
        return sorted(drawn, key=lambda point: (point.x, point.name))

    @property
    def families(self) -> dict[str, int]:
        """How many points each has, the largest first."""
        return dict(Counter(point.family for point in self.points if point.family).most_common())

    def line(self, without: str = "") -> Line | None:
        """The line through the points that have both numbers, one of them left out on request."""
        from engine.correlation.predictor_outcome import line_of

        return None if self.view is None else line_of(self.view, without=without)

    def left_out(self, name: str, *, family: bool = False) -> LeftOut | None:
        """The correlations without a candidate, or without a family."""
        if self.view is None:
            return None
        statistics = self.view.statistics
        listed = statistics.leave_family_out if family else statistics.leave_one_out
        return next((left_out for left_out in listed if left_out.name == name), None)


@dataclass(frozen=True)
class Rival:
    """Another predictor of the same outcome."""

    predictor: str
    pearson: Statistic
    spearman: Statistic


@dataclass
class CorrelationState:
    """The scatter on screen, and what a person has made of it."""

    axes: Axes = Axes()
    data: ScatterData | None = None
    rivals: list[Rival] = field(default_factory=list)
    verdict: str = ""
    """What may be said of the predictor among its rivals."""
    highlight: Highlight = Highlight()

    def take(self, data: ScatterData) -> bool:
        """Show another scatter; whether its axes are others than before. What it does not hold is no longer lit."""
        before, self.data, self.rivals, self.verdict = self.data, data, [], ""
        if data.view is None:
            return False
        if self.highlight.candidate not in {point.name for point in data.points}:
            self.highlight = replace(self.highlight, candidate="", left_out=False)
        if self.highlight.family not in data.families:
            self.highlight = replace(self.highlight, family="")
        return before is None or (before.predictor, before.outcome) != (data.predictor, data.outcome)

    def step(self, step: int) -> None:
        """Go on by so many points, round and round."""
        names = [point.name for point in self.data.points] if self.data is not None else []
        if names:
            at = self.highlight.candidate
            place = names.index(at) + step if at in names else (0 if step > 0 else -1)
            self.highlight = replace(self.highlight, candidate=names[place % len(names)])

    def toggle_left_out(self) -> bool:
        """Leave the point under the cursor out, or take it in again; without a cursor, the one that matters most.

        Returns:
            False where there are too few points to leave one out.
        """
        if self.highlight.candidate:
            self.highlight = replace(self.highlight, left_out=not self.highlight.left_out)
            return True
        listed = self.data.view.statistics.leave_one_out if self.data is not None and self.data.view is not None else ()
        weakest = min(listed, key=lambda left_out: abs(left_out.pearson), default=None)
        if weakest is not None:
            self.highlight = replace(self.highlight, candidate=weakest.name, left_out=True)
        return weakest is not None

    def choose(self, *, predictor: str = "", outcome: str = "") -> None:
        """Another predictor or outcome of the same source."""
        assert self.data is not None
        self.axes = Axes(self.data.source, predictor or self.data.predictor, outcome or self.data.outcome)

    def next_source(self) -> None:
        """The next source of outcomes, and round again."""
        from engine.correlation.sources import SOURCES

        shown = self.axes.source or (self.data.source if self.data is not None else "own")
        self.axes = Axes(SOURCES[(SOURCES.index(shown) + 1) % len(SOURCES)])


def read_scatter(session: Session, axes: Axes) -> ScatterData:
    """The scatter that is asked for; blocks.

    Raises:
        RudeError: nothing has been scored yet, or the store cannot be read.
    """
    question = session.question()
    return session.cached("scatter", (question, axes), lambda: _read(session.store, question, axes))


def _read(store: Store, question: Question, axes: Axes) -> ScatterData:
    from engine.correlation.names import first_source
    from engine.correlation.predictor_outcome import correlation_view, expected, outcome_names, predictor_names
    from engine.correlation.sources import BUNDLED

    source = axes.source or first_source(store)
    example = axes.source is None and source != "own"
    own = source == "own"
    name = "own outcomes" if own else BUNDLED[source]().title
    predictors = tuple(predictor_names(store, question if own else None, source=source))
    outcomes = tuple(outcome_names(store, source=source))
    predictor = axes.predictor or ""
    if predictor not in predictors and (not own or not _in_catalogue(store, predictor)):
        predictor = next(iter(predictors), "")
    outcome = axes.outcome if axes.outcome in outcomes else next(iter(outcomes), "")
    if not predictor or not outcome:
        return ScatterData(source, name, predictors, outcomes, predictor, outcome, None, ())
    view = correlation_view(store, question, predictor, outcome, source=source)
    entrants = _entrants(store, question)
    return ScatterData(
        source, name, predictors, outcomes, predictor, outcome, view, expected(view), example, entrants
    )  # fmt: skip


def _entrants(store: Store, question: Question) -> tuple[str, ...]:
    from engine.results.board import load_board

    try:
        board = load_board(store, question)
    except BadInput:
        # A study's points are there to be seen before anything has been scored.
        return ()
    return tuple(dict.fromkeys(name for entrant in board.entrants for name in (entrant.label, entrant.name)))


def _in_catalogue(store: Store, predictor: str) -> bool:
    from engine.predictors.catalogue import catalogue

    return predictor in catalogue(store)


def unlisted_predictors(session: Session) -> list[str]:
    """The predictors that come by the dozen, as far as what is stored gives them; blocks."""
    from engine.predictors.catalogue import catalogue
    from engine.predictors.interface import Evidence

    evidence = Evidence(session.store, session.question())
    return [
        name
        for name, predictor in catalogue(session.store).items()
        if not predictor.listed and predictor.has_runs(evidence) and predictor.is_stored(evidence)
    ]


def read_rivals(session: Session, data: ScatterData) -> tuple[list[Rival], str]:
    """Every predictor of the same outcome, strongest rank correlation first, and what may be said of the one shown.

    Blocks.
    """
    question = session.question()
    key = (question, data.source, data.predictor, data.outcome)
    return session.cached("rivals", key, lambda: _rivals(session.store, question, data))


def _rivals(store: Store, question: Question, data: ScatterData) -> tuple[list[Rival], str]:
    from engine.correlation.predictor_outcome import correlation_views, verdict

    names = [data.predictor, *(name for name in data.predictors if name != data.predictor)]
    views = correlation_views(store, question, names, [data.outcome], source=data.source)
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
