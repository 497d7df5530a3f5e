"""Are there pairs enough? The difference between two candidates that a suite, or a part of it, can tell.

Two candidates are compared pair by pair, so only pairs on which they differ say anything. How many those are depends on
the candidates; here it is half of them, as for two that err independently near chance – candidates that err alike
differ on fewer pairs, and less is enough to tell them apart. Pairs of one cluster are taken to be alike by .1, the
intra-class correlation of the difference, which makes a pair in a large cluster worth less than one by itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Final

from rubrics.schema import Pair
from rubrics.taxonomy import Subcategory

__all__ = ["ALIKE", "DIFFER", "POWER", "THIN", "Reach", "detectable", "effective_pairs", "reaches"]

ALPHA: Final = 0.05
POWER: Final = 0.8
DIFFER: Final = 0.5
"""Share of pairs on which the two differ."""
ALIKE: Final = 0.1
"""Intra-class correlation within a cluster."""
THIN: Final = 12
"""Pairs below which a subcategory within a domain is marked."""
_EXACT: Final = 1000
"""Up to so many effective pairs, every likely number of differing pairs is gone through; above, the normal limit is
less than a tenth of a point off."""
_LIKELY: Final = 6.0
"""Standard deviations of that number, beyond which nothing of weight lies."""
_BYTES: Final = 4
"""UTF-8 bytes to a token, about: what English text comes to under large vocabularies."""


@dataclass(frozen=True)
class Reach:
    """What a part of a suite can tell."""

    domain: str
    """Empty: all of them."""
    subcategory: str
    """Empty: all of them."""
    pairs: int
    clusters: int
    tokens: int
    """Of prompts and both responses, about: a token for every four bytes."""
    effective: float
    """Independent pairs of equal weight that would tell as much."""
    detectable: float | None
    """Difference in accuracy that is found with a probability of 80 % at 5 %, two-sided; None: none is."""


def reaches(pairs: Sequence[Pair]) -> tuple[Reach, ...]:
    """The whole, each domain, each subcategory, and each subcategory within a domain where there are several.

    A pair that violates several subcategories counts in each with weight 1/(how many), as in the rankings.
    """
    domains = sorted({pair.domain for pair in pairs})
    kinds = [kind for kind in Subcategory if any(kind in pair.subcategories for pair in pairs)]
    parts = [("", ""), *((domain, "") for domain in domains), *(("", str(kind)) for kind in kinds)]
    if len(domains) > 1:
        parts += [(domain, str(kind)) for kind in kinds for domain in domains]
    found = []
    for domain, kind in parts:
        inside = [
            pair
            for pair in pairs
            if domain in ("", pair.domain) and (not kind or Subcategory(kind) in pair.subcategories)
        ]
        weights = [1 / len(pair.subcategories) if kind else 1.0 for pair in inside]
        effective = effective_pairs([pair.cluster for pair in inside], weights)
        size = sum(
            len(text.encode("utf-8", "replace")) for p in inside for text in (p.prompt_text, p.chosen, p.rejected)
        )
        found.append(Reach(
            domain, kind, len(inside), len({pair.cluster for pair in inside}), round(size / _BYTES), effective,
            detectable(int(effective)),
        ))  # fmt: skip
    return tuple(found)


def effective_pairs(clusters: Sequence[str], weights: Sequence[float]) -> float:
    """How many independent pairs of equal weight tell as much (Kish 1965, Survey Sampling, with an intra-class part).

    (Σw)² over Σ within each cluster of (1 − ρ)·Σw² + ρ·(Σw)².
    """
    by_cluster: dict[str, list[float]] = {}
    for cluster, weight in zip(clusters, weights, strict=True):
        by_cluster.setdefault(cluster, []).append(weight)
    spread = sum(
        (1 - ALIKE) * sum(weight * weight for weight in own) + ALIKE * sum(own) ** 2 for own in by_cluster.values()
    )
    # Rounding must not cost a pair.
    return round(sum(weights) ** 2 / spread, 9) if spread else 0.0


@lru_cache(maxsize=4096)
def detectable(pairs: int) -> float | None:
    """The least difference in accuracy that McNemar's exact test finds with 80 % on so many pairs; None: none is.

    Above `_EXACT` pairs by the normal limit (Connor 1987, Biometrics 43(1)), rounded up to a tenth of a point.
    """
    if pairs > _EXACT:
        found = _by_normal_limit(pairs)
        return math.ceil(found * 1000) / 1000
    steps = round(DIFFER * 1000)
    low, high = 0, steps
    if _power(pairs, DIFFER) < POWER:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _power(pairs, middle / 1000) >= POWER else (middle, high)
    return high / 1000


def _power(pairs: int, difference: float) -> float:
    """P(McNemar's exact p ≤ .05), either way, over the number of pairs on which the two differ."""
    wins = (DIFFER + difference) / (2 * DIFFER)
    power = 0.0
    room = _LIKELY * math.sqrt(pairs * DIFFER * (1 - DIFFER))
    for differing in range(max(1, int(pairs * DIFFER - room)), min(pairs, math.ceil(pairs * DIFFER + room)) + 1):
        limit = _limit(differing)
        if limit >= 0:
            met = _below(limit, differing, 1 - wins) + _below(limit, differing, wins)
            power += _mass(differing, pairs, DIFFER) * met
    return power


@lru_cache(maxsize=1024)
def _limit(differing: int) -> int:
    """The most losses with which a sign test is significant; −1 where there is none."""
    total, limit = 0.0, -1
    for losses in range(differing // 2 + 1):
        total += _mass(losses, differing, 0.5)
        if 2 * total > ALPHA:
            break
        limit = losses
    return limit


def _below(limit: int, n: int, p: float) -> float:
    return sum(_mass(k, n, p) for k in range(limit + 1))


def _mass(k: int, n: int, p: float) -> float:
    """Of the binomial distribution."""
    if p in (0.0, 1.0):
        return float(k == (n if p else 0))
    return math.exp(
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
    )


def _by_normal_limit(pairs: int) -> float:
    """δ with δ·√n = z₁₋α/₂·√ψ + z_power·√(ψ − δ²), by going round."""
    test, power = NormalDist().inv_cdf(1 - ALPHA / 2), NormalDist().inv_cdf(POWER)
    difference = 0.0
    for _ in range(60):
        difference = (test * math.sqrt(DIFFER) + power * math.sqrt(DIFFER - difference**2)) / math.sqrt(pairs)
    return difference
