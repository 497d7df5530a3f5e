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

from engine.predictors.held_out import LEAST_CANDIDATES, chance_of_tasks, leave_candidates_out, leave_tasks_out
from engine.predictors.proxy import FEATURES
from engine.predictors.scorers import SCORERS, Linear, Scorer, score
from engine.stats.association import spearman
from engine.stats.intervals import Estimate
from engine.stats.selection import BestOf, best_of
from engine.stats.units import Over, Units
from rubrics.counted import agreeing, count
from rubrics.errors import BadInput

__all__ = ["HELP", "JudgedScorers", "ScorerRow", "ScorerTasks", "gather", "judge_scorers", "judged_scorer"]

FloatArray = npt.NDArray[np.float64]

HELP: Final = {
    "best": "the feature with the strongest Spearman's ρ, beside the best of as many under permuted outcomes",
    "fitted": "mean ρ over the outcomes it was fitted on: always flattering",
    "ordered": "share of two left-out candidates put in the right order, 50 % is chance; 95 % over candidates",
    "ordered over families": "share of two candidates of two left-out families put in the right order, 50 % is chance: "
    "nobody is fitted on who is kin to either; 95 % over families",
    "tasks": "mean ρ on outcomes left out of the fit, by twos where there are four; outcomes of the same candidates "
    "resemble each other, so chance is what it exceeds in one of 20 where the outcomes are other candidates'",
}
"""One line on each number."""


@dataclass(frozen=True)
class ScorerRow:
    """One scorer; what could not be found is NaN."""

    name: str
    uses: tuple[str, ...]
    """The features it weighs most, strongest first, with − where lower is better; at most three, and none of a kernel,
    which has no weights."""
    fitted: float
    ordered: float
    ordered_low: float
    ordered_high: float
    tried: int
    """Pairs of candidates left out."""
    tasks: float
    tasks_chance: float
    """What that exceeds in one of 20 where the outcomes belong to other candidates; NaN with it."""


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
    over: Over
    """What was left out, drawn and dealt as one."""
    units: int
    """How many of those there are."""

    @property
    def made_of(self) -> str:
        """How much there was to fit on."""
        kin = f" of {count(self.units, 'family', 'families')}" if self.over == "families" else ""
        return (
            f"{count(len(self.candidates), 'candidate')}{kin}, {count(self.features, 'feature')}, "
            f"{count(len(self.outcomes), 'outcome')}"
        )

    @property
    def ordered_help(self) -> str:
        """How the share of left-out pairs is made."""
        return HELP["ordered over families" if self.over == "families" else "ordered"]


@dataclass(frozen=True, eq=False)
class ScorerTasks:
    """Features and outcomes of the candidates that have all of them; each outcome is a task."""

    outcomes: tuple[str, ...]
    candidates: tuple[str, ...]
    complete: npt.NDArray[np.intp]
    """Of `FEATURES`, those known for all in every task."""
    x: FloatArray
    """(tasks, candidates, features)."""
    y: FloatArray
    """(tasks, candidates); higher is better."""


def gather(
    features: Mapping[str, Mapping[str, Sequence[Estimate]]], outcomes: Mapping[str, Mapping[str, float]]
) -> ScorerTasks:
    """What scorers are fitted on.

    Args:
        features: by outcome, then candidate, in the order of `FEATURES`.
        outcomes: by outcome, then candidate; higher is better.

    Raises:
        BadInput: fewer than five candidates have features and score of every outcome.
    """
    held = [{*of_task} & {*outcomes[task]} for task, of_task in features.items()]
    names = [name for name in next(iter(features.values())) if all(name in of_task for of_task in held)]
    if len(names) < LEAST_CANDIDATES:
        raise BadInput(
            agreeing(len(names), "{n} [candidate has|candidates have] token scores and every outcome: ")
            + f"{LEAST_CANDIDATES} are needed to fit on "
            "some and judge on others",
            fix="score more candidates with token scores, or ask for fewer outcomes",
            shell="rude-tui run --model M --suite S --token-scores",
        )
    table = np.array(
        [[[estimate.value for estimate in of_task[name]] for name in names] for of_task in features.values()],
        dtype=np.float64,
    )
    complete = np.flatnonzero(np.isfinite(table).all(axis=(0, 1)))
    y = np.array([[outcomes[task][name] for name in names] for task in features], dtype=np.float64)
    return ScorerTasks(tuple(features), tuple(names), complete, table[..., complete], y)


def judge_scorers(tasks: ScorerTasks, *, seed: int = 0, units: Units | None = None) -> JudgedScorers:
    """Fit and judge every scorer.

    Args:
        units: of the candidates: what is left out of a fit as one; each by itself unless said otherwise.

    Raises:
        BadInput: as `judged_scorer`.
    """
    units = units or Units.of(len(tasks.candidates), None, "candidates")
    best = {}
    for outcome, x, y in zip(tasks.outcomes, tasks.x, tasks.y, strict=True):
        winner = best_of(list(x.T), y, seed=seed)
        best[outcome] = (FEATURES[tasks.complete[winner.best]] if winner.best >= 0 else "none", winner)
    rows = tuple(judged_scorer(tasks, name, seed=seed, units=units)[1] for name in SCORERS)
    return JudgedScorers(tasks.outcomes, tasks.candidates, len(tasks.complete), best, rows, units.over, units.count)


def judged_scorer(
    tasks: ScorerTasks, name: str, *, seed: int = 0, units: Units | None = None
) -> tuple[Scorer, ScorerRow]:
    """One of `SCORERS` fitted on all tasks and candidates, and how it does on what is left out of the fit.

    Raises:
        BadInput: fewer than five families, where they are left out as one.
    """
    fit, x, y = SCORERS[name], tasks.x, tasks.y
    if units is not None and units.count < LEAST_CANDIDATES:
        raise BadInput(
            agreeing(units.count, "these candidates are of {n} [family|families]: ")
            + f"{LEAST_CANDIDATES} are needed to leave two out and fit on the rest",
            fix="judge over candidates, or say which of them are no kin",
            shell="--over candidates, or rude-tui families say",
        )
    scorer = fit(x, y)
    uses: tuple[str, ...] = ()
    if isinstance(scorer, Linear):
        weights = scorer.weights
        order = np.argsort(-np.abs(weights), kind="stable")[:3]
        uses = tuple(("−" if weights[i] < 0 else "") + FEATURES[tasks.complete[i]] for i in order if weights[i])
    equal = np.ones((1, y.shape[1]))
    fitted = [float(spearman(equal, given, of)[0]) for given, of in zip(score(scorer, x), y, strict=True)]
    left_out = leave_candidates_out(fit, x, y, seed=seed, units=units)
    low, high = left_out.interval(seed=seed)
    on_tasks = chance = math.nan
    if len(y) > 2:
        out = 2 if len(y) > 3 else 1
        on_tasks = leave_tasks_out(fit, x, y, out=out, seed=seed).mean
        chance = chance_of_tasks(fit, x, y, out=out, seed=seed, units=units)
    row = ScorerRow(name, uses, float(np.mean(fitted)), left_out.share, low, high, left_out.tried, on_tasks, chance)
    return scorer, row
