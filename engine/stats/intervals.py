"""Intervals for a mean over pairs that come in clusters.

Three methods, chosen by what the data can bear and named beside every number:

- *cluster bootstrap*: over clusters drawn with replacement, bias-corrected and accelerated (Efron 1987, J. Am. Stat.
  Assoc. 82(397), section 3), where there are clusters and errors enough;
- *Wilson, design effect*: Wilson's score interval at the effective sample size that the clustering leaves (Dean &
  Pagano 2015, J. Survey Stat. Methodol. 3(4)), with Student's t for the part of the variance that is estimated from
  the clusters (after Korn & Graubard 1998, Survey Methodology 24(2)); it holds near 0 and 1, where resampling does not;
- *cluster t*: for means that are not proportions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.clusters import Clusters, resampled_sums
from engine.stats.distributions import normal_probability, normal_quantile, student_quantile

__all__ = [
    "BOOTSTRAP",
    "CLUSTER_T",
    "NONE",
    "WILSON",
    "Estimate",
    "Spread",
    "accelerated",
    "bootstrap_holds",
    "mean",
    "proportion",
    "spread",
    "wilson",
]

BOOTSTRAP: Final = "cluster bootstrap"
WILSON: Final = "Wilson, design effect"
CLUSTER_T: Final = "cluster t"
NONE: Final = "none: one cluster"

_MIN_CLUSTERS = 100
_MIN_EVENTS = 20.0
"""Below these resampling was seen to cover less than 93 % (benchmarks/stats/coverage.py)."""


@dataclass(frozen=True)
class Estimate:
    """A number, its interval, and how the interval was made."""

    value: float
    ci_low: float
    ci_high: float
    method: str


@dataclass(frozen=True)
class Spread:
    """What the intervals need to know about a weighted mean over clusters."""

    value: float
    error: float
    """Standard error by leaving out one cluster at a time; NaN for one cluster."""
    skew: float
    """Acceleration of the clusters' influence on the mean: Σu³ / 6(Σu²)^1.5."""
    freedom: float
    """Degrees of freedom of that error (Satterthwaite, from the kurtosis of the influences), at least 1."""
    clusters: int
    """Clusters that hold weight."""
    independent: float
    """Kish's effective number of pairs if all were independent: (Σw)²/Σw²."""
    even_clusters: float
    """Kish's effective number of clusters: (ΣW)²/ΣW²."""


def spread(sums: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], squares: float) -> Spread:
    """The mean and its cluster-robust error.

    Args:
        sums: (clusters,), Σ weight·score.
        weights: (clusters,), Σ weight; clusters without weight are passed over.
        squares: Σ weight² over pairs.
    """
    inside = weights > 0
    sums, weights = sums[inside], weights[inside]
    total, count = float(weights.sum()), len(weights)
    if count == 0:
        return Spread(math.nan, math.nan, 0.0, 1.0, 0, 0.0, 0.0)
    value = float(sums.sum()) / total
    residual = sums - value * weights
    square = residual * residual
    scatter = float(square.sum())
    error = math.nan
    if count > 1:
        moved = residual / (total - weights)
        error = math.sqrt((count - 1) / count * float(moved @ moved))
    # Divided one after the other: the power of a very small sum would be 0.
    unit = residual / math.sqrt(scatter) if scatter > 0 else residual
    skew = float((unit * unit) @ unit) / 6
    uneven = float(square @ square) - scatter**2 / count
    freedom = 2 * scatter**2 / uneven if uneven > 0 else math.inf
    even = total**2 / float(weights @ weights)
    freedom = round(max(min(freedom, even - 1), 1.0), 1)
    return Spread(value, error, skew, freedom, count, total**2 / squares, even)


def bootstrap_holds(mean_spread: Spread) -> bool:
    """Whether clusters, and errors among them, are many enough for resampling to be trusted."""
    rarer = min(mean_spread.value, 1 - mean_spread.value)
    return mean_spread.clusters >= _MIN_CLUSTERS and _effective(mean_spread) * rarer >= _MIN_EVENTS


def _effective(mean_spread: Spread) -> float:
    """The number of independent pairs that would leave the same error, never more than there are."""
    if not mean_spread.error > 1e-12:
        # All right or all wrong says nothing about likeness within clusters: count each cluster once.
        return mean_spread.even_clusters
    return min(mean_spread.value * (1 - mean_spread.value) / mean_spread.error**2, mean_spread.independent)


def wilson(mean_spread: Spread, level: float = 0.95) -> Estimate:
    """Wilson's interval at the effective sample size; 0 to 1 where there is but one cluster."""
    if mean_spread.clusters < 2:
        return Estimate(mean_spread.value, 0.0, 1.0, NONE)
    n, p = _effective(mean_spread), mean_spread.value
    z = normal_quantile((1 + level) / 2)
    if mean_spread.error > 1e-12:
        # Only what clustering adds to the variance is estimated, so only that share of it needs Student's t.
        added = 1 - n / mean_spread.independent
        t = student_quantile((1 + level) / 2, mean_spread.freedom)
        z = math.sqrt((1 - added) * z * z + added * t * t)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(max(0.0, p * (1 - p)) / n + z * z / (4 * n * n))
    return Estimate(p, max(0.0, min(middle - half, p)), min(1.0, max(middle + half, p)), WILSON)


def proportion(
    scores: npt.NDArray[np.float64],
    clusters: npt.NDArray[np.int32],
    *,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = 10_000,
) -> Estimate:
    """The mean of scores between 0 and 1, NaN left out, with whichever of bootstrap and Wilson holds."""
    kept = ~np.isnan(scores)
    scores, groups = scores[kept], Clusters(clusters[kept])
    if not len(scores):
        return Estimate(math.nan, math.nan, math.nan, "none: no pairs")
    ones = np.ones(len(scores), dtype=np.float32)
    columns = groups.sums(np.stack([scores[groups.order], np.ones(len(scores))]), ones)
    mean_spread = spread(columns[0], columns[1], float(len(scores)))
    if not bootstrap_holds(mean_spread):
        return wilson(mean_spread, level)
    drawn = resampled_sums(columns.T, resamples, seed)
    low, high = accelerated(np.sort(drawn[:, 0] / drawn[:, 1]), mean_spread.value, mean_spread.skew, level)
    return Estimate(mean_spread.value, low, high, BOOTSTRAP)


def mean(values: npt.NDArray[np.float64], clusters: npt.NDArray[np.int32], *, level: float = 0.95) -> Estimate:
    """The mean of any values, NaN left out, with Student's t over clusters."""
    kept = ~np.isnan(values)
    values, groups = values[kept], Clusters(clusters[kept])
    if not len(values):
        return Estimate(math.nan, math.nan, math.nan, "none: no pairs")
    columns = groups.sums(
        np.stack([values[groups.order], np.ones(len(values))]), np.ones(len(values), dtype=np.float32)
    )
    mean_spread = spread(columns[0], columns[1], float(len(values)))
    if mean_spread.clusters < 2:
        return Estimate(mean_spread.value, math.nan, math.nan, NONE)
    half = student_quantile((1 + level) / 2, max(1.0, round(mean_spread.even_clusters - 1, 1))) * mean_spread.error
    return Estimate(mean_spread.value, mean_spread.value - half, mean_spread.value + half, CLUSTER_T)


def accelerated(
    ordered: npt.NDArray[np.floating], value: float, skew: float, level: float = 0.95
) -> tuple[float, float]:
    """The BCa interval.

    Args:
        ordered: resampled values, ascending; NaN, which sort last, are passed over.
        value: the estimate itself.
        skew: the acceleration.
    """
    ordered = ordered[: len(ordered) - int(np.isnan(ordered).sum())]
    count = len(ordered)
    # Float32 sums and ties: what lies within rounding of the estimate counts half below it.
    slack = 1e-6 * max(1.0, abs(value))
    below = (np.searchsorted(ordered, value - slack) + np.searchsorted(ordered, value + slack)) / 2
    bias = normal_quantile(min(max(below / count, 1 / count), 1 - 1 / count))
    edges = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + normal_quantile(tail)
        share = normal_probability(bias + z / max(1 - skew * z, 0.1))
        edges.append(float(ordered[min(max(round(share * (count - 1)), 0), count - 1)]))
    return edges[0], edges[1]
