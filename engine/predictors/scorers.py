"""From many features to one number: scorers fitted on tasks whose outcomes are known, judged on tasks held out.

All are linear in features standardised within a task, over its candidates, so that tasks of unlike scales can be
joined (arXiv 2605.18607 names the three; RankSVM: Joachims 2002, KDD, with the squared hinge of Chapelle & Keerthi
2010, Inf. Retrieval 13(3)).
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

from engine.stats.association import bootstrap_weights, spearman

__all__ = [
    "LEAST_CANDIDATES",
    "SCORERS",
    "HeldOut",
    "Ordered",
    "best_single",
    "leave_candidates_out",
    "leave_tasks_out",
    "rank_svm",
    "score",
    "three_sparse",
]

FloatArray = npt.NDArray[np.float64]
Fit = Callable[[FloatArray, FloatArray], FloatArray]
"""(tasks, candidates, features), (tasks, candidates) → (features,)."""

LEAST_CANDIDATES: Final = 5
"""Below these, leaving two out leaves too few to fit anything on."""
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
    scores: FloatArray = _standard(features) @ weights
    return scores


def best_single(features: FloatArray, outcomes: FloatArray) -> FloatArray:
    """The one feature, turned the right way, with the highest mean Spearman over tasks."""
    tasks, candidates, count = features.shape
    equal = np.ones((1, candidates))
    mean = np.zeros(count)
    for task in range(tasks):
        for f in range(count):
            rho = float(spearman(equal, features[task, :, f], outcomes[task])[0])
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
    subsets = _subsets(x.shape[1], size)
    explained = np.empty(len(subsets))
    for start in range(0, len(subsets), _SUBSETS):
        some = subsets[start : start + _SUBSETS]
        solved = np.linalg.solve(gram[some[:, :, None], some[:, None, :]], moment[some][..., None])[..., 0]
        explained[start : start + _SUBSETS] = np.einsum("ij,ij->i", solved, moment[some])
    chosen = subsets[int(np.argmax(explained))]
    weights = np.zeros(x.shape[1])
    weights[chosen] = np.linalg.solve(gram[np.ix_(chosen, chosen)], moment[chosen])
    return weights


@lru_cache(maxsize=2)
def _subsets(count: int, size: int) -> npt.NDArray[np.intp]:
    """Every choice of so many, (choices, size)."""
    return np.array(list(combinations(range(count), size)), dtype=np.intp)


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

    weights: FloatArray = minimize(objective, np.zeros(x.shape[2]), jac=True, method="L-BFGS-B").x
    return weights


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
        defined = self.spearman[~np.isnan(self.spearman)]
        return float(defined.mean()) if len(defined) else math.nan


@dataclass(frozen=True, eq=False)
class Ordered:
    """How often a scorer put two candidates that it was not fitted on in the right order."""

    right: FloatArray
    """(candidates, candidates), 1 right, 0 wrong, ½ a tie, a mean over tasks; NaN where not tried."""

    @property
    def share(self) -> float:
        """Over all pairs tried; a coin has ½."""
        return float(np.nanmean(self.right)) if np.isfinite(self.right).any() else math.nan

    @property
    def tried(self) -> int:
        """Pairs of candidates."""
        return int(np.isfinite(self.right).sum()) // 2

    def interval(self, *, level: float = 0.95, seed: int = 0, resamples: int = 2_000) -> tuple[float, float]:
        """Percentiles over resampled candidates, a pair counting as often as both of its candidates together."""
        compared = np.isfinite(self.right)
        drawn = bootstrap_weights(len(self.right), resamples, np.random.default_rng(seed))
        under = np.einsum("bi,ij,bj->b", drawn, compared.astype(np.float64), drawn)
        over = np.einsum("bi,ij,bj->b", drawn, np.where(compared, self.right, 0.0), drawn)
        shares = over[under > 0] / under[under > 0]
        if not len(shares):
            return math.nan, math.nan
        low, high = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


def leave_candidates_out(
    fit: Fit, features: FloatArray, outcomes: FloatArray, *, splits: int = 100, seed: int = 0
) -> Ordered:
    """Fit on all candidates but two, and see whether those two come out in the right order (leave-pair-out: Airola et
    al. 2011, Comput. Stat. Data Anal. 55(4)); up to `splits` pairs, drawn by the seed where there are more.

    The two are standardised by the mean and spread of the candidates that were fitted on. Shapes and errors are those
    of `leave_tasks_out`; five candidates are needed.
    """
    _check(features, outcomes)
    candidates = features.shape[1]
    if candidates < LEAST_CANDIDATES:
        raise ValueError(f"{candidates} candidates: {LEAST_CANDIDATES} are needed")
    pairs = [
        pair for pair in combinations(range(candidates), 2) if (outcomes[:, pair[0]] != outcomes[:, pair[1]]).any()
    ]
    if len(pairs) > splits:
        rng = np.random.default_rng(seed)
        pairs = [pairs[i] for i in sorted(rng.choice(len(pairs), splits, replace=False))]
    right = np.full((candidates, candidates), math.nan)
    for a, b in pairs:
        kept = [i for i in range(candidates) if i not in (a, b)]
        weights = fit(features[:, kept], outcomes[:, kept])
        # Means cancel in a difference; the spread is that of the candidates fitted on.
        spread = features[:, kept].std(axis=1)
        size = np.abs(features[:, kept]).max(axis=1, initial=0)
        differs = spread > 1e-12 * np.maximum(size, 1e-300)
        gap = np.where(differs, (features[:, a] - features[:, b]) / np.where(differs, spread, 1.0), 0.0) @ weights
        truth = outcomes[:, a] - outcomes[:, b]
        apart = truth != 0
        right[a, b] = right[b, a] = float(np.mean((1 + np.sign(gap[apart]) * np.sign(truth[apart])) / 2))
    return Ordered(right)


def _check(features: FloatArray, outcomes: FloatArray) -> None:
    if outcomes.shape != features.shape[:2]:
        raise ValueError(f"outcomes are {outcomes.shape}, not {features.shape[:2]}")
    if not (np.isfinite(features).all() and np.isfinite(outcomes).all()):
        raise ValueError("features and outcomes must be finite: leave out the candidates or features that lack one")


def leave_tasks_out(fit: Fit, features: FloatArray, outcomes: FloatArray, *, out: int = 2) -> HeldOut:
    """Fit on all tasks but `out` of them, rank the candidates on those; every choice of tasks in turn.

    Args:
        features: (tasks, candidates, features), finite.
        outcomes: (tasks, candidates), finite; higher is better.

    Raises:
        ValueError: shapes disagree, a number is missing, or no task is left to fit on.
    """
    _check(features, outcomes)
    tasks = len(outcomes)
    if not 0 < out < tasks:
        raise ValueError(f"cannot hold out {out} of {tasks} tasks")
    equal = np.ones((1, outcomes.shape[1]))
    correlations = []
    for held in combinations(range(tasks), out):
        kept = [task for task in range(tasks) if task not in held]
        weights = fit(features[kept], outcomes[kept])
        given = score(weights, features[list(held)])
        correlations.append([float(spearman(equal, g, outcomes[task])[0]) for g, task in zip(given, held, strict=True)])
    return HeldOut(np.array(correlations))
