"""Pairs on trial: which pairs do abler candidates fail and weaker ones pass, beyond what chance would do?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.association import midranks
from engine.stats.irt.difficulties import logistic
from engine.stats.irt.rasch import Rasch

__all__ = ["HELP", "benjamini_hochberg", "item_rest", "least_flagged", "negative_by_chance", "reversed_p", "smallest_p"]

FloatArray = npt.NDArray[np.float64]

HELP: Final = {
    "difficulty": "Rasch difficulty in logits, posterior mean ± posterior sd; 0: an average pair of this suite",
    "discrimination": "item-rest correlation: this pair's verdicts with accuracy on all other pairs, over candidates",
    "slope": "2PL discrimination, posterior mode ± se: logits per standard deviation of ability",
    "p_value": "exact one-sided Mann–Whitney: those who pass the pair rank lower in ability than those who fail it",
    "q_value": "p after Benjamini & Hochberg over all pairs that some pass and some fail",
    "information": "Fisher information about ability, summed over the candidates",
    "ability": "logits by which the candidate beats an average pair ± cluster-robust standard error",
}
"""One line on each number."""

_EXACT: Final = 60
"""Candidates up to which the null distribution is counted out; beyond, a normal one is as good."""


def item_rest(scores: npt.NDArray[np.floating]) -> FloatArray:
    """(pairs,): correlation over candidates of each pair's verdict with the mean of the candidate's other verdicts.

    NaN where fewer than three candidates were scored, or all of them alike. Scores are (candidates, pairs), NaN where
    not scored.
    """
    scored = ~np.isnan(scores)
    x = np.where(scored, scores, 0.0).astype(np.float64)
    others = scored.sum(axis=1, keepdims=True) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.where(scored & (others > 0), (x.sum(axis=1, keepdims=True) - x) / others, 0.0)
        n = scored.sum(axis=0)
        dx = np.where(scored, x - x.sum(axis=0) / n, 0.0)
        dr = np.where(scored, rest - rest.sum(axis=0) / n, 0.0)
        xx, rr = (dx * dx).sum(axis=0), (dr * dr).sum(axis=0)
        r = np.clip((dx * dr).sum(axis=0) / np.sqrt(xx * rr), -1, 1)
    return np.where((n < 3) | (xx < 1e-12) | (rr < 1e-12), math.nan, r)


def negative_by_chance(fitted: Rasch, scores: npt.NDArray[np.floating], seed: int = 0) -> float:
    """Share of pairs that would show a negative item-rest correlation if all of them discriminated alike.

    One set of verdicts is drawn from the fitted Rasch model, in which every pair does, each pair's difficulty from its
    posterior; pairs that all draw alike have no correlation and are not counted.
    """
    rng = np.random.default_rng(seed)
    sums = fitted.posterior.cumsum(axis=1)
    drawn = (sums < rng.random((len(sums), 1)) * sums[:, -1:]).sum(axis=1)
    right = logistic(fitted.ability[:, None] - fitted.nodes[drawn])
    made = np.where(np.isnan(scores), np.nan, (rng.random(right.shape) < right).astype(np.float64))
    correlations = item_rest(made)
    correlations = correlations[~np.isnan(correlations)]
    return float((correlations < 0).mean()) if len(correlations) else math.nan


def reversed_p(scores: npt.NDArray[np.floating], ability: Sequence[float] | FloatArray) -> FloatArray:
    """(pairs,): p of the hypothesis that a pair's verdicts have nothing to do with ability, or agree with it.

    Among the candidates that took a side (ties do not), every choice of those who pass is equally likely under the
    hypothesis, so the sum of their ability ranks has a known distribution (Mann & Whitney 1947, Ann. Math. Stat.
    18(1)). A pair's own verdicts count in the abilities, which makes p a little too large, never too small. Candidates
    count as independent: those of one family are less. NaN where all took the same side.
    """
    sided = (scores == 0) | (scores == 1)
    passed = scores == 1
    p_values = np.full(scores.shape[1], math.nan)
    able = np.asarray(ability, dtype=np.float64)
    patterns, member, count = np.unique(sided.T, axis=0, return_inverse=True, return_counts=True)
    alike = np.split(np.argsort(member.ravel(), kind="stable"), count.cumsum()[:-1])
    for pattern, pairs in zip(patterns, alike, strict=True):
        inside = np.flatnonzero(pattern)
        if len(inside) < 2:
            continue
        won = passed[np.ix_(inside, pairs)]
        ranks = midranks(able[inside]) + 0.5
        totals = np.ceil(ranks @ won - 1e-9).astype(np.intp)
        wins = won.sum(axis=0)
        open_ = (wins > 0) & (wins < len(inside))
        p_values[pairs[open_]] = _at_most(len(inside), wins[open_], totals[open_])
    return p_values


def _at_most(candidates: int, wins: npt.NDArray[np.intp], totals: npt.NDArray[np.intp]) -> FloatArray:
    """P(sum of `wins` ranks drawn from 1 … candidates ≤ total)."""
    if candidates <= _EXACT:
        return _cumulative(candidates)[wins, totals]
    middle = wins * (candidates + 1) / 2
    scale = np.sqrt(wins * (candidates - wins) * (candidates + 1) / 12)
    return np.array([math.erfc(-z / math.sqrt(2)) / 2 for z in (totals + 0.5 - middle) / scale])


@lru_cache(maxsize=64)
def _cumulative(candidates: int) -> FloatArray:
    """(wins, total): the distribution function of the rank sum, counted by adding one rank at a time."""
    ways = np.zeros((candidates + 1, candidates * (candidates + 1) // 2 + 1))
    ways[0, 0] = 1
    for rank in range(1, candidates + 1):
        ways[1 : rank + 1, rank:] += ways[:rank, : ways.shape[1] - rank].copy()
    cumulative: FloatArray = ways.cumsum(axis=1) / ways.sum(axis=1, keepdims=True)
    return cumulative


def benjamini_hochberg(p_values: FloatArray) -> FloatArray:
    """q values: the false discovery rate at which each p would be called (Benjamini & Hochberg 1995); NaN stays NaN."""
    q_values = np.full(len(p_values), math.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    if len(tested):
        order = tested[np.argsort(p_values[tested], kind="stable")]
        scaled = p_values[order] * len(order) / np.arange(1, len(order) + 1)
        q_values[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return q_values


def smallest_p(candidates: int) -> float:
    """The least p that any pair can reach with so many candidates."""
    return 1 / math.comb(candidates, candidates // 2) if candidates > 0 else 1.0


def least_flagged(candidates: int, tested: int, q: float) -> int:
    """How many pairs would have to be as reversed as can be before Benjamini & Hochberg call any of them."""
    return max(1, math.ceil(tested * smallest_p(candidates) / q - 1e-9))
