"""Proxy metrics put to use: features joined by scorers that are fitted on outcomes, judged where they were not.

Eighty features and a handful of candidates: something always fits. So beside the best feature stands what the best of
as many useless ones reaches, and each scorer is judged on candidates, and on outcomes, that it has not seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.predictors.proxy import FEATURES
from engine.predictors.scorers import LEAST_CANDIDATES, SCORERS, leave_candidates_out, leave_tasks_out, score
from engine.stats.association import spearman
from engine.stats.intervals import Estimate
from engine.stats.selection import BestOf, best_of
from rubrics.errors import BadInput

__all__ = ["HELP", "JudgedScorers", "ScorerRow", "judge_scorers"]

FloatArray = npt.NDArray[np.float64]

HELP: Final = {
    "best": "the feature with the strongest Spearman's ρ, beside the best of as many under permuted outcomes",
    "fitted": "mean ρ over the outcomes it was fitted on: always flattering",
    "ordered": "share of two left-out candidates put in the right order, 50 % is chance; percentiles over candidates",
    "tasks": "mean ρ on outcomes left out of the fit; outcomes of the same candidates resemble each other",
}
"""One line on each number."""


@dataclass(frozen=True)
class ScorerRow:
    """One scorer; what could not be found is NaN."""

    name: str
    uses: tuple[str, ...]
    """The features it chose, strongest first, with − where lower is better; at most three."""
    fitted: float
    ordered: float
    ordered_low: float
    ordered_high: float
    tried: int
    """Pairs of candidates left out."""
    tasks: float


@dataclass(frozen=True)
class JudgedScorers:
    """What the 80 features say about some outcomes."""

    outcomes: tuple[str, ...]
    candidates: tuple[str, ...]
    """Those with features and every outcome."""
    features: int
    """Features known for all of them."""
    best: Mapping[str, tuple[str, BestOf]]
    """By outcome: the best feature's name and how good it is."""
    scorers: tuple[ScorerRow, ...]


def judge_scorers(
    features: Mapping[str, Sequence[Estimate]], outcomes: Mapping[str, Mapping[str, float]], *, seed: int = 0
) -> JudgedScorers:
    """Fit and judge every scorer.

    Args:
        features: by candidate, in the order of `FEATURES`.
        outcomes: by outcome, then candidate; each outcome is a task.

    Raises:
        BadInput: fewer than five candidates have features and every outcome.
    """
    names = [name for name in features if all(name in scores for scores in outcomes.values())]
    if len(names) < LEAST_CANDIDATES:
        raise BadInput(
            f"{len(names)} candidates have token scores and every outcome: {LEAST_CANDIDATES} are needed to fit on "
            "some and judge on others",
            fix="score more candidates with token scores, or ask for fewer outcomes",
            shell="rude-tui run --model M --suite S --token-scores",
        )
    table = np.array([[estimate.value for estimate in features[name]] for name in names], dtype=np.float64)
    complete = np.flatnonzero(np.isfinite(table).all(axis=0))
    x = np.repeat(table[None, :, complete], len(outcomes), axis=0)
    y = np.array([[scores[name] for name in names] for scores in outcomes.values()], dtype=np.float64)
    best = {}
    for outcome, scores in zip(outcomes, y, strict=True):
        winner = best_of(list(table[:, complete].T), scores, seed=seed)
        best[outcome] = (FEATURES[complete[winner.best]] if winner.best >= 0 else "none", winner)
    rows = tuple(_row(name, x, y, complete, seed) for name in SCORERS)
    return JudgedScorers(tuple(outcomes), tuple(names), len(complete), best, rows)


def _row(name: str, x: FloatArray, y: FloatArray, complete: npt.NDArray[np.intp], seed: int) -> ScorerRow:
    fit = SCORERS[name]
    weights = fit(x, y)
    order = np.argsort(-np.abs(weights), kind="stable")[:3]
    uses = tuple(("−" if weights[i] < 0 else "") + FEATURES[complete[i]] for i in order if weights[i])
    equal = np.ones((1, y.shape[1]))
    given = score(weights, x)
    fitted = [float(spearman(equal, of_task, scores)[0]) for of_task, scores in zip(given, y, strict=True)]
    left_out = leave_candidates_out(fit, x, y, seed=seed)
    low, high = left_out.interval(seed=seed)
    tasks = math.nan
    if len(y) > 2:
        tasks = leave_tasks_out(fit, x, y, out=2 if len(y) > 3 else 1).mean
    return ScorerRow(name, uses, float(np.mean(fitted)), left_out.share, low, high, left_out.tried, tasks)
