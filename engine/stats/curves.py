"""Accuracy over tokens: `a − b·t^−c`, with intervals that hold where the curve hardly bends.

For a given c the curve is a straight line in (1 − u^−c)/c, u = t/largest t, which becomes log u as c goes to 0; so a
and b follow by least squares and only c has to be searched for. Intervals are profile likelihood ones (Bates & Watts
1988, Nonlinear Regression Analysis, chapter 6): all values that some c within reach of the data allows, with Student's
t for n − 3 degrees of freedom. They need not be symmetric, and are wide where power and logarithm look alike. With
normal noise they hold the truth in 94 to 98 of 100 simulated runs (benchmarks/stats/curves.py); widened by the noise of
the pairs, as they are shown, in 95 or more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.stats.distributions import student_quantile

__all__ = ["HELP", "LEAST_POINTS", "PowerLaw", "Value", "fit_power_law", "resampled_values"]

FloatArray = npt.NDArray[np.float64]

LEAST_POINTS: Final = 4
"""Below so many checkpoints the three constants fit anything."""
HELP: Final = {
    "a": "where accuracy would end with tokens without end, if the form holds",
    "b": "how far below that end it stood at one token, in accuracy",
    "c": "how fast the gap closes: each doubling of tokens leaves 2^−c of it",
    "interval": "95 %: profile likelihood over c, Student's t for n − 3; widened by resampling clusters of pairs",
}
"""One line on each number."""

_POWERS: Final = np.exp(np.linspace(math.log(0.01), math.log(5.0), 241))


@dataclass(frozen=True)
class Value:
    """A value of the curve and its interval; infinite where the data set no bound, NaN where there is none."""

    value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, eq=False)
class PowerLaw:
    """`a − b·t^−c` through n points."""

    a: float
    b: float
    c: float
    n: int
    scatter: float
    """Standard deviation of the points about the curve, with n − 3; NaN for three points."""
    largest: float
    """The most tokens among the points."""
    c_interval: tuple[float, float]
    """95 %; NaN below four points."""
    tokens: FloatArray
    values: FloatArray

    def at(self, tokens: float) -> float:
        """The curve's height; infinite tokens give `a`."""
        return self.a - self.b * tokens**-self.c if math.isfinite(tokens) else self.a

    def interval(self, tokens: float) -> Value:
        """The curve's height with its 95 % profile interval, extrapolated where tokens are more than any point has."""
        here = self.at(tokens)
        if self.n < LEAST_POINTS:
            return Value(here, math.nan, math.nan)
        u = self.tokens / self.largest
        reach = _reach(u, self.values, self.c)
        powers = np.geomspace(*self.c_interval, 101)
        line = _lines(u, self.values[None], powers)
        new = _bent(np.array([tokens / self.largest]), powers)[:, 0] - line.centre
        room = np.maximum(reach - line.rest[0], 0)
        half = np.sqrt(room * (1 / self.n + new**2 / line.width))
        middle = self.values.mean() + line.slope[0] * new
        return Value(here, min(here, float((middle - half).min())), max(here, float((middle + half).max())))


def fit_power_law(tokens: npt.ArrayLike, values: npt.ArrayLike) -> PowerLaw | None:
    """Least squares of `a − b·t^−c`, 0.01 ≤ c ≤ 5; none below three different numbers of tokens.

    Args:
        tokens: (points,), positive.
        values: (points,), finite.

    Raises:
        ValueError: lengths differ, or tokens are not positive.
    """
    t, y = np.asarray(tokens, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if t.shape != y.shape or not (np.isfinite(y).all() and np.isfinite(t).all() and (t > 0).all()):
        raise ValueError("tokens must be positive, values finite, and as many")
    if len(np.unique(t)) < 3:
        return None
    largest = float(t.max())
    u = t / largest
    rest = _lines(u, y[None]).rest[0]
    k = int(rest.argmin())
    c = _narrow(u, y, float(_POWERS[max(k - 1, 0)]), float(_POWERS[min(k + 1, len(_POWERS) - 1)]))
    line = _lines(u, y[None], np.array([c]))
    slope = float(line.slope[0, 0])
    level = float(y.mean()) - slope * float(line.centre[0])
    interval = (math.nan, math.nan)
    if len(t) >= LEAST_POINTS:
        interval = _within(u, y, c, _reach(u, y, c))
    return PowerLaw(
        a=level + slope / c,
        b=slope / c * largest**c,
        c=c,
        n=len(t),
        scatter=math.sqrt(float(line.rest[0, 0]) / (len(t) - 3)) if len(t) > 3 else math.nan,
        largest=largest,
        c_interval=interval,
        tokens=t,
        values=y,
    )


def resampled_values(tokens: FloatArray, resamples: FloatArray, at: float) -> FloatArray:
    """(resamples,): the height at `at` tokens of the curve fitted to each row of values, (resamples, points)."""
    largest = float(tokens.max())
    line = _lines(tokens / largest, resamples)
    new = _bent(np.array([at / largest]), _POWERS)[:, 0] - line.centre
    heights = resamples.mean(axis=1, keepdims=True) + line.slope * new
    # The least of a parabola through the best c of the grid and its neighbours, and the height there between theirs.
    best = line.rest.argmin(axis=1).clip(1, len(_POWERS) - 2)
    every = np.arange(len(best))
    before, here, after = (line.rest[every, best + step] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = np.where(bend > 0, (before - after) / (2 * np.where(bend > 0, bend, 1)), np.sign(before - after)).clip(
        -1, 1
    )
    beside = heights[every, best + np.sign(shift).astype(np.intp)]
    lowest: FloatArray = heights[every, best] + np.abs(shift) * (beside - heights[every, best])
    return lowest


class _Lines(NamedTuple):
    """Straight lines in the bent tokens, for every c."""

    centre: FloatArray
    """(powers,): mean of the bent tokens."""
    width: FloatArray
    """(powers,): their sum of squares about it."""
    slope: FloatArray
    """(rows, powers)."""
    rest: FloatArray
    """(rows, powers): residual sum of squares."""


def _lines(u: FloatArray, rows: FloatArray, powers: FloatArray = _POWERS) -> _Lines:
    bent = _bent(u, powers)
    centre = bent.mean(axis=1)
    bent = bent - centre[:, None]
    width = (bent * bent).sum(axis=1)
    left = rows - rows.mean(axis=1, keepdims=True)
    slope = left @ bent.T / width
    rest = (left * left).sum(axis=1, keepdims=True) - slope**2 * width
    return _Lines(centre, width, slope, np.maximum(rest, 0))


def _bent(u: FloatArray, powers: FloatArray) -> FloatArray:
    """(powers, points): (1 − u^−c)/c, which for infinite u is 1/c."""
    bent: FloatArray = -np.expm1(-powers[:, None] * np.log(u)) / powers[:, None]
    return bent


def _reach(u: FloatArray, y: FloatArray, c: float) -> float:
    """The sum of squares up to which a curve is within reach of the data (95 %); `c` is the best."""
    freedom = len(y) - 3
    t = student_quantile(0.975, freedom)
    return float(_lines(u, y[None], np.array([c])).rest[0, 0]) * (1 + t**2 / freedom) + 1e-18


def _within(u: FloatArray, y: FloatArray, c: float, reach: float) -> tuple[float, float]:
    """The least and the greatest c within reach."""
    inside = _POWERS[_lines(u, y[None]).rest[0] <= reach]
    ends = []
    for edge, limit in ((min([c, *inside]), _POWERS[0]), (max([c, *inside]), _POWERS[-1])):
        near, far = math.log(edge), math.log(limit)
        # Between the last c of the grid within reach and the next beyond it.
        step = math.log(_POWERS[1] / _POWERS[0])
        far = max(near - step, far) if far < near else min(near + step, far)
        for _ in range(3):
            tried = np.linspace(near, far, 33)
            held = np.flatnonzero(_lines(u, y[None], np.exp(tried)).rest[0] <= reach)
            last = int(held[-1]) if len(held) else 0
            near, far = float(tried[last]), float(tried[min(last + 1, 32)])
        ends.append(math.exp(near))
    return ends[0], ends[1]


def _narrow(u: FloatArray, y: FloatArray, low: float, high: float) -> float:
    """The c of least squares between two, by golden section in log c."""
    a, b = math.log(low), math.log(high)
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(50):
        left, right = b - ratio * (b - a), a + ratio * (b - a)
        tried = _lines(u, y[None], np.exp([left, right])).rest[0]
        if tried[0] <= tried[1]:
            b = right
        else:
            a = left
    return math.exp((a + b) / 2)
