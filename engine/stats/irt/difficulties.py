"""Difficulties integrated out: how likely abilities make the verdicts on pairs that are draws from a population.

Candidate j is right on pair i with probability σ(θ_j − b_i), b_i drawn from N(0, s²). Every integral over b is a sum
over 61 nodes, once for each kind of pair: by the model, two pairs that the same candidates saw and as many of them won
say the same.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["NODES", "Likelihood", "Verdicts", "logistic"]

FloatArray = npt.NDArray[np.float64]

NODES: Final = np.linspace(-5.5, 5.5, 61)
"""Difficulties in units of s."""
_LOG_WEIGHTS: Final = -(NODES**2) / 2 - math.log(float(np.exp(-(NODES**2) / 2).sum()))


def logistic(value: FloatArray) -> FloatArray:
    """1 / (1 + e^−value), without overflow."""
    probability: FloatArray = np.tanh(value / 2) / 2 + 0.5
    return probability


class Likelihood(NamedTuple):
    """What abilities and a spread make of some verdicts."""

    value: float
    """Its logarithm."""
    expected: FloatArray
    """(kinds, candidates): how much of a pair each is expected to win."""
    lean: FloatArray
    """(kinds,): slope of the logarithm along log s."""
    weights: FloatArray
    """(kinds, nodes): where each difficulty lies, posterior."""
    right: FloatArray
    """(candidates, nodes): how probably each wins a pair of such a difficulty."""


class Verdicts(NamedTuple):
    """Verdicts with their pairs sorted into kinds."""

    won: FloatArray
    """(pairs, candidates): scores, 0 where not scored."""
    kind: npt.NDArray[np.intp]
    """(pairs,)."""
    seen: FloatArray
    """(kinds, candidates): 1 where scored."""
    wins: FloatArray
    """(kinds,): sum of scores."""
    pairs: FloatArray
    """(kinds,): pairs."""
    views: tuple[npt.NDArray[np.intp], ...]
    """The kinds that the same candidates saw, together."""

    @classmethod
    def of(cls, scores: npt.NDArray[np.floating]) -> Verdicts:
        """Of (candidates, pairs): 1 right, 0 wrong, between for ties, NaN not scored."""
        scored = ~np.isnan(scores.T)
        won = np.where(scored, scores.T, 0.0).astype(np.float64)
        rows = np.concatenate([scored.astype(np.float64), won.sum(axis=1, keepdims=True).round(6)], axis=1)
        kinds, kind, count = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
        seen, view = np.unique(kinds[:, :-1], axis=0, return_inverse=True)
        views = tuple(np.flatnonzero(view.ravel() == number) for number in range(len(seen)))
        return cls(won, kind.ravel(), kinds[:, :-1], kinds[:, -1], count.astype(np.float64), views)

    def likelihood(self, ability: FloatArray, spread: float) -> Likelihood:
        """Of abilities (candidates,) and the standard deviation of difficulties, both in logits."""
        ahead = ability[:, None] - spread * NODES
        joint = _LOG_WEIGHTS - self.wins[:, None] * (spread * NODES) - self.seen @ np.logaddexp(0.0, ahead)
        top = joint.max(axis=1, keepdims=True)
        weights = np.exp(joint - top)
        sums = weights.sum(axis=1, keepdims=True)
        weights /= sums
        value = float(self.won.sum(axis=0) @ ability) + float(self.pairs @ (top + np.log(sums))[:, 0])
        right = logistic(ahead)
        lean = -spread * ((weights * (self.wins[:, None] - self.seen @ right)) @ NODES)
        return Likelihood(value, self.seen * (weights @ right.T), lean, weights, right)

    def slopes(self, found: Likelihood) -> FloatArray:
        """(pairs, candidates): slope of each pair's own log-likelihood along the abilities."""
        slopes: FloatArray = self.won - found.expected[self.kind]
        return slopes

    def complete(self, found: Likelihood) -> FloatArray:
        """(candidates,): the information about each ability if the difficulties were known."""
        right = found.right
        information: FloatArray = self.pairs @ (self.seen * (found.weights @ (right * (1 - right)).T))
        return information

    def information(self, found: Likelihood) -> FloatArray:
        """(candidates, candidates): the observed information about the abilities, the spread held.

        What complete data would tell, less what is lost by not knowing the difficulties (Louis 1982, J. R. Stat. Soc. B
        44(2)).
        """
        information: FloatArray = np.diag(self.complete(found))
        information += found.expected.T @ (self.pairs[:, None] * found.expected)
        for kinds in self.views:
            part = self.seen[kinds[0]][:, None] * found.right
            information -= (part * (self.pairs[kinds] @ found.weights[kinds])) @ part.T
        return information
