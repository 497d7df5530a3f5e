"""A linear probe for the better of two responses, layer by layer, judged on clusters that it has not seen.

For every pair there is the difference of two vectors, chosen less rejected. The probe is the direction w that makes w·d
largest against its length in the sense of least squares: ridge regression of 1 on the differences, without an
intercept, so that it is the same whichever response comes first. It is right where w·d > 0; chance is ½.

Nothing about a pair is used to choose what judges it: clusters are dealt into folds whole, and within the pairs that a
fold leaves for fitting, folds of clusters again choose the layer and the strength of the penalty (nested
cross-validation; Varma & Simon 2006, BMC Bioinformatics 7:91).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["FOLDS", "STRENGTHS", "Probed", "deal", "probe", "score_ridge"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FOLDS: Final = 5
STRENGTHS: Final = (0.01, 0.1, 1.0, 10.0)
"""Of the penalty, in mean squared lengths of the differences that are fitted on."""


@dataclass(frozen=True)
class Probed:
    """What the probe came to, all of it on pairs that it was not fitted on."""

    right: FloatArray
    """(pairs,), 1, 0, or ½ for a tie, by the layer that was best within the pairs fitted on."""
    by_layer: FloatArray
    """(layers, pairs), the same by each layer."""
    chosen: IntArray
    """(pairs,), index of the layer that judged it."""


def deal(clusters: IntArray, folds: int, seed: int) -> IntArray:
    """The fold of every pair, (pairs,): clusters in an order drawn by the seed, each into the smallest fold so far."""
    names, sizes = np.unique(clusters, return_counts=True)
    count, of_cluster = np.zeros(folds), {}
    for at in np.random.default_rng(seed).permutation(len(names)):
        smallest = int(np.argmin(count))
        of_cluster[names[at]] = smallest
        count[smallest] += sizes[at]
    return np.array([of_cluster[name] for name in clusters], dtype=np.int64)


def score_ridge(gram: FloatArray, fit: IntArray, judge: IntArray, strengths: Sequence[float]) -> FloatArray:
    """w·d of the pairs to judge, (strengths, judge), from the products of all differences.

    Args:
        gram: (pairs, pairs), d·d′.
        fit: indices of the pairs that w is fitted on.
        judge: indices of the others.
    """
    inner, across = gram[np.ix_(fit, fit)], gram[np.ix_(judge, fit)]
    unit = float(np.trace(inner)) / len(fit) or 1.0
    ones = np.ones(len(fit))
    return np.stack([across @ np.linalg.solve(inner + s * unit * np.eye(len(fit)), ones) for s in strengths])


def probe(grams: Sequence[FloatArray], clusters: IntArray, *, candidates: Sequence[int], seed: int = 0) -> Probed:
    """Judge every pair by a probe that was fitted on other clusters.

    Args:
        grams: a layer each, (pairs, pairs): products of the differences.
        clusters: (pairs,).
        candidates: layers among which the best may be chosen; the others are judged by themselves alone.

    Raises:
        ValueError: there are too few clusters to leave some out twice.
    """
    number = len(np.unique(clusters))
    if number < 4:
        raise ValueError(f"{number} clusters are too few to leave some out twice")
    folds = deal(clusters, min(FOLDS, number), seed)
    size = len(clusters)
    right, by_layer = np.full(size, np.nan), np.full((len(grams), size), np.nan)
    chosen = np.zeros(size, dtype=np.int64)
    for fold in range(folds.max() + 1):
        fit, judge = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        within = _within(grams, fit, clusters, seed)
        best_strength = within.argmax(axis=1)
        for layer, gram in enumerate(grams):
            strength = STRENGTHS[best_strength[layer]]
            by_layer[layer, judge] = _won(score_ridge(gram, fit, judge, [strength])[0])
        best = max(candidates, key=lambda layer: within[layer].max())
        right[judge], chosen[judge] = by_layer[best, judge], best
    return Probed(right, by_layer, chosen)


def _within(grams: Sequence[FloatArray], fit: IntArray, clusters: IntArray, seed: int) -> FloatArray:
    """Accuracy of each layer and strength over folds of the pairs to fit on alone, (layers, strengths)."""
    total = np.zeros((len(grams), len(STRENGTHS)))
    for some, others in _splits(clusters[fit], seed):
        for layer, gram in enumerate(grams):
            total[layer] += _won(score_ridge(gram, fit[some], fit[others], STRENGTHS)).sum(axis=1)
    accuracy: FloatArray = total / len(fit)
    return accuracy


def _splits(clusters: IntArray, seed: int) -> Iterator[tuple[IntArray, IntArray]]:
    number = min(FOLDS - 1, len(np.unique(clusters)))
    folds = deal(clusters, number, seed)
    for fold in range(number):
        yield np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)


def _won(scores: FloatArray) -> FloatArray:
    return (1 + np.sign(scores)) / 2
