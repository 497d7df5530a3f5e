"""Shares among pairs of points: pairs share points, so intervals are over points."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.stats.association import bootstrap_weights
from engine.stats.distributions import normal_quantile
from engine.stats.intervals import Estimate, accelerated
from engine.stats.units import Units

__all__ = ["newcombe", "pair_share"]

FloatArray = npt.NDArray[np.float64]

_LEAST = 5


def pair_share(
    hits: FloatArray,
    counted: FloatArray,
    *,
    seed: int = 0,
    resamples: int = 10_000,
    level: float = 0.95,
    units: Units | None = None,
) -> Estimate:
    """The share of the counted pairs of points that are hits, with its interval (five points, or families, or more).

    Args:
        hits: (points, points), symmetric, 0 to 1: how much of a hit each pair is.
        counted: (points, points), symmetric: 1 for the pairs that count, else 0.
        units: what is drawn as one; None: each point.
    """
    n = len(counted)
    units = units or Units.of(n, None, "candidates")
    hit = hits * counted

    def share(weights: FloatArray) -> FloatArray:
        all_pairs = ((weights @ counted) * weights).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(all_pairs > 0, ((weights @ hit) * weights).sum(axis=1) / all_pairs, math.nan)

    value = float(share(np.ones((1, n)))[0]) if n else math.nan
    if math.isnan(value):
        return Estimate(math.nan, math.nan, math.nan, "none: no pairs")
    points = len(set(units.code[counted.sum(axis=1) > 0].tolist()))
    whose = "points" if units.over == "candidates" else units.over
    if points < _LEAST:
        return Estimate(value, math.nan, math.nan, f"none: {points} {whose}")
    if not 1e-12 < value < 1 - 1e-12:
        # Resamples of decisions that all agree agree too. All pairs tell at least what disjoint ones do, and those are
        # independent (Hoeffding 1963, J. Am. Stat. Assoc. 58(301), section 5).
        z = normal_quantile((1 + level) / 2)
        reach = z * z / (points // 2 + z * z)
        low, high = (1 - reach, 1.0) if value > 0.5 else (0.0, reach)
        return Estimate(value, low, high, f"Wilson, {points // 2} disjoint pairs")
    drawn = share(bootstrap_weights(units.count, resamples, np.random.default_rng(seed))[:, units.code])
    without = share(units.without())
    change = np.nanmean(without) - without[np.isfinite(without)]
    scatter = float(change @ change)
    skew = float((change**3).sum()) / (6 * scatter**1.5) if scatter > 1e-18 else 0.0
    low, high = accelerated(np.sort(drawn[np.isfinite(drawn)]), value, skew, level)
    return Estimate(value, min(low, value), max(high, value), f"BCa over {whose}")


def newcombe(first: float, second: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """An interval for the difference of two shares of n each, taken for independent; NaN where n is not known.

    Newcombe 1998, Stat. Med. 17(8), method 10: Wilson's ends put together. Where the same pairs were read, as here, it
    is wide: candidates win and lose alike.
    """
    if n < 1 or math.isnan(first) or math.isnan(second):
        return math.nan, math.nan
    z = normal_quantile((1 + level) / 2)
    ends = []
    for p in (first, second):
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        ends.append((middle - half, middle + half))
    (low1, high1), (low2, high2) = ends
    difference = first - second
    return (
        difference - math.hypot(first - low1, high2 - second),
        difference + math.hypot(high1 - first, second - low2),
    )
