"""Two candidates on the same pairs: how far apart, how sure, and on which pairs they differ."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.clusters import Clusters, resampled_sums
from engine.stats.distributions import normal_quantile, student_quantile
from engine.stats.flips import ALPHA, flip_test
from engine.stats.intervals import BOOTSTRAP, NONE, Estimate, Spread, accelerated, spread
from engine.stats.matrix import Scope, ScoreMatrix

__all__ = ["Comparison", "compare", "none_differs"]

MCNEMAR: Final = "exact McNemar"
BONETT_PRICE: Final = "Bonett-Price, design effect"

_MIN_CLUSTERS = 100
_MIN_EVENTS = 20.0


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
    """Holds 0 if and only if p says so; an end at 0 is open where p excludes 0."""
    method: str
    """How the interval was made."""
    p_value: float
    p_adjusted: float
    """For every comparison that was made, by Holm: the one that decides. The same as p where this is the only one."""
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

    @property
    def told_apart(self) -> bool:
        """Whether one is ahead, at 5 % after Holm: what the ranking says of the two."""
        return self.p_adjusted <= ALPHA

    def ends(self, shown: Callable[[float], str]) -> str:
        """The interval in words: an end at 0 that p excludes is open, and no number."""
        low, high = shown(self.ci_low), shown(self.ci_high)
        if self.p_value <= ALPHA:
            low, high = "above 0" if self.ci_low == 0 else low, "below 0" if self.ci_high == 0 else high
        return f"{low} to {high}"


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

    p is that of `flip_test`: McNemar's exact test where pairs are independent, equally weighted and without ties.

    Raises:
        ValueError: no such candidate.
    """
    left, right = matrix.scores[matrix.index(a)], matrix.scores[matrix.index(b)]
    kept = np.flatnonzero(~np.isnan(left) & ~np.isnan(right) & (scope.weight > 0))
    left, right, weight = left[kept], right[kept], scope.weight[kept]
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
    p_value, test = flip_test(sums[0])
    low, high, method = _interval(mean_spread, sums, up, down, seed, resamples, level)
    if clusters.count > 1:
        low, high = _agreeing(low, high, mean_spread.value, p_value <= 1 - level)
    if clusters.count == len(kept) and clear.all() and len(kept) and weight.min() == weight.max():
        test = MCNEMAR
    return Comparison(
        a=a,
        b=b,
        scope=scope.name,
        difference=mean_spread.value,
        ci_low=low,
        ci_high=high,
        method=method,
        p_value=p_value,
        p_adjusted=p_value,
        test=test,
        n_pairs=len(kept),
        n_clusters=clusters.count,
        both=int(np.count_nonzero(clear & (left == 1) & (right == 1))),
        neither=int(np.count_nonzero(clear & (left == 0) & (right == 0))),
        ties=int(np.count_nonzero(~clear)),
        only_a=tuple([matrix.pair_ids[i] for i in kept[only_a].tolist()]),
        only_b=tuple([matrix.pair_ids[i] for i in kept[only_b].tolist()]),
    )


def _agreeing(low: float, high: float, difference: float, apart: bool) -> tuple[float, float]:
    """The interval with 0 outside if the test excludes it, inside if not.

    Of each difference an interval says whether it is ruled out. Whether none is, the exact test knows better; and one
    that rules out 0 in favour of a lead rules out that the lead is the other's. Elsewhere nothing changes, so that the
    interval misses no more often than before.
    """
    if not apart:
        return min(low, 0.0), max(high, 0.0)
    return (max(low, 0.0), high) if difference > 0 else (low, min(high, 0.0))


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
    low, high = _bonett_price(up, down, n, z)
    return max(-1.0, min(low, mean_spread.value)), min(1.0, max(high, mean_spread.value)), BONETT_PRICE


def _bonett_price(up: float, down: float, n: float, z: float) -> tuple[float, float]:
    more, less = (n * up + 1) / (n + 2), (n * down + 1) / (n + 2)
    half = z * math.sqrt((more + less - (more - less) ** 2) / (n + 2))
    return more - less - half, more - less + half


def none_differs(clusters: int, level: float = 0.95) -> Estimate:
    """The mean of differences that are 0 in every cluster, and how far from it the true one may be."""
    low, high = _bonett_price(0.0, 0.0, clusters, normal_quantile((1 + level) / 2))
    return Estimate(0.0, max(-1.0, low), min(1.0, high), BONETT_PRICE)
