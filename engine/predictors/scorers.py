"""From many features to one number: scorers fitted on tasks whose outcomes are known.

All take features standardised within a task, over its candidates, so that tasks of unlike scales can be joined
(arXiv 2605.18607 names the four; RankSVM: Joachims 2002, KDD, with the squared hinge of Chapelle & Keerthi 2010, Inf.
Retrieval 13(3); with a kernel by the representer theorem, Schölkopf, Herbrich & Smola 2001, COLT).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "SCORERS", "Fit", "Kernel", "Linear", "Scorer", "best_single", "rank_svm", "rbf_rank_svm", "score", "standard",
    "three_sparse",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Linear:
    """A weighted sum of standardised features."""

    weights: FloatArray
    """(features,)."""

    def __call__(self, z: FloatArray) -> FloatArray:
        """(…, features), standardised, to (…)."""
        given: FloatArray = z @ self.weights
        return given


@dataclass(frozen=True, eq=False)
class Kernel:
    """A sum of Gaussians about the candidates that were fitted on: Σ shareᵢ · exp(−sharpness · |z − pointᵢ|²)."""

    points: FloatArray
    """(points, features), standardised."""
    shares: FloatArray
    """(points,)."""
    sharpness: float

    def __call__(self, z: FloatArray) -> FloatArray:
        """(…, features), standardised, to (…)."""
        given: FloatArray = _gaussian(z, self.points, self.sharpness) @ self.shares
        return given


Scorer = Linear | Kernel
Fit = Callable[[FloatArray, FloatArray], Scorer]
"""(tasks, candidates, features), (tasks, candidates) → a scorer; higher foretells better."""

_RIDGE = 1e-6
_SUBSETS = 1 << 16
"""Subsets solved at a time; bounds memory at about 10 MB."""


def standard(values: FloatArray, *, by: FloatArray | None = None) -> FloatArray:
    """Values less their mean over their spread, along the candidates (axis 1); 0 where they do not differ or lack.

    Args:
        by: (tasks, others, features): take mean and spread of these instead.
    """
    known = values if by is None else by
    mean = known.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.mean((known - mean) ** 2, axis=1, keepdims=True))
    size = np.abs(known).max(axis=1, keepdims=True, initial=0)
    differs = np.isfinite(spread) & (spread > 1e-12 * np.maximum(size, 1e-300))
    return np.where(differs, (values - mean) / np.where(differs, spread, 1.0), 0.0)


def score(scorer: Scorer, features: FloatArray) -> FloatArray:
    """(tasks, candidates): what a scorer gives; higher foretells better. `features`: (tasks, candidates, features)."""
    return scorer(standard(features))


def best_single(features: FloatArray, outcomes: FloatArray) -> Linear:
    """The one feature, turned the right way, with the highest mean Spearman over tasks."""
    # Pearson's r of ranks; where a feature or an outcome does not differ it is 0.
    x, y = _ranks(features), _ranks(outcomes[..., None])
    mean = (x * y).sum(axis=1).mean(axis=0)
    best = int(np.argmax(np.abs(mean)))
    weights = np.zeros(features.shape[2])
    weights[best] = math.copysign(1.0, mean[best])
    return Linear(weights)


def _ranks(values: FloatArray) -> FloatArray:
    """Midranks along the candidates (axis 1), centred and of length 1; zeros where they do not differ."""
    ranks = np.sign(values[:, :, None] - values[:, None]).sum(axis=2)
    length = np.sqrt((ranks**2).sum(axis=1, keepdims=True))
    scaled: FloatArray = np.divide(ranks, length, out=np.zeros_like(ranks), where=length > 0)
    return scaled


def three_sparse(features: FloatArray, outcomes: FloatArray) -> Linear:
    """The three features that together explain most of the outcomes by least squares; every three are tried."""
    x = standard(features).reshape(-1, features.shape[-1])
    y = standard(outcomes[..., None]).ravel()
    gram, moment = x.T @ x + _RIDGE * np.eye(x.shape[1]) * len(y), x.T @ y
    size = min(3, x.shape[1])
    subsets = _subsets(x.shape[1], size)
    explained = np.empty(len(subsets))
    for start in range(0, len(subsets), _SUBSETS):
        some = subsets[start : start + _SUBSETS]
        solved = np.linalg.solve(gram[some[:, :, None], some[:, None, :]], moment[some][..., None])[..., 0]
        explained[start : start + _SUBSETS] = np.einsum("ij,ij->i", solved, moment[some])
    chosen = subsets[int(np.argmax(explained))]
    weights = np.zeros(x.shape[1])
    weights[chosen] = np.linalg.solve(gram[np.ix_(chosen, chosen)], moment[chosen])
    return Linear(weights)


@lru_cache(maxsize=2)
def _subsets(count: int, size: int) -> npt.NDArray[np.intp]:
    """Every choice of so many, (choices, size)."""
    return np.array(list(combinations(range(count), size)), dtype=np.intp)


def rank_svm(features: FloatArray, outcomes: FloatArray, *, penalty: float = 1.0) -> Linear:
    """Linear RankSVM over every two candidates of a task that differ in outcome.

    Minimises ½|w|² + penalty · mean over those of max(0, 1 − w·(better − worse))².
    """
    x = standard(features)
    return Linear(_separated(_differences(outcomes) @ x.reshape(-1, x.shape[-1]), penalty))


def rbf_rank_svm(
    features: FloatArray, outcomes: FloatArray, *, penalty: float = 1.0, sharpness: float | None = None
) -> Kernel:
    """RankSVM with a Gaussian kernel exp(−sharpness · |z − z′|²): the same in the space that the kernel spans.

    Args:
        sharpness: 1/(number of features) unless told otherwise: the source leaves it open.
    """
    x = standard(features)
    points = x.reshape(-1, x.shape[-1])
    sharpness = 1.0 / max(1, points.shape[1]) if sharpness is None else sharpness
    # K = V Λ Vᵀ: the points as coordinates V Λ^½, in which the machine is linear, and back by Λ^−½.
    values, vectors = np.linalg.eigh(_gaussian(points, points, sharpness))
    kept = values > 1e-10 * max(float(values[-1]), 1e-300)
    roots = np.sqrt(values[kept])
    weights = _separated(_differences(outcomes) @ (vectors[:, kept] * roots), penalty)
    return Kernel(points, vectors[:, kept] @ (weights / roots), sharpness)


def _gaussian(z: FloatArray, points: FloatArray, sharpness: float) -> FloatArray:
    """(…, features), (points, features) → (…, points)."""
    apart = (z**2).sum(-1)[..., None] + (points**2).sum(-1) - 2 * (z @ points.T)
    near: FloatArray = np.exp(-sharpness * np.maximum(apart, 0.0))
    return near


def _differences(outcomes: FloatArray) -> FloatArray:
    """(pairs, tasks × candidates): 1 at the better, −1 at the worse candidate of every two that differ in a task."""
    tasks, candidates = outcomes.shape
    rows = []
    for task in range(tasks):
        for a, b in combinations(range(candidates), 2):
            if side := float(np.sign(outcomes[task, a] - outcomes[task, b])):
                row = np.zeros(tasks * candidates)
                row[task * candidates + a], row[task * candidates + b] = side, -side
                rows.append(row)
    return np.array(rows).reshape(-1, tasks * candidates)


def _separated(rows: FloatArray, penalty: float) -> FloatArray:
    """The w that minimises ½|w|² + penalty · mean of max(0, 1 − w·row)²; zeros where there is no row."""
    from scipy.optimize import minimize

    if not len(rows):
        return np.zeros(rows.shape[1])

    def objective(w: FloatArray) -> tuple[float, FloatArray]:
        short = np.maximum(0.0, 1.0 - rows @ w)
        value = 0.5 * float(w @ w) + penalty * float(np.mean(short**2))
        return value, w - 2 * penalty / len(rows) * (short @ rows)

    weights: FloatArray = minimize(objective, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x
    return weights


SCORERS: Final[dict[str, Fit]] = {
    "best single": best_single,
    "3-sparse linear": three_sparse,
    "linear RankSVM": rank_svm,
    "RBF RankSVM": rbf_rank_svm,
}
"""By name, as the source calls them."""
