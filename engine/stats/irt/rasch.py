"""The Rasch model with pairs drawn from a population: candidates are few and known well, pairs many and known badly.

Candidate j is right on pair i with probability σ(θ_j − b_i). Every b_i is a draw from N(0, s²). The abilities θ and
the spread s maximise the likelihood with the b_i integrated out; each b_i is then given by its posterior mean, which
shrinks what few candidates leave uncertain (De Boeck 2008, Random item IRT models, Psychometrika 73(4)). It is the
usual marginal maximum likelihood with the parts of persons and items exchanged: integrating over the difficulties,
thousands of them with as many observations each as there are candidates, keeps the abilities consistent, where
maximising over them too would not (Neyman & Scott 1948, Econometrica 16(1)). There is no guessing parameter: between
two responses chance is itself a verdict, and there are pairs that most candidates get wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Rasch", "fit_rasch", "logistic"]

FloatArray = npt.NDArray[np.float64]

_NODES: Final = np.linspace(-5.5, 5.5, 61)
_LOG_WEIGHTS: Final = -(_NODES**2) / 2 - math.log(float(np.exp(-(_NODES**2) / 2).sum()))
_PRIOR_SD: Final = 5.0
"""Of abilities, in logits: keeps a candidate that is always right or always wrong finite, and moves no other."""
_LEAST_SPREAD: Final = 1e-3
_STEPS: Final = 200


@dataclass(frozen=True, eq=False)
class Rasch:
    """A fitted model, in logits. An average pair has difficulty 0, and ability θ wins it with probability σ(θ)."""

    ability: FloatArray
    """(candidates,)."""
    ability_se: FloatArray
    """(candidates,): standard errors, robust to likeness of pairs within a cluster (sandwich of cluster sums)."""
    difficulty: FloatArray
    """(pairs,): posterior means."""
    difficulty_se: FloatArray
    """(pairs,): posterior standard deviations."""
    spread: float
    """s, the standard deviation of difficulties between pairs."""
    posterior: FloatArray
    """(pairs, nodes): where each difficulty lies."""
    converged: bool

    @property
    def nodes(self) -> FloatArray:
        """(nodes,): the difficulties at which `posterior` is given."""
        return self.spread * _NODES

    def information(self) -> FloatArray:
        """(candidates, pairs): Fisher information about each candidate's ability, p(1 − p), mean over the posterior."""
        right = logistic(self.ability[:, None] - self.nodes)
        information: FloatArray = (right * (1 - right)) @ self.posterior.T
        return information


def fit_rasch(scores: npt.NDArray[np.floating], clusters: npt.NDArray[np.int32]) -> Rasch:
    """Fit abilities, the spread of difficulties, and every difficulty.

    Args:
        scores: (candidates, pairs): 1 right, 0 wrong, between for ties, NaN not scored (taken as missing at random).
        clusters: (pairs,): the unit of resampling, any integer.

    Raises:
        ValueError: no verdict at all.
    """
    scored = ~np.isnan(scores.T)
    if not scored.any():
        raise ValueError("no verdicts to fit")
    data = _Data.of(np.where(scored, scores.T, 0.0).astype(np.float64), scored.astype(np.float64))
    share = (data.won.sum(axis=0) + 0.5) / (scored.sum(axis=0) + 1)
    at = np.append(np.log(share / (1 - share)), 0.0)
    value, gradient, weights = _evaluate(at, data)
    converged = False
    for _ in range(_STEPS):
        total = gradient.sum(axis=0) + _prior_slope(at)
        # The outer product of the pairs' gradients stands for the curvature (Berndt, Hall, Hall & Hausman 1974); with
        # few pairs it leaves directions out, which the information of known difficulties fills.
        curvature = gradient.T @ gradient + np.diag(_prior_curvature(at)) + 1e-9 * np.eye(len(at))
        if len(gradient) < 2 * len(at):
            curvature += np.diag(_complete(at, data, weights))
        step = np.linalg.solve(curvature, total)
        if float(step @ total) < 1e-8:
            converged = True
            break
        size = min(1.0, 2.0 / float(np.abs(step).max()))
        for _ in range(40):
            tried = at + size * step
            tried[-1] = max(tried[-1], math.log(_LEAST_SPREAD))
            new = _evaluate(tried, data)
            if new[0] >= value:
                break
            size /= 2
        else:
            converged = True
            break
        gain, at, (value, gradient, weights) = new[0] - value, tried, new
        if gain < 1e-9 * (1 + abs(value)):
            converged = True
            break
    spread = math.exp(at[-1])
    difficulty = weights @ _NODES
    deviation = np.sqrt(np.maximum(weights @ _NODES**2 - difficulty**2, 0))
    return Rasch(
        ability=at[:-1],
        ability_se=_errors(at, data, gradient, weights, clusters),
        difficulty=(spread * difficulty)[data.kind],
        difficulty_se=(spread * deviation)[data.kind],
        spread=spread,
        posterior=weights[data.kind],
        converged=converged,
    )


class _Data(NamedTuple):
    """Verdicts with their pairs sorted into kinds: by the Rasch model, two pairs that the same candidates saw and as
    many of them won have the same difficulty, so what is integrated is integrated once a kind.
    """

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

    @classmethod
    def of(cls, won: FloatArray, seen: FloatArray) -> _Data:
        rows = np.concatenate([seen, won.sum(axis=1, keepdims=True).round(6)], axis=1)
        kinds, kind, count = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
        return cls(won, kind.ravel(), kinds[:, :-1], kinds[:, -1], count.astype(np.float64))


def logistic(value: FloatArray) -> FloatArray:
    """1 / (1 + e^−value), without overflow."""
    probability: FloatArray = np.tanh(value / 2) / 2 + 0.5
    return probability


def _evaluate(at: FloatArray, data: _Data) -> tuple[float, FloatArray, FloatArray]:
    """Log posterior, gradient (pairs, candidates + 1; the last is log s) and posterior weights (kinds, nodes)."""
    ability, spread = at[:-1], math.exp(at[-1])
    ahead = ability[:, None] - spread * _NODES
    joint = _LOG_WEIGHTS - data.wins[:, None] * (spread * _NODES) - data.seen @ np.logaddexp(0.0, ahead)
    top = joint.max(axis=1, keepdims=True)
    weights = np.exp(joint - top)
    sums = weights.sum(axis=1, keepdims=True)
    weights /= sums
    value = float(data.won.sum(axis=0) @ ability) + float(data.pairs @ (top + np.log(sums))[:, 0])
    right = logistic(ahead)
    expected = data.seen * (weights @ right.T)
    lean = -spread * ((weights * (data.wins[:, None] - data.seen @ right)) @ _NODES)
    gradient = np.concatenate([data.won - expected[data.kind], lean[data.kind, None]], axis=1)
    return value - float(ability @ ability) / (2 * _PRIOR_SD**2), gradient, weights


def _complete(at: FloatArray, data: _Data, weights: FloatArray) -> FloatArray:
    """(candidates + 1,): the information about each parameter if the difficulties were known; never zero."""
    right = logistic(at[:-1][:, None] - math.exp(at[-1]) * _NODES)
    by_candidate = data.pairs @ (data.seen * (weights @ (right * (1 - right)).T))
    information: FloatArray = np.append(by_candidate, max(float(by_candidate.sum()) * math.exp(2 * at[-1]), 1e-9))
    return information


def _prior_slope(at: FloatArray) -> FloatArray:
    return np.append(-at[:-1] / _PRIOR_SD**2, 0.0)


def _prior_curvature(at: FloatArray) -> FloatArray:
    return np.append(np.full(len(at) - 1, 1 / _PRIOR_SD**2), 0.0)


def _errors(
    at: FloatArray, data: _Data, gradient: FloatArray, weights: FloatArray, clusters: npt.NDArray[np.int32]
) -> FloatArray:
    """Standard errors of the abilities, the spread held: H⁻¹ (Σ over clusters of g gᵀ) H⁻¹."""
    right = logistic(at[:-1][:, None] - math.exp(at[-1]) * _NODES)
    # Louis 1982, J. R. Stat. Soc. B 44(2): what complete data would tell, less what is lost by not knowing the
    # difficulties.
    bread = np.diag(_complete(at, data, weights)[:-1] + 1 / _PRIOR_SD**2)
    expected = data.seen * (weights @ right.T)
    bread += expected.T @ (data.pairs[:, None] * expected)
    for node in range(len(_NODES)):
        part = data.seen * right[:, node]
        bread -= part.T @ ((data.pairs * weights[:, node])[:, None] * part)
    own = gradient[:, :-1]
    _, code = np.unique(clusters, return_inverse=True)
    count = int(code.max()) + 1
    if count < 2:
        return np.full(len(at) - 1, math.nan)
    sums = np.zeros((count, own.shape[1]))
    np.add.at(sums, code, own)
    sums -= sums.mean(axis=0)
    inverse = np.linalg.pinv(bread)
    covariance = inverse @ (sums.T @ sums * (count / (count - 1))) @ inverse
    errors: FloatArray = np.sqrt(np.maximum(np.diag(covariance), 0))
    return errors
