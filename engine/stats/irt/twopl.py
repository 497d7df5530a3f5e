"""The two-parameter logistic model with shrunken slopes, for as many candidates as can bear it.

Candidate j is right on pair i with probability σ(a_i t_j + d_i), where t are the abilities with mean 0 and standard
deviation 1. Slopes and intercepts are drawn from normal populations whose means and variances are fitted to all pairs
(empirical Bayes, by EM with a Laplace approximation), and each pair's are given by their posterior mode. Abilities are
fitted in turn; with hundreds of pairs each of them is known far better than any pair (joint posterior mode).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.irt.difficulties import logistic

__all__ = ["ENOUGH_CANDIDATES", "LEAST_CANDIDATES", "TwoPL", "fit_twopl"]

FloatArray = npt.NDArray[np.float64]

LEAST_CANDIDATES: Final = 20
"""Below so many, four fifths of what tells pairs' slopes apart is error (benchmarks/stats/items.py)."""
ENOUGH_CANDIDATES: Final = 100
"""From so many, about half of it or more is real (ibidem)."""
_ROUNDS: Final = 60
_TOLERANCE: Final = 1e-3
_LEAST_VARIANCE: Final = 1e-4


@dataclass(frozen=True, eq=False)
class TwoPL:
    """A fitted model; abilities in standard deviations of the candidates, slopes in logits per such deviation."""

    ability: FloatArray
    """(candidates,)."""
    ability_se: FloatArray
    """(candidates,): from the information of the pairs, taken as independent."""
    slope: FloatArray
    """(pairs,): discriminations a."""
    slope_se: FloatArray
    intercept: FloatArray
    """(pairs,): d; a pair's difficulty is −d/a."""
    reliability: float
    """Share of the slopes' variance between pairs that is not error: 1 − mean se² / population variance."""
    converged: bool

    def information(self) -> FloatArray:
        """(candidates, pairs): Fisher information about each candidate's ability, a²p(1 − p)."""
        right = logistic(self.ability[:, None] * self.slope + self.intercept)
        return self.slope**2 * right * (1 - right)


def fit_twopl(scores: npt.NDArray[np.floating], start: FloatArray) -> TwoPL:
    """Fit slopes, intercepts and abilities.

    Args:
        scores: (candidates, pairs): 1 right, 0 wrong, between for ties, NaN not scored.
        start: (candidates,): abilities to begin from, of any scale; not all equal.
    """
    scored = ~np.isnan(scores)
    x, seen = np.where(scored, scores, 0.0).astype(np.float64), scored.astype(np.float64)
    ability = (start - start.mean()) / start.std()
    slope, intercept = np.ones(x.shape[1]), np.zeros(x.shape[1])
    means, variances = np.array([1.0, 0.0]), np.array([0.25, 1.0])
    converged = False
    for _ in range(_ROUNDS):
        before = ability, means, variances
        slope, intercept, spread = _pairs(x, seen, ability, slope, intercept, means, variances)
        means = np.array([slope.mean(), intercept.mean()])
        fitted = ((slope - means[0]) ** 2 + spread[0], (intercept - means[1]) ** 2 + spread[1])
        variances = np.maximum([float(part.mean()) for part in fitted], _LEAST_VARIANCE)
        ability = _abilities(x, seen, ability, slope, intercept)
        moved = zip(before, (ability, means, variances), strict=True)
        if max(float(np.abs(old - new).max()) for old, new in moved) < _TOLERANCE:
            converged = True
            break
    slope, intercept, spread = _pairs(x, seen, ability, slope, intercept, means, variances)
    right = logistic(ability[:, None] * slope + intercept)
    information = (seen * slope**2 * right * (1 - right)).sum(axis=1)
    reliability = float(np.clip(1 - spread[0].mean() / variances[0], 0, 1))
    error = 1 / np.sqrt(np.maximum(information, 1e-12))
    return TwoPL(ability, error, slope, np.sqrt(spread[0]), intercept, reliability, converged)


def _pairs(
    x: FloatArray, seen: FloatArray, ability: FloatArray, slope: FloatArray, intercept: FloatArray,
    means: FloatArray, variances: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:  # fmt: skip
    """Posterior modes of slopes and intercepts by Newton steps, and their variances (2, pairs)."""
    t = ability[:, None]
    a, d = slope, intercept
    for _ in range(8):
        right = logistic(t * a + d)
        left, weight = x - seen * right, seen * right * (1 - right)
        ga = (left * t).sum(axis=0) - (a - means[0]) / variances[0]
        gd = left.sum(axis=0) - (d - means[1]) / variances[1]
        haa, had, hdd = _curvature(weight, t, variances)
        determinant = haa * hdd - had**2
        step_a, step_d = (hdd * ga - had * gd) / determinant, (haa * gd - had * ga) / determinant
        # Logistic curvature vanishes far out; a step of more than a logit or two is never meant.
        size = np.minimum(1.0, 2.0 / np.maximum(np.maximum(np.abs(step_a), np.abs(step_d)), 1e-12))
        a, d = a + size * step_a, d + size * step_d
        if max(float(np.abs(step_a).max()), float(np.abs(step_d).max())) < 1e-6:
            break
    right = logistic(t * a + d)
    haa, had, hdd = _curvature(seen * right * (1 - right), t, variances)
    determinant = haa * hdd - had**2
    return a, d, np.stack([hdd / determinant, haa / determinant])


def _curvature(weight: FloatArray, t: FloatArray, variances: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    haa = (weight * t**2).sum(axis=0) + 1 / variances[0]
    return haa, (weight * t).sum(axis=0), weight.sum(axis=0) + 1 / variances[1]


def _abilities(
    x: FloatArray, seen: FloatArray, start: FloatArray, slope: FloatArray, intercept: FloatArray
) -> FloatArray:
    """Posterior modes of abilities under N(0, 1), then set to mean 0 and standard deviation 1."""
    t = start
    for _ in range(8):
        right = logistic(t[:, None] * slope + intercept)
        gradient = ((x - seen * right) * slope).sum(axis=1) - t
        curvature = (seen * slope**2 * right * (1 - right)).sum(axis=1) + 1
        step = np.clip(gradient / curvature, -1, 1)
        t = t + step
        if float(np.abs(step).max()) < 1e-8:
            break
    standardised: FloatArray = (t - t.mean()) / t.std()
    return standardised
