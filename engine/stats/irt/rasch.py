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

from engine.stats.irt.difficulties import NODES, Likelihood, Verdicts, logistic

__all__ = ["LEAST_SPREAD", "PRIOR_SD", "Rasch", "fit_rasch"]

FloatArray = npt.NDArray[np.float64]

PRIOR_SD: Final = 5.0
"""Of abilities, in logits, and of the spread: keeps a candidate that is always right or always wrong finite, and the
difficulties of pairs on which all candidates agree; moves no other."""
LEAST_SPREAD: Final = 1e-3
_WIDE: Final = 2.0
"""Logits; a spread below is that of usual suites, and is not doubted."""
_DROP: Final = 1.92
"""Of the log-likelihood at the end of a 95 % interval: half the 95 % point of χ² with one degree of freedom."""
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
    spread_known: bool
    """Whether the verdicts bound it above. Where candidates agree on nearly every pair they do not: then difficulties
    have no size, and abilities an order alone."""
    posterior: FloatArray
    """(pairs, nodes): where each difficulty lies."""
    converged: bool

    @property
    def nodes(self) -> FloatArray:
        """(nodes,): the difficulties at which `posterior` is given."""
        return self.spread * NODES

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
    data = Verdicts.of(scores)
    share = (data.won.sum(axis=0) + 0.5) / (scored.sum(axis=0) + 1)
    climbed = _climb(np.append(np.log(share / (1 - share)), 0.0), data)
    at, weights = climbed.at, climbed.likelihood.weights
    spread = math.exp(at[-1])
    difficulty = weights @ NODES
    deviation = np.sqrt(np.maximum(weights @ NODES**2 - difficulty**2, 0))
    return Rasch(
        ability=at[:-1],
        ability_se=_errors(climbed, data, clusters),
        difficulty=(spread * difficulty)[data.kind],
        difficulty_se=(spread * deviation)[data.kind],
        spread=spread,
        spread_known=_is_bounded(climbed, data),
        posterior=weights[data.kind],
        converged=climbed.converged,
    )


class _Climbed(NamedTuple):
    """Where the climb of the posterior ended."""

    at: FloatArray
    """(candidates + 1,): abilities, and log s."""
    likelihood: Likelihood
    converged: bool


def _climb(at: FloatArray, data: Verdicts, *, spread_held: bool = False) -> _Climbed:
    """The highest posterior from `at` on; the spread may be held where it is."""
    found = data.likelihood(at[:-1], math.exp(at[-1]))
    value = found.value + _prior(at)
    converged = False
    free = len(at) - spread_held
    for _ in range(_STEPS):
        gradient = np.concatenate([data.slopes(found), found.lean[data.kind, None]], axis=1)
        total = (gradient.sum(axis=0) + _prior_slope(at))[:free]
        # The outer product of the pairs' gradients stands for the curvature (Berndt, Hall, Hall & Hausman 1974); with
        # few pairs it leaves directions out, which the information of known difficulties fills.
        curvature = gradient.T @ gradient + np.diag(_prior_curvature(at)) + 1e-9 * np.eye(len(at))
        if len(gradient) < 2 * len(at):
            curvature += np.diag(_complete(at, data, found))
        step = np.zeros(len(at))
        step[:free] = np.linalg.solve(curvature[:free, :free], total)
        if float(step[:free] @ total) < 1e-8:
            converged = True
            break
        size = min(1.0, 2.0 / float(np.abs(step).max()))
        for _ in range(40):
            tried = at + size * step
            tried[-1] = max(tried[-1], math.log(LEAST_SPREAD))
            new = data.likelihood(tried[:-1], math.exp(tried[-1]))
            if new.value + _prior(tried) >= value:
                break
            size /= 2
        else:
            converged = True
            break
        gain, at, found = new.value + _prior(tried) - value, tried, new
        value += gain
        if gain < 1e-9 * (1 + abs(value)):
            converged = True
            break
    return _Climbed(at, found, converged)


def _is_bounded(climbed: _Climbed, data: Verdicts) -> bool:
    """Whether the verdicts rule out, at 95 % by the likelihood, that difficulties spread four times as wide."""
    if math.exp(climbed.at[-1]) < _WIDE:
        return True
    # The wider difficulties lie, the wider do the abilities that win as much.
    further = _climb(np.append(4 * climbed.at[:-1], climbed.at[-1] + math.log(4)), data, spread_held=True)
    return climbed.likelihood.value - further.likelihood.value > _DROP


def _complete(at: FloatArray, data: Verdicts, found: Likelihood) -> FloatArray:
    """(candidates + 1,): the information about each parameter if the difficulties were known; never zero."""
    by_candidate = data.complete(found)
    information: FloatArray = np.append(by_candidate, max(float(by_candidate.sum()) * math.exp(2 * at[-1]), 1e-9))
    return information


def _prior(at: FloatArray) -> float:
    """Its log: normal of each ability, half-normal of the spread."""
    return -(float(at[:-1] @ at[:-1]) + math.exp(2 * at[-1])) / (2 * PRIOR_SD**2)


def _prior_slope(at: FloatArray) -> FloatArray:
    return np.append(-at[:-1], -math.exp(2 * at[-1])) / PRIOR_SD**2


def _prior_curvature(at: FloatArray) -> FloatArray:
    return np.append(np.full(len(at) - 1, 1.0), 2 * math.exp(2 * at[-1])) / PRIOR_SD**2


def _errors(climbed: _Climbed, data: Verdicts, clusters: npt.NDArray[np.int32]) -> FloatArray:
    """Standard errors of the abilities, the spread held: H⁻¹ (Σ over clusters of g gᵀ) H⁻¹."""
    own = data.slopes(climbed.likelihood)
    bread = data.information(climbed.likelihood) + np.eye(own.shape[1]) / PRIOR_SD**2
    _, code = np.unique(clusters, return_inverse=True)
    count = int(code.max()) + 1
    if count < 2:
        return np.full(own.shape[1], math.nan)
    sums = np.zeros((count, own.shape[1]))
    np.add.at(sums, code, own)
    sums -= sums.mean(axis=0)
    inverse = np.linalg.pinv(bread)
    covariance = inverse @ (sums.T @ sums * (count / (count - 1))) @ inverse
    errors: FloatArray = np.sqrt(np.maximum(np.diag(covariance), 0))
    return errors
