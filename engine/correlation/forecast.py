"""Foretelling a training run's outcome from its early checkpoints: by a predictor, by loss, by compute alone.

The predictor's curve over tokens or FLOPs is carried on and turned into the outcome by a straight line
(`engine.stats.chained`). Whether that is worth anything is asked of the run itself: from its early checkpoints alone
the later ones are foretold, and the error stands beside that of loss, of compute alone (the outcome's own curve) and of
no change at all (the last outcome seen).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.correlation.curves import by_run
from engine.correlation.predictor_outcome import CorrelationView, correlation_views
from engine.correlation.scaling import Checkpoint
from engine.outcomes.exactness import possible
from engine.outcomes.outcome import scale_of
from engine.predictors.catalogue import catalogue
from engine.predictors.from_verdicts import BITS
from engine.predictors.interface import Evidence
from engine.results.board import Question
from engine.stats.chained import fit_chain, foretell
from engine.stats.curves import LEAST_POINTS, Value, fit_power_law
from engine.store.connection import Store
from engine.store.outcomes import stored_outcomes
from rubrics.counted import count

__all__ = ["COMPUTE", "FAR", "HELP", "LOSS", "NO_CHANGE", "RunForecast", "Way", "forecasts", "warnings"]

FloatArray = npt.NDArray[np.float64]

COMPUTE: Final = "compute alone"
NO_CHANGE: Final = "no change"
LOSS: Final = BITS
FAR: Final = 2.0
"""From so many times what was seen, the form of the curve matters more than the points."""
HELP: Final = {
    "error": "root mean squared error over the later checkpoints, in the outcome's own units",
    "held": "how many of the later checkpoints lay within their 95 % interval",
    COMPUTE: "the outcome's own curve a − b·t^−c, no predictor",
    NO_CHANGE: "the last outcome seen stays as it is",
}
_UNKNOWN: Final = Value(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Way:
    """One way to foretell, as far as it was tried and what it says now."""

    name: str
    error: float
    """Backtest: root mean squared error; NaN where none was possible."""
    held: int
    """Of `tried`; how many lay within their interval."""
    tried: int
    """Later checkpoints with an interval."""
    foretold: tuple[Value, ...]
    """One for each number asked for, from all checkpoints."""
    note: str = ""


@dataclass(frozen=True)
class RunForecast:
    """One training run."""

    run: str
    unit: str
    """tokens or FLOPs."""
    checkpoints: tuple[tuple[str, float, float], ...]
    """Candidate, tokens or FLOPs, outcome (NaN where not known), by tokens."""
    early: int
    """How many checkpoints the backtest saw; 0 where there was none."""
    later: int
    """How many with a known outcome it was to foretell."""
    times: float
    """The last of them over the last that was seen, in tokens or FLOPs; NaN without a backtest."""
    at: tuple[float, ...]
    """Numbers of tokens or FLOPs that are foretold."""
    beyond: tuple[float, ...]
    """Each over the most of any checkpoint."""
    ways: tuple[Way, ...]
    """The predictors as asked for, loss, compute alone, no change."""
    outcome: str
    notes: tuple[str, ...]


def forecasts(
    store: Store, question: Question, checkpoints: Sequence[Checkpoint], predictors: Sequence[str], outcome: str,
    *, at: Sequence[float] = (), early: int | None = None,
) -> list[RunForecast]:  # fmt: skip
    """Foretell each run's outcome.

    Args:
        at: tokens or FLOPs; none: twice the most of each run.
        early: how many checkpoints the backtest may see, four or more; none: half of those with an outcome, at least 4.

    Raises:
        BadInput: a checkpoint, predictor or outcome is not known.
    """
    evidence, about = Evidence(store, question), catalogue(store)
    wanted = list(predictors)
    if LOSS not in wanted and about[LOSS].has_runs(evidence):
        wanted.append(LOSS)
    views = correlation_views(store, question, wanted, [outcome])
    scale = scale_of(score for score in stored_outcomes(store) if score.outcome == outcome)
    return [
        _run(run, members, views, outcome, scale, at, early)
        for run, members in by_run(evidence.board, checkpoints).items()
    ]


def warnings(run: RunForecast) -> list[str]:
    """What is to be said of each number that is foretold beyond what was seen."""
    said = []
    for number, times in zip(run.at, run.beyond, strict=True):
        if times > FAR:
            rests = "rests on the form of the curves more than on the points"
            said.append(f"{number:.4g} is {times:.3g} times the {run.unit} seen: {rests}")
        elif times > 1:
            said.append(f"{number:.4g} is extrapolated: holds only if the forms do")
    return said


def _run(
    run: str, members: Mapping[str, Checkpoint], views: Sequence[CorrelationView], outcome: str, scale: float | None,
    at: Sequence[float], early: int | None,
) -> RunForecast:  # fmt: skip
    tokens = np.array([member.tokens for member in members.values()])
    points = [{point.name: point for point in view.points} for view in views]
    y = np.array([points[0][label].y for label in members])
    known = np.flatnonzero(np.isfinite(y))
    notes = []
    if len(known) < len(members):
        notes.append(f"no {outcome} known for {count(len(members) - len(known), 'checkpoint')}")
    last, later = _cut(tokens, known, early)
    if not later.size:
        notes.append(
            f"{count(len(known), 'checkpoint')} with an outcome: too few for a backtest, so how far off these "
            "forecasts are is not known"
        )
    numbers = tuple(at) or (2 * float(tokens.max()),)
    seen = tokens <= last
    columns = [np.array([by_name[label].x for label in members]) for by_name in points]
    fits: dict[str, _Fit] = {
        view.predictor: partial(_chained, tokens, x, y) for view, x in zip(views, columns, strict=True)
    }
    fits |= {COMPUTE: partial(_direct, tokens, y), NO_CHANGE: partial(_still, y)}
    fits = {name: partial(_within, scale, fit) for name, fit in fits.items()}
    return RunForecast(
        run=run, unit=next(iter(members.values())).unit, outcome=outcome,
        checkpoints=tuple(zip(members, map(float, tokens), map(float, y), strict=True)),
        early=int(seen.sum()) if later.size else 0, later=int(later.size),
        times=float(tokens[later].max() / last) if later.size else math.nan,
        at=numbers, beyond=tuple(number / float(tokens.max()) for number in numbers),
        ways=tuple(_way(name, fit, seen, tokens, y, later, numbers) for name, fit in fits.items()), notes=tuple(notes),
    )  # fmt: skip


def _cut(
    tokens: FloatArray, known: npt.NDArray[np.intp], early: int | None
) -> tuple[float, npt.NDArray[np.intp]]:  # fmt: skip
    """The most tokens that the backtest sees, and which later checkpoints it is to foretell."""
    wanted = early or max(LEAST_POINTS, math.ceil(len(known) / 2))
    if len(known) <= wanted:
        return math.inf, np.array([], dtype=np.intp)
    last = float(tokens[known[wanted - 1]])
    return last, known[tokens[known] > last]


_Foretell = Callable[[float], Value]
_Fit = Callable[[npt.NDArray[np.bool_]], _Foretell | None]


def _way(
    name: str, fit: _Fit, seen: npt.NDArray[np.bool_], tokens: FloatArray, y: FloatArray,
    later: npt.NDArray[np.intp], numbers: Sequence[float],
) -> Way:  # fmt: skip
    whole = fit(np.ones(len(tokens), dtype=bool))
    foretold = tuple(whole(number) if whole else _UNKNOWN for number in numbers)
    note = "" if whole else "four checkpoints with it and the outcome are needed"
    part = fit(seen) if later.size else None
    if part is None:
        return Way(name, math.nan, 0, 0, foretold, note)
    tried = [part(float(tokens[i])) for i in later]
    error = math.sqrt(sum((value.value - y[i]) ** 2 for value, i in zip(tried, later, strict=True)) / len(tried))
    inside = [v.ci_low <= y[i] <= v.ci_high for v, i in zip(tried, later, strict=True) if math.isfinite(v.ci_low)]
    return Way(name, error, int(sum(inside)), len(inside), foretold, note)


def _chained(tokens: FloatArray, x: FloatArray, y: FloatArray, some: npt.NDArray[np.bool_]) -> _Foretell | None:
    chain = fit_chain(tokens[some], x[some], y[some])
    return chain.at if chain else None


def _direct(tokens: FloatArray, y: FloatArray, some: npt.NDArray[np.bool_]) -> _Foretell | None:
    known = some & np.isfinite(y)
    law = fit_power_law(tokens[known], y[known]) if known.sum() >= LEAST_POINTS else None
    return partial(foretell, law) if law else None


def _still(y: FloatArray, some: npt.NDArray[np.bool_]) -> _Foretell | None:
    known = y[some & np.isfinite(y)]
    return (lambda _: Value(float(known[-1]), math.nan, math.nan)) if known.size else None


def _within(scale: float | None, fit: _Fit, some: npt.NDArray[np.bool_]) -> _Foretell | None:
    """No share is below none or above all, whatever a straight line says."""
    found = fit(some)
    if found is None:
        return None

    def at(number: float) -> Value:
        value = found(number)
        return Value(*(possible(end, scale) for end in (value.value, value.ci_low, value.ci_high)))

    return at
