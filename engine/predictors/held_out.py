"""How scorers do on candidates and on tasks that they were not fitted on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.predictors.scorers import Fit, score, standard
from engine.stats.association import spearman
from engine.stats.pair_share import pair_share
from engine.stats.units import Units

__all__ = ["LEAST_CANDIDATES", "HeldOut", "Ordered", "chance_of_tasks", "leave_candidates_out", "leave_tasks_out"]

FloatArray = npt.NDArray[np.float64]

LEAST_CANDIDATES: Final = 5
"""Below these, or as many families, leaving two out leaves too few to fit anything on."""


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
    units: Units
    """What was left out as one, and is drawn as one."""

    @property
    def share(self) -> float:
        """Over all pairs tried; a coin has ½."""
        return float(np.nanmean(self.right)) if np.isfinite(self.right).any() else math.nan

    @property
    def tried(self) -> int:
        """Pairs of candidates."""
        return int(np.isfinite(self.right).sum()) // 2

    def interval(self, *, level: float = 0.95, seed: int = 0) -> tuple[float, float]:
        """Of the share, by resampling candidates or families as `pair_share` does; NaN where there are too few."""
        tried = np.isfinite(self.right)
        found = pair_share(
            np.where(tried, self.right, 0.0), tried.astype(np.float64), seed=seed, level=level, units=self.units
        )
        return found.ci_low, found.ci_high


def leave_candidates_out(
    fit: Fit,
    features: FloatArray,
    outcomes: FloatArray,
    *,
    splits: int = 100,
    seed: int = 0,
    units: Units | None = None,
) -> Ordered:
    """Fit on all candidates but two, and see whether those two come out in the right order (leave-pair-out: Airola et
    al. 2011, Comput. Stat. Data Anal. 55(4)); up to `splits` pairs, drawn by the seed where there are more.

    The two are standardised by the mean and spread of the candidates that were fitted on. Over families the two are of
    two families, and whoever is kin to either is left out of the fit too, so that none of a family is on both sides.
    Shapes and errors are those of `leave_tasks_out`; five candidates are needed, over families five of those.

    Args:
        units: what is left out as one; each candidate by itself unless said otherwise.
    """
    _check(features, outcomes)
    candidates = features.shape[1]
    units = units or Units.of(candidates, None, "candidates")
    if units.count < LEAST_CANDIDATES:
        raise ValueError(f"{units.counted}: {LEAST_CANDIDATES} are needed")
    code = units.code
    pairs = [
        (a, b) for a, b in combinations(range(candidates), 2)
        if code[a] != code[b] and (outcomes[:, a] != outcomes[:, b]).any()
    ]  # fmt: skip
    if len(pairs) > splits:
        rng = np.random.default_rng(seed)
        pairs = [pairs[i] for i in sorted(rng.choice(len(pairs), splits, replace=False))]
    right = np.full((candidates, candidates), math.nan)
    for a, b in pairs:
        kept = np.flatnonzero((code != code[a]) & (code != code[b]))
        scorer = fit(features[:, kept], outcomes[:, kept])
        given = scorer(standard(features[:, [a, b]], by=features[:, kept]))
        gap = given[:, 0] - given[:, 1]
        truth = outcomes[:, a] - outcomes[:, b]
        apart = truth != 0
        right[a, b] = right[b, a] = float(np.mean((1 + np.sign(gap[apart]) * np.sign(truth[apart])) / 2))
    return Ordered(right, units)


def _check(features: FloatArray, outcomes: FloatArray) -> None:
    if outcomes.shape != features.shape[:2]:
        raise ValueError(f"outcomes are {outcomes.shape}, not {features.shape[:2]}")
    if not (np.isfinite(features).all() and np.isfinite(outcomes).all()):
        raise ValueError("features and outcomes must be finite: leave out the candidates or features that lack one")


def leave_tasks_out(
    fit: Fit, features: FloatArray, outcomes: FloatArray, *, out: int = 2, splits: int = 100, seed: int = 0
) -> HeldOut:
    """Fit on all tasks but `out` of them, rank the candidates on those; every choice of tasks in turn.

    Args:
        features: (tasks, candidates, features), finite.
        outcomes: (tasks, candidates), finite; higher is better.
        splits: so many choices at most, drawn by the seed where there are more.

    Raises:
        ValueError: shapes disagree, a number is missing, or no task is left to fit on.
    """
    _check(features, outcomes)
    tasks = len(outcomes)
    if not 0 < out < tasks:
        raise ValueError(f"cannot hold out {out} of {tasks} tasks")
    equal = np.ones((1, outcomes.shape[1]))
    correlations = []
    choices = list(combinations(range(tasks), out))
    if len(choices) > splits:
        rng = np.random.default_rng(seed)
        choices = [choices[i] for i in sorted(rng.choice(len(choices), splits, replace=False))]
    for held in choices:
        kept = [task for task in range(tasks) if task not in held]
        given = score(fit(features[kept], outcomes[kept]), features[list(held)])
        correlations.append([float(spearman(equal, g, outcomes[task])[0]) for g, task in zip(given, held, strict=True)])
    return HeldOut(np.array(correlations))


def chance_of_tasks(
    fit: Fit, features: FloatArray, outcomes: FloatArray, *, out: int = 2, deals: int = 19, seed: int = 0,
    units: Units | None = None,
) -> float:  # fmt: skip
    """What the mean ρ on tasks left out exceeds in one of `deals` + 1 where features know nothing of candidates.

    The outcomes of all tasks are dealt out to other candidates together, so that tasks resemble each other as they do:
    a scorer that merely remembers who was good does well on a task left out.

    Args:
        units: what is dealt as one: a family's outcomes go to candidates that stand beside each other too, exactly to
            another family where all are of one size.
    """
    rng = np.random.default_rng(seed)
    reached = []
    units = units or Units.of(outcomes.shape[1], None, "candidates")
    for deal in range(deals):
        dealt = outcomes[:, _dealt(units, rng)]
        reached.append(leave_tasks_out(fit, features, dealt, out=out, splits=2, seed=seed + deal).mean)
    known = [value for value in reached if not math.isnan(value)]
    return max(known) if known else math.nan


def _dealt(units: Units, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """(candidates,): whose outcomes each candidate has."""
    shuffled = rng.permutation(len(units.code))
    if units.over == "candidates":
        return shuffled
    # Families in another order, each in one piece, laid over the families in theirs.
    place = rng.permutation(units.count)
    dealt = np.empty_like(shuffled)
    dealt[np.argsort(units.code, kind="stable")] = shuffled[np.argsort(place[units.code[shuffled]], kind="stable")]
    return dealt
