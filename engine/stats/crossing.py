"""Where one curve overtakes another, and how sure that is.

The difference of two curves `a − b·t^−c` has an interval at every number: each curve's profile interval, added in
squares on each side (MOVER, Zou & Donner 2008, Statistics in Medicine 27, section 2). Where that interval holds 0 the
curves may cross: all such numbers around the crossing are its interval (a test turned round, as Fieller's is), which
has no end where the data set none. How often it holds is simulated in benchmarks/stats/forecasts.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.stats.curves import LEAST_POINTS, PowerLaw

__all__ = ["FAR", "Crossing", "crossing"]

FAR: Final = 18.0
"""How many times the largest number seen a crossing is looked for."""
_GRID: Final = 241


@dataclass(frozen=True)
class Crossing:
    """Who is ahead of whom, and from where on."""

    ahead: int
    """Which curve ends ahead, at `limit`: 0 or 1."""
    at: float
    """From where on; NaN where it is ahead throughout."""
    ci_low: float
    """Minus infinity where the data do not exclude that it was ahead from the first number seen."""
    ci_high: float
    """Infinite where they do not show it ahead anywhere up to `limit`."""
    times: float
    """`at` over the largest number that both have been seen at; above 1 it is extrapolated. NaN without `at`."""
    limit: float
    """`FAR` times the largest number that both have been seen at."""
    sure: bool
    """Whether the lead at `limit` is beyond the interval of the difference; False where there is none."""


def crossing(first: PowerLaw, second: PowerLaw) -> Crossing:
    """The last crossing of two curves between the least number either was seen at and `FAR` times the largest of both.

    Higher is ahead. Curves of three points have no interval, and so has their crossing (NaN).
    """
    seen = min(first.largest, second.largest)
    start = max(float(first.tokens.min()), float(second.tokens.min()))
    limit = FAR * seen
    grid = np.geomspace(min(start, seen), limit, _GRID)
    difference = np.array([second.at(t) - first.at(t) for t in map(float, grid)])
    ahead = int(difference[-1] > 0)
    lead = difference if ahead else -difference
    behind = np.flatnonzero(lead <= 0)
    at = math.nan if not len(behind) else _root(first, second, float(grid[behind[-1]]), float(grid[behind[-1] + 1]))
    if min(first.n, second.n) < LEAST_POINTS:
        return Crossing(ahead, at, math.nan, math.nan, at / seen, limit, False)
    shown = np.array([_least_lead(first, second, ahead, float(t)) for t in grid]) > 0
    sure = bool(shown[-1])
    if math.isnan(at):
        return Crossing(ahead, at, math.nan, math.nan, math.nan, limit, sure)
    after = int(behind[-1]) + 1
    right = np.flatnonzero(shown[after:])
    excluded = np.array([_least_lead(first, second, 1 - ahead, float(t)) for t in grid[:after]]) > 0
    left = np.flatnonzero(excluded)
    return Crossing(
        ahead, at,
        float(grid[left[-1]]) if len(left) else -math.inf,
        float(grid[after + right[0]]) if len(right) else math.inf,
        at / seen, limit, sure,
    )  # fmt: skip


def _least_lead(first: PowerLaw, second: PowerLaw, ahead: int, t: float) -> float:
    """The lower end of the interval of the lead of curve `ahead` over the other one."""
    front, back = (second, first) if ahead else (first, second)
    a, b = front.interval(t), back.interval(t)
    return a.value - b.value - math.hypot(a.value - a.ci_low, b.ci_high - b.value)


def _root(first: PowerLaw, second: PowerLaw, low: float, high: float) -> float:
    """Where the difference changes its sign between two numbers, by bisection of their logarithms."""
    sign = second.at(high) - first.at(high) > 0
    a, b = math.log(low), math.log(high)
    for _ in range(60):
        middle = (a + b) / 2
        t = math.exp(middle)
        if (second.at(t) - first.at(t) > 0) == sign:
            b = middle
        else:
            a = middle
    return math.exp(b)
