"""Score over the number of examples a candidate was tuned on: its curve, where it leads, and who overtakes whom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from engine.correlation.scaling import TuningPoint
from engine.stats.chained import foretell
from engine.stats.crossing import FAR, Crossing, crossing
from engine.stats.curves import LEAST_POINTS, PowerLaw, Value, fit_power_law
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = ["METHOD", "Ahead", "TuningCurve", "TuningView", "tuning_view"]

METHOD: Final = (
    "a − b·n^−c by least squares; 95 % of where one more measurement should be found: profile likelihood over c, "
    "Student's t for n − 3, and the points' scatter; crossings: where the curves' difference cannot be told from 0"
)


@dataclass(frozen=True)
class TuningCurve:
    """One candidate."""

    candidate: str
    points: tuple[TuningPoint, ...]
    """By examples."""
    fitted: tuple[float, ...]
    """The curve at each point; NaN where none was fitted."""
    law: PowerLaw | None
    """Of the score turned so that higher is better."""
    constants: tuple[float, ...]
    """a, b, c of the score as it stands; empty where no curve was fitted."""
    forecasts: tuple[tuple[float, Value, float], ...]
    """Examples, the score there with its interval, and how many times the most examples seen."""
    note: str


@dataclass(frozen=True)
class Ahead:
    """Of two candidates, which ends ahead."""

    winner: str
    loser: str
    crossing: Crossing

    @property
    def words(self) -> str:
        """In a sentence that says no more than the data do."""
        found, until = self.crossing, f"{_round(self.crossing.limit)} examples, {FAR:g} times those seen"
        if math.isnan(found.at):
            told = "" if found.sure else "; by the curves alone: the lead at the end is within their error"
            return f"{self.winner} is ahead of {self.loser} throughout, up to {until}{told}"
        said = f"{self.winner} overtakes {self.loser} after about {_round(found.at)} examples"
        if math.isnan(found.ci_low):
            return f"{said}; fewer than {LEAST_POINTS} points to a curve, so no interval"
        low = "any number" if math.isinf(found.ci_low) else _round(found.ci_low)
        if math.isinf(found.ci_high):
            said += f" (from {low}; it is not shown to be ahead anywhere up to {until})"
        else:
            said += f" ({low}–{_round(found.ci_high)})"
        return f"{said}; {found.times:.2g} times the examples seen" if found.times > 1 else said


@dataclass(frozen=True)
class TuningView:
    """All candidates and every two of them."""

    curves: tuple[TuningCurve, ...]
    ahead: tuple[Ahead, ...]
    higher_is_better: bool
    method: str
    notes: tuple[str, ...]


def tuning_view(
    points: Sequence[TuningPoint], *, at: Sequence[float] = (), lower_is_better: bool = False
) -> TuningView:
    """A curve for each candidate, forecasts, and for every two who overtakes whom.

    Args:
        at: examples to foretell; none: twice the most of each candidate.
        lower_is_better: of the score, as for a loss.

    Raises:
        BadInput: no candidate has three numbers of examples.
    """
    sign = -1.0 if lower_is_better else 1.0
    by_name: dict[str, list[TuningPoint]] = {}
    for point in points:
        by_name.setdefault(point.candidate, []).append(point)
    curves = [
        _curve(name, sorted(own, key=lambda p: p.examples), at, sign) for name, own in by_name.items()
    ]  # fmt: skip
    laws = {curve.candidate: curve.law for curve in curves if curve.law is not None}
    if not laws:
        raise BadInput(
            "no candidate has been tuned on three numbers of examples",
            fix="a curve needs three, an interval four, better six",
        )
    ahead = []
    for (one, first), (other, second) in combinations(laws.items(), 2):
        found = crossing(first, second)
        winner, loser = (other, one) if found.ahead else (one, other)
        ahead.append(Ahead(winner, loser, found))
    notes = [f"{curve.candidate}: {curve.note}" for curve in curves if curve.note]
    notes += [
        f"{curve.candidate}: at {times:.3g} times the examples seen the form of the curve counts more than the points"
        for curve in curves
        for _, _, times in curve.forecasts
        if times > 2
    ]
    if any(found.crossing.times > 1 for found in ahead):
        notes.append("a crossing beyond the examples seen rests on the form of the curves more than on the points")
    return TuningView(tuple(curves), tuple(ahead), not lower_is_better, METHOD, tuple(notes))


def _curve(name: str, own: Sequence[TuningPoint], at: Sequence[float], sign: float) -> TuningCurve:
    examples = np.array([point.examples for point in own])
    law = fit_power_law(examples, sign * np.array([point.score for point in own]))
    if law is None:
        numbers = len(np.unique(examples))
        note = f"{count(numbers, 'number')} of examples: three make a curve, {LEAST_POINTS} points an interval"
        return TuningCurve(name, tuple(own), (math.nan,) * len(own), None, (), (), note)
    forecasts = []
    for number in at or (2 * law.largest,):
        found = foretell(law, number)
        if sign < 0:
            found = Value(-found.value, -found.ci_high, -found.ci_low)
        forecasts.append((number, found, number / law.largest))
    note = ""
    if len(own) < LEAST_POINTS:
        note = f"{len(own)} points: the curve goes through them all, and no interval can be given"
    elif law.b < 0:
        note = "the score gets worse with more examples"
    fitted = tuple(sign * law.at(float(number)) for number in examples)
    constants = sign * law.a, sign * law.b, law.c
    return TuningCurve(name, tuple(own), fitted, law, constants, tuple(forecasts), note)


def _round(number: float) -> str:
    """Two digits, since no more is known."""
    return f"{float(f'{number:.2g}'):,.0f}"
