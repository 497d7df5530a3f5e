"""Two candidates on the same pairs: how far apart, how sure, and on which pairs they differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.clusters import Clusters, resampled_sums
from engine.stats.distributions import binomial_two_sided, normal_quantile, student_quantile
from engine.stats.intervals import BOOTSTRAP, NONE, Spread, accelerated, spread
from engine.stats.matrix import Scope, ScoreMatrix

__all__ = ["Comparison", "compare", "holm"]

MCNEMAR: Final = "exact McNemar"
FLIP_EXACT: Final = "sign flip by cluster, all flips"
FLIP: Final = "sign flip by cluster, {flips} flips"
BONETT_PRICE: Final = "Bonett-Price, design effect"

_MIN_CLUSTERS = 100
_MIN_EVENTS = 20.0
_ENUMERATE = 14
"""Up to so many clusters that differ, every pattern of signs is tried."""


@dataclass(frozen=True)
class Comparison:
    """Candidate a against candidate b on the pairs of a scope that both scored."""

    a: str
    b: str
    scope: str
    difference: float
    """Weighted mean of a's score minus b's."""
    ci_low: float
    ci_high: float
    method: str
    """How the interval was made."""
    p_value: float
    test: str
    """How p was found."""
    n_pairs: int
    n_clusters: int
    both: int
    """Pairs that both got right."""
    neither: int
    ties: int
    """Pairs on which a score is neither right nor wrong; they count in the difference, not in the four cells."""
    only_a: tuple[str, ...]
    """Ids of the pairs that only a got right, in the matrix's order."""
    only_b: tuple[str, ...]


def compare(
    matrix: ScoreMatrix,
    a: str,
    b: str,
    scope: Scope,
    *,
    seed: int = 0,
    resamples: int = 10_000,
    level: float = 0.95,
) -> Comparison:
    """Compare two candidates pair by pair.

    Independent, equally weighted pairs without ties get McNemar's exact test; else whole clusters flip sign.

    Raises:
        ValueError: no such candidate.
    """
    left, right = matrix.scores[matrix.index(a)], matrix.scores[matrix.index(b)]
    kept = np.flatnonzero(~np.isnan(left) & ~np.isnan(right) & (scope.weight > 0))
    left, right, weight = left[kept], right[kept], scope.weight[kept]
    ids = [matrix.pair_ids[i] for i in kept]
    clear = ((left == 0) | (left == 1)) & ((right == 0) | (right == 1))
    only_a, only_b = clear & (left > right), clear & (left < right)
    clusters = Clusters(matrix.cluster[kept])
    difference = left.astype(np.float64) - right
    ordered = difference[clusters.order]
    sums = clusters.sums(
        np.stack([ordered, np.ones(len(kept)), np.maximum(ordered, 0), np.maximum(-ordered, 0)]), weight
    )
    mean_spread = spread(sums[0], sums[1], float(np.square(weight, dtype=np.float64).sum()))
    up, down = (float(sums[i].sum()) / max(float(sums[1].sum()), 1e-300) for i in (2, 3))
    low, high, method = _interval(mean_spread, sums, up, down, seed, resamples, level)
    if clusters.count == len(kept) and clear.all() and len(kept) and weight.min() == weight.max():
        p_value, test = binomial_two_sided(int(only_a.sum()), int(only_a.sum() + only_b.sum())), MCNEMAR
    else:
        p_value, test = _sign_flip(sums[0], seed, resamples)
    return Comparison(
        a=a,
        b=b,
        scope=scope.name,
        difference=mean_spread.value,
        ci_low=low,
        ci_high=high,
        method=method,
        p_value=p_value,
        test=test,
        n_pairs=len(kept),
        n_clusters=clusters.count,
        both=int(np.count_nonzero(clear & (left == 1) & (right == 1))),
        neither=int(np.count_nonzero(clear & (left == 0) & (right == 0))),
        ties=int(np.count_nonzero(~clear)),
        only_a=tuple(ids[i] for i in np.flatnonzero(only_a)),
        only_b=tuple(ids[i] for i in np.flatnonzero(only_b)),
    )


def holm(p_values: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Holm's step-down adjustment, in the order given (Holm 1979, Scand. J. Stat. 6(2))."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def _interval(
    mean_spread: Spread,
    sums: npt.NDArray[np.float64],
    up: float,
    down: float,
    seed: int,
    resamples: int,
    level: float,
) -> tuple[float, float, str]:
    """Resampled clusters where they and the differing pairs are many; else Bonett & Price at the effective size.

    Bonett & Price 2012, J. Educ. Behav. Stat. 37(4), eq. 6: one pair is added to each of the differing cells, which
    keeps the interval open when no pair differs. The effective size is found as for Wilson's interval.
    """
    if mean_spread.clusters == 0:
        return math.nan, math.nan, "none: no pairs"
    if mean_spread.clusters == 1:
        return -1.0, 1.0, NONE
    plain = up + down - (up - down) ** 2
    seen = mean_spread.error > 1e-12
    n = min(plain / mean_spread.error**2, mean_spread.independent) if seen else mean_spread.even_clusters
    if mean_spread.clusters >= _MIN_CLUSTERS and n * (up + down) >= _MIN_EVENTS:
        drawn = resampled_sums(sums[:2].T, resamples, seed)
        return *accelerated(np.sort(drawn[:, 0] / drawn[:, 1]), mean_spread.value, mean_spread.skew, level), BOOTSTRAP
    z = normal_quantile((1 + level) / 2)
    if seen:
        added = 1 - n / mean_spread.independent
        z = math.sqrt((1 - added) * z * z + added * student_quantile((1 + level) / 2, mean_spread.freedom) ** 2)
    more, less = (n * up + 1) / (n + 2), (n * down + 1) / (n + 2)
    half = z * math.sqrt((more + less - (more - less) ** 2) / (n + 2))
    middle = more - less
    return (
        max(-1.0, min(middle - half, mean_spread.value)),
        min(1.0, max(middle + half, mean_spread.value)),
        BONETT_PRICE,
    )


def _sign_flip(sums: npt.NDArray[np.float64], seed: int, flips: int) -> tuple[float, str]:
    """Two-sided p of Σ D under random signs of the clusters' D."""
    differing = sums[np.abs(sums) > 1e-9]
    if not len(differing):
        return 1.0, FLIP_EXACT
    least = abs(float(differing.sum())) - 1e-6
    if len(differing) <= _ENUMERATE:
        patterns = np.arange(1 << len(differing))[:, None] >> np.arange(len(differing)) & 1
        return float(np.mean(np.abs((2 * patterns - 1) @ differing) >= least)), FLIP_EXACT
    rng = np.random.default_rng(seed)
    reached, rows = 0, max(1, (1 << 21) // len(differing))
    for start in range(0, flips, rows):
        size = min(rows, flips - start)
        signs = rng.integers(0, 2, size=(size, len(differing)), dtype=np.int8)
        # Σ ±D = 2·Σ_plus D - ΣD, so that bits need no second pass to become signs.
        totals = 2 * (signs @ differing) - differing.sum()
        reached += int(np.count_nonzero(np.abs(totals) >= least))
    return (1 + reached) / (1 + flips), FLIP.format(flips=f"{flips:,}")
