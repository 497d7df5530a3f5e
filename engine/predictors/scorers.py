"""From many features to one number: scorers fitted on tasks whose outcomes are known, judged on tasks held out.

All are linear in features standardised within a task, over its candidates, so that tasks of unlike scales can be
joined (arXiv 2605.18607 names the three; RankSVM: Joachims 2002, KDD, with the squared hinge of Chapelle & Keerthi
2010, Inf. Retrieval 13(3)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.association import spearman

__all__ = ["SCORERS", "HeldOut", "best_single", "leave_tasks_out", "rank_svm", "score", "three_sparse"]

FloatArray = npt.NDArray[np.float64]
Fit = Callable[[FloatArray, FloatArray], FloatArray]
"""(tasks, candidates, features), (tasks, candidates) → (features,)."""

_RIDGE = 1e-6
_SUBSETS = 1 << 16
"""Subsets solved at a time; bounds memory at about 10 MB."""


def _standard(values: FloatArray) -> FloatArray:
    """Values less their mean over their spread, along the candidates (axis 1); 0 where they do not differ or lack."""
    centred = values - values.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.mean(centred**2, axis=1, keepdims=True))
    size = np.abs(values).max(axis=1, keepdims=True, initial=0)
    differs = np.isfinite(spread) & (spread > 1e-12 * np.maximum(size, 1e-300))
    return np.where(differs, centred / np.where(differs, spread, 1.0), 0.0)


def score(weights: FloatArray, features: FloatArray) -> FloatArray:
    """(tasks, candidates): what a scorer gives; higher foretells better. `features`: (tasks, candidates, features)."""
    found: FloatArray = _standard(features) @ weights
    return found


def best_single(features: FloatArray, outcomes: FloatArray) -> FloatArray:
    """The one feature, turned the right way, with the highest mean Spearman over tasks."""
    tasks, candidates, count = features.shape
    one = np.ones((1, candidates))
    mean = np.zeros(count)
    for task in range(tasks):
        for f in range(count):
            rho = float(spearman(one, features[task, :, f], outcomes[task])[0])
            mean[f] += 0.0 if math.isnan(rho) else rho / tasks
    best = int(np.argmax(np.abs(mean)))
    weights = np.zeros(count)
    weights[best] = math.copysign(1.0, mean[best])
    return weights


def three_sparse(features: FloatArray, outcomes: FloatArray) -> FloatArray:
    """The three features that together explain most of the outcomes by least squares; every three are tried."""
    x = _standard(features).reshape(-1, features.shape[-1])
    y = _standard(outcomes[..., None]).ravel()
    gram, moment = x.T @ x + _RIDGE * np.eye(x.shape[1]) * len(y), x.T @ y
    size = min(3, x.shape[1])
    subsets = np.array(list(combinations(range(x.shape[1]), size)))
    explained = np.empty(len(subsets))
    for start in range(0, len(subsets), _SUBSETS):
        some = subsets[start : start + _SUBSETS]
        solved = np.linalg.solve(gram[some[:, :, None], some[:, None, :]], moment[some][..., None])[..., 0]
        explained[start : start + _SUBSETS] = np.einsum("ij,ij->i", solved, moment[some])
    chosen = subsets[int(np.argmax(explained))]
    weights = np.zeros(x.shape[1])
    weights[chosen] = np.linalg.solve(gram[np.ix_(chosen, chosen)], moment[chosen])
    return weights


def rank_svm(features: FloatArray, outcomes: FloatArray, *, penalty: float = 1.0) -> FloatArray:
    """Linear RankSVM over every two candidates of a task that differ in outcome.

    Minimises ½|w|² + penalty · mean over those of max(0, 1 − w·(better − worse))².
    """
    from scipy.optimize import minimize

    x = _standard(features)
    differences = [
        np.sign(outcomes[task, a] - outcomes[task, b]) * (x[task, a] - x[task, b])
        for task in range(len(x))
        for a, b in combinations(range(x.shape[1]), 2)
        if outcomes[task, a] != outcomes[task, b]
    ]
    if not differences:
        return np.zeros(x.shape[2])
    rows = np.stack(differences)

    def objective(w: FloatArray) -> tuple[float, FloatArray]:
        short = np.maximum(0.0, 1.0 - rows @ w)
        value = 0.5 * float(w @ w) + penalty * float(np.mean(short**2))
        return value, w - 2 * penalty / len(rows) * (short @ rows)

    found: FloatArray = minimize(objective, np.zeros(x.shape[2]), jac=True, method="L-BFGS-B").x
    return found


SCORERS: Final[dict[str, Fit]] = {
    "best single": best_single,
    "3-sparse linear": three_sparse,
    "linear RankSVM": rank_svm,
}


@dataclass(frozen=True, eq=False)
class HeldOut:
    """How a scorer did on tasks it was not fitted on."""

    spearman: FloatArray
    """(splits, tasks held out); NaN where the outcome or the score is the same for all."""

    @property
    def mean(self) -> float:
        """Over all splits and tasks held out; NaN where there is none."""
        known = self.spearman[~np.isnan(self.spearman)]
        return float(known.mean()) if len(known) else math.nan


def leave_tasks_out(fit: Fit, features: FloatArray, outcomes: FloatArray, *, out: int = 2) -> HeldOut:
    """Fit on all tasks but `out` of them, rank the candidates on those; every choice of tasks in turn.

    Args:
        features: (tasks, candidates, features), finite.
        outcomes: (tasks, candidates), finite; higher is better.

    Raises:
        ValueError: shapes disagree, a number is missing, or no task is left to fit on.
    """
    if outcomes.shape != features.shape[:2]:
        raise ValueError(f"outcomes are {outcomes.shape}, not {features.shape[:2]}")
    if not (np.isfinite(features).all() and np.isfinite(outcomes).all()):
        raise ValueError("features and outcomes must be finite: leave out the candidates or features that lack one")
    tasks = len(outcomes)
    if not 0 < out < tasks:
        raise ValueError(f"cannot hold out {out} of {tasks} tasks")
    one = np.ones((1, outcomes.shape[1]))
    found = []
    for held in combinations(range(tasks), out):
        kept = [task for task in range(tasks) if task not in held]
        weights = fit(features[kept], outcomes[kept])
        given = score(weights, features[list(held)])
        found.append([float(spearman(one, g, outcomes[task])[0]) for g, task in zip(given, held, strict=True)])
    return HeldOut(np.array(found))
