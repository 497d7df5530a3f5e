"""How much of a number is luck: reliabilities, where noise comes from, and resampling candidates and items at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.association import bootstrap_weights, midranks, pearson

__all__ = [
    "Noise",
    "TwoWay",
    "cronbach_alpha",
    "noise_by_prompt",
    "noise_of",
    "random_halves",
    "resampled_ends",
    "split_half",
]

FloatArray = npt.NDArray[np.float64]

_SPLITS: Final = 400
_NOTHING: Final = 1e-20
"""Shares that vary less than this, as variances multiplied, are all the same."""
_DIGITS: Final = 12
"""Means that differ by less are the same number added up in another order."""
_CELLS: Final = 1 << 21


def resampled_ends(drawn: FloatArray) -> tuple[float, float]:
    """The ends between which 95 % of resampled values lie, of those that exist; NaN where none does."""
    if not np.isfinite(drawn).any():
        return math.nan, math.nan
    low, high = np.nanquantile(drawn, [0.025, 0.975]).tolist()
    return low, high


def cronbach_alpha(scores: FloatArray) -> float:
    """Reliability of the candidates' means over items: 1 less the share of their variance that is interaction of
    candidates with items and noise within items (Cronbach 1951, Psychometrika 16(3)); may be negative.

    Args:
        scores: (candidates, items); two or more of each, else NaN.
    """
    candidates, items = scores.shape
    if candidates < 2 or items < 2:
        return math.nan
    whole = float(scores.sum(axis=1).var(ddof=1))
    if whole <= _NOTHING:
        return math.nan
    alpha: float = items / (items - 1) * (1 - float(scores.var(axis=0, ddof=1).sum()) / whole)
    return alpha


def random_halves(
    first: FloatArray, second: FloatArray, rng: np.random.Generator, splits: int = _SPLITS
) -> tuple[FloatArray, FloatArray]:
    """Means of `first` over random halves of the items, and of `second` over the rest; each (splits, candidates).

    Args:
        first, second: (candidates, items).
    """
    items = first.shape[1]
    orders = [rng.permutation(items) for _ in range(splits)]
    return (
        np.stack([first[:, order[: items // 2]].mean(axis=1) for order in orders]),
        np.stack([second[:, order[items // 2 :]].mean(axis=1) for order in orders]),
    )


def split_half(of: tuple[FloatArray, FloatArray], weights: FloatArray | None = None) -> FloatArray:
    """Correlation of halves, stepped up to both together (Spearman 1910, Brown 1910, Br. J. Psychol. 3), mean over the
    splits; one for each row of weights.

    Args:
        of: as `random_halves` gives them.
        weights: (resamples, candidates); candidates count alike unless told otherwise.
    """
    weights = np.ones((1, of[0].shape[1])) if weights is None else weights
    shares = weights / weights.sum(axis=1, keepdims=True)
    # Sums of products for every resample and split at once; taken from the middle, so that little cancels.
    a, b = (side - side.mean(axis=1, keepdims=True) for side in of)
    mean_a, mean_b = shares @ a.T, shares @ b.T
    spread = (shares @ (a * a).T - mean_a**2) * (shares @ (b * b).T - mean_b**2)
    still = spread <= _NOTHING
    r = (shares @ (a * b).T - mean_a * mean_b) / np.sqrt(np.where(still, 1.0, spread))
    stepped = np.where(r > 0, 2 * r / (1 + np.abs(r)), r)
    varying = np.maximum((~still).sum(axis=1), 1)
    means: FloatArray = np.where(still, 0.0, stepped).sum(axis=1) / varying
    return np.where(still.all(axis=1), math.nan, means)


@dataclass(frozen=True)
class Noise:
    """Shares of the variance of candidates' means over items."""

    whole: float
    """That would be another with other items: 1 − α."""
    within: float
    """Of it, what comes of the prompts within an item: known from answers prompt by prompt; from shares alone at most,
    as a share of `n` prompts is binomial at worst, and less where the same prompts are hard for every candidate."""

    @property
    def between(self) -> float:
        """What is left for which items are asked, at least."""
        return max(0.0, self.whole - self.within)


def noise_of(shares: FloatArray, prompts: int) -> Noise:
    """Where the noise of means over items comes from, where an item is a share of so many prompts.

    Args:
        shares: (candidates, items), each of 0 to 1.
        prompts: behind every share; two or more.
    """
    variance = float(shares.mean(axis=1).var(ddof=1))
    if variance <= _NOTHING or prompts < 2:
        return Noise(math.nan, math.nan)
    binomial = (shares * (1 - shares) / (prompts - 1)).mean(axis=1) / shares.shape[1]
    return Noise(1 - cronbach_alpha(shares), float(binomial.mean()) / variance)


def noise_by_prompt(answers: FloatArray) -> Noise:
    """The same, known exactly, where every answer is at hand: prompts nested in items, both crossed with candidates
    (Brennan 2001, "Generalizability Theory", section 3.4).

    Args:
        answers: (candidates, items, prompts), the same prompts for every candidate.
    """
    candidates, items, prompts = answers.shape
    shares = answers.mean(axis=2)
    variance = float(shares.mean(axis=1).var(ddof=1))
    if variance <= _NOTHING or prompts < 2:
        return Noise(math.nan, math.nan)
    left = answers - shares[:, :, None] - answers.mean(axis=0) + shares.mean(axis=0)[:, None]
    square = float((left**2).sum()) / ((candidates - 1) * items * (prompts - 1))
    return Noise(1 - cronbach_alpha(shares), square / (items * prompts) / variance)


class TwoWay:
    """Candidates and items resampled at once, as both are samples (Owen 2007, Ann. Appl. Stat. 1(2), the pigeonhole
    bootstrap). Every predictor is put to the same resamples, so that differences can be taken."""

    def __init__(self, items: FloatArray, *, resamples: int = 2000, seed: int = 0) -> None:
        """`items` (candidates, items): the outcome is their mean over items."""
        rng = np.random.default_rng(seed)
        candidates, count = items.shape
        self.weights = np.vstack([np.ones((1, candidates)), bootstrap_weights(candidates, resamples, rng)])
        drawn = np.vstack([np.ones((1, count)), bootstrap_weights(count, resamples, rng)])
        self.outcomes: FloatArray = (drawn @ items.T / count).round(_DIGITS)
        """(1 + resamples, candidates): of all items first."""
        self._ranks = _weighted_midranks(self.weights, self.outcomes)

    def spearman(self, x: FloatArray) -> FloatArray:
        """Spearman's ρ of a predictor (candidates,) with the outcome: over all of them first, then of each resample."""
        ranks = _weighted_midranks(self.weights, np.broadcast_to(midranks(x), self.weights.shape))
        return pearson(self.weights, ranks, self._ranks)


def _weighted_midranks(weights: FloatArray, values: FloatArray) -> FloatArray:
    """(rows, candidates): how much weight lies below each value in its row, ties at half."""
    ranks = np.empty(weights.shape)
    step = max(1, _CELLS // weights.shape[1] ** 2)
    for start in range(0, len(weights), step):
        rows = slice(start, start + step)
        below = (np.sign(values[rows, :, None] - values[rows, None, :]) + 1) / 2
        ranks[rows] = np.einsum("rij,rj->ri", below, weights[rows])
    return ranks
