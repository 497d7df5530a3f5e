"""Means over pairs, with intervals by resampling clusters."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.stats.clusters import Clusters, resampled_sums
from engine.stats.distributions import student_quantile
from engine.stats.intervals import BOOTSTRAP, CLUSTER_T, NONE, Estimate, accelerated, spread

__all__ = ["ratio"]

_MIN_CLUSTERS = 100
"""Below these Student's t over clusters left out one by one covers better than resampling does."""


def ratio(
    top: npt.NDArray[np.float64],
    bottom: npt.NDArray[np.float64],
    clusters: npt.NDArray[np.int32],
    *,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = 10_000,
) -> Estimate:
    """Σ top / Σ bottom over pairs, with its interval over clusters; all arrays (pairs,), NaN left out.

    With `bottom` of ones it is the plain mean.
    """
    kept = np.isfinite(top) & np.isfinite(bottom) & (bottom > 0)
    top, bottom, groups = top[kept], bottom[kept], Clusters(clusters[kept])
    if not len(top):
        return Estimate(math.nan, math.nan, math.nan, "none: no pairs")
    columns = groups.sums(np.stack([top, bottom])[:, groups.order], np.ones(len(top), dtype=np.float32))
    estimated = spread(columns[0], columns[1], float(bottom @ bottom))
    if estimated.clusters < 2:
        return Estimate(estimated.value, math.nan, math.nan, NONE)
    if estimated.clusters < _MIN_CLUSTERS:
        half = student_quantile((1 + level) / 2, max(1.0, round(estimated.even_clusters - 1, 1))) * estimated.error
        return Estimate(estimated.value, estimated.value - half, estimated.value + half, CLUSTER_T)
    drawn = resampled_sums(columns.T, resamples, seed)
    low, high = accelerated(np.sort(drawn[:, 0] / drawn[:, 1]), estimated.value, estimated.skew, level)
    return Estimate(estimated.value, low, high, BOOTSTRAP)
