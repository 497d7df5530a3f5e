"""What the ladder's claim can bear: noise, subsets, categories, other families, and the same bases trained again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import ttest_1samp

from engine.correlation.predictor_outcome import RUDE, SIZE
from engine.posttrain.ladder.analysis import (
    BASE,
    CLAIM,
    TOKENWISE,
    WITHDRAWN,
    LadderAnalysis,
    shares_of,
)
from engine.posttrain.ladder.predictors import DIALOGUE_LOSS, RECIPE, from_rows, pair_scores
from engine.posttrain.ladder.rows import LadderRows
from engine.stats.association import spearman
from engine.stats.reliability import (
    Noise,
    TwoWay,
    cronbach_alpha,
    noise_by_prompt,
    noise_of,
    random_halves,
    resampled_ends,
    split_half,
)
from rubrics.taxonomy import Category, Subcategory, category_of

__all__ = ["Again", "ByCategory", "Checks", "FamilyHalves", "Gain", "Reliability", "Subset", "check"]

FloatArray = npt.NDArray[np.float64]

SHOWN: Final = (RUDE, TOKENWISE, BASE, RECIPE, DIALOGUE_LOSS, SIZE, WITHDRAWN)
"""Predictors that subsets are shown for."""
_SPLITS: Final = 400
_LEAST: Final = 3
"""Candidates below which no ρ is given."""
_SAME: Final = 2e-5
"""Measured predictors are kept to five digits."""


@dataclass(frozen=True)
class Reliability:
    """Of the outcome on some of its families."""

    families: int
    alpha: float
    """Cronbach's, over families, mean of the seeds."""
    alpha_of_one: float
    """The same of the first seed alone."""
    halves: float
    """Other families and another seed, stepped up."""
    noise: Noise


@dataclass(frozen=True)
class Subset:
    """ρ of some predictors with the outcome of some candidates on some families."""

    n: int
    families: int
    rho: Mapping[str, float]


@dataclass(frozen=True)
class Gain:
    """What reinforcement learning added to fine-tuning, held-out families, greedy answers."""

    rho: float
    """Spearman's, of the outcome after one with that after the other."""
    mean: float
    """Share of criteria."""
    p_families: float
    """Student's t over families: what other families would show."""
    p_candidates: float
    """The same over candidates."""


@dataclass(frozen=True)
class ByCategory:
    """Accuracy on a category's pairs against the outcome on its families."""

    rho: FloatArray
    """(categories of the outcome, categories of the predictor)."""
    overall: FloatArray
    """(categories of the outcome,): of the whole suite's accuracy."""
    families: tuple[int, ...]
    own: float
    """Mean ρ of a category's own accuracy, less the mean of the three others'."""
    interval: tuple[float, float]
    """95 % of that over candidates and families."""


@dataclass(frozen=True)
class FamilyHalves:
    """Chosen on one half of the outcome's families, tested on the other; mean ρ over random halves."""

    n: int
    """Models with rows."""
    rude: float
    per_token: float
    base: float
    whole: float
    """RuDE accuracy on the whole suite, against the same halves of the outcome."""
    outside: float
    """ρ of RuDE on the pairs of no outcome family, with the whole outcome."""
    inside: float
    """ρ of RuDE on the pairs of the outcome's families."""
    outside_pairs: int
    inside_pairs: int


@dataclass(frozen=True)
class Again:
    """Base models whose predictors were measured before and are counted from rows now."""

    names: tuple[str, ...]
    """Those that were pre-trained again since, from their recipes and seeds."""
    rho: float
    """Spearman's, of RuDE accuracy before and after, over them."""
    moved: float
    """Mean absolute change in their RuDE accuracy."""
    most: float
    claim: float
    """ρ of the RuDE accuracy of the rows with the outcome, all models with rows."""
    same: int
    """Models of the same weights."""
    differences: tuple[tuple[str, str, float, float], ...]
    """Of those: model, predictor, before, now; what differs in the five digits that were kept."""


@dataclass(frozen=True)
class Checks:
    """All of them."""

    reliabilities: Mapping[str, Reliability]
    subsets: Mapping[str, Subset]
    gain: Gain
    categories: ByCategory
    shared: tuple[int, int, int]
    """Families of the outcome among the clusters of the suite, of so many, and clusters in all."""
    choice: tuple[float, float]
    """Lowest and highest `choice` accuracy."""
    text_seeds: int
    halves: FamilyHalves
    again: Again
    untrained: Noise
    """Of base generation on the outcome's prompts, of the models with rows: there every answer is at hand."""
    elsewhere: float
    """Base generation on one half of the families, the outcome on the other; mean ρ over random halves, all models."""
    loss_and_recipe: float
    """ρ of the loss on the suite's responses with clean dialogue tokens × parameters: positive where it rises."""


def check(rows: LadderRows, analysis: LadderAnalysis, bundled: Sequence[str]) -> Checks:
    """Everything that is asked of the claim beside the claim.

    Args:
        bundled: names of the candidates whose weights ship.
    """
    names, families = analysis.names, rows.recipe.tasks.test
    kinds = _subcategories(rows)
    control = np.array([category_of(kinds[family]) is Category.CONTROL for family in families])
    every = np.ones(len(families), dtype=bool)
    parts = {"all": every, "Control": control, "the others": ~control}
    outcome = shares_of(rows, names, "rl")
    prompts = max(s.judged for seeds in rows.scores.values() for s in seeds[0] if s.part == "held")
    shipped = np.array([name in bundled for name in names])
    clusters = {pair.cluster for pair in rows.suite.scored}
    averaged = analysis.values["RuDE averaged"]
    return Checks(
        {name: _reliability(outcome[:, :, part], prompts) for name, part in parts.items()},
        {
            "all": _subset(analysis, outcome, np.ones(len(names), dtype=bool), every),
            "those that ship": _subset(analysis, outcome, shipped, every),
            "the rest": _subset(analysis, outcome, ~shipped, every),
            "families of Control": _subset(analysis, outcome, np.ones(len(names), dtype=bool), control),
            "the other families": _subset(analysis, outcome, np.ones(len(names), dtype=bool), ~control),
        },
        _gain(outcome, shares_of(rows, names, "sft")),
        _by_category(analysis, outcome, [category_of(kinds[family]) for family in families]),
        (len(clusters & set(families)), len(families), len(clusters)),
        (float(averaged.min()), float(averaged.max())),
        len({recipe["text_seed"] for recipe in analysis.recipes if recipe["name"] in names}),
        _halves(rows, analysis, outcome, families),
        _again(rows, analysis),
        _untrained(rows, families),
        _elsewhere(shares_of(rows, names, "base")[:, 0], outcome.mean(axis=1)),
        _rho(analysis.values[WITHDRAWN], analysis.values[RECIPE]),
    )


def _rho(x: FloatArray, y: FloatArray) -> float:
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < _LEAST:
        return math.nan
    return float(spearman(np.ones((1, int(known.sum()))), x[known], y[known])[0])


def _means(shares: FloatArray) -> FloatArray:
    """(candidates,) over seeds and families; equal ones are tied, in whatever order they are added up."""
    means: FloatArray = shares.mean(axis=(1, 2)).round(12)
    return means


def _subcategories(rows: LadderRows) -> dict[str, Subcategory]:
    return {s.family: Subcategory(s.subcategory) for seeds in rows.scores.values() for s in seeds[0]}


def _reliability(outcome: FloatArray, prompts: int) -> Reliability:
    """Args: outcome: (candidates, seeds, families)."""
    halves = math.nan
    if outcome.shape[1] > 1:
        halves = float(split_half(random_halves(outcome[:, 0], outcome[:, 1], np.random.default_rng(0)))[0])
    mean = outcome.mean(axis=1)
    return Reliability(
        outcome.shape[2], cronbach_alpha(mean), cronbach_alpha(outcome[:, 0]), halves, noise_of(mean, prompts)
    )


def _subset(
    analysis: LadderAnalysis, outcome: FloatArray, chosen: npt.NDArray[np.bool_], families: npt.NDArray[np.bool_]
) -> Subset:
    y = _means(outcome[chosen][:, :, families])
    columns = {name: analysis.columns[name][chosen] for name in SHOWN}
    # A predictor that is known of some of them would be compared on others than the rest.
    rho = {name: _rho(x, y) if np.isfinite(x).all() else math.nan for name, x in columns.items()}
    return Subset(int(chosen.sum()), int(families.sum()), rho)


def _untrained(rows: LadderRows, families: Sequence[str]) -> Noise:
    answers = [[base.answers["held", family] for family in families] for base in rows.bases.values()]
    return noise_by_prompt(np.array(answers)) if len(answers) > 1 else Noise(math.nan, math.nan)


def _elsewhere(base: FloatArray, outcome: FloatArray) -> float:
    """Args: base, outcome: (candidates, families)."""
    halves = random_halves(base, outcome, np.random.default_rng(0), _SPLITS)
    return float(np.mean([_rho(asked.round(12), tested.round(12)) for asked, tested in zip(*halves, strict=True)]))


def _gain(rl: FloatArray, sft: FloatArray) -> Gain:
    gains = (rl - sft).mean(axis=1)
    by_family, by_candidate = gains.mean(axis=0), gains.mean(axis=1)
    return Gain(
        _rho(_means(rl), _means(sft)), float(gains.mean()), float(ttest_1samp(by_family, 0).pvalue),
        float(ttest_1samp(by_candidate, 0).pvalue),
    )  # fmt: skip


def _by_category(analysis: LadderAnalysis, outcome: FloatArray, kinds: Sequence[Category]) -> ByCategory:
    categories = list(Category)
    accuracies = [analysis.columns[f"RuDE {category}"] for category in categories]
    drawn, overall, counts = [], [], []
    for category in categories:
        own = outcome[:, :, [kind is category for kind in kinds]].mean(axis=1)
        counts.append(own.shape[1])
        # The same seed draws the same candidates for every category.
        both = TwoWay(own)
        drawn.append([both.spearman(x) for x in accuracies])
        overall.append(both.spearman(analysis.columns[RUDE])[0])
    every = np.array(drawn)
    """(outcome, predictor, 1 + resamples)."""
    diagonal = np.eye(len(categories), dtype=bool)
    difference = every[diagonal].mean(axis=0) - every[~diagonal].mean(axis=0)
    return ByCategory(
        every[:, :, 0], np.array(overall), tuple(counts), float(difference[0]), resampled_ends(difference[1:])
    )


def _halves(rows: LadderRows, analysis: LadderAnalysis, outcome: FloatArray, families: Sequence[str]) -> FamilyHalves:
    read = [n for n, name in enumerate(analysis.names) if name in rows.bases]
    names = [analysis.names[n] for n in read]
    cluster = np.array([pair.cluster for pair in rows.suite.scored])
    right = {
        metric: np.array([pair_scores(rows.bases[name].pairs, metric) for name in names])
        for metric in ("per_byte", "per_token")
    }
    mean = outcome[read].mean(axis=1)
    base = shares_of(rows, names, "base")[:, 0]
    rng = np.random.default_rng(0)
    found: list[list[float]] = []
    for _ in range(_SPLITS):
        order = rng.permutation(len(families))
        asked, tested = order[: len(order) // 2], order[len(order) // 2 :]
        y = mean[:, tested].mean(axis=1).round(12)
        # Whatever the tested families have in the suite is out of the predictor.
        others = ~np.isin(cluster, [families[f] for f in tested])
        found.append([
            *(_rho(right[metric][:, others].mean(axis=1), y) for metric in ("per_byte", "per_token")),
            _rho(base[:, asked].mean(axis=1).round(12), y), _rho(right["per_byte"].mean(axis=1), y),
        ])  # fmt: skip
    inside = np.isin(cluster, list(families))
    y = mean.mean(axis=1).round(12)
    halves = np.mean(found, axis=0).tolist()
    return FamilyHalves(
        len(names), halves[0], halves[1], halves[2], halves[3], _rho(right["per_byte"][:, ~inside].mean(axis=1), y),
        _rho(right["per_byte"][:, inside].mean(axis=1), y), int((~inside).sum()), int(inside.sum()),
    )  # fmt: skip


def _again(rows: LadderRows, analysis: LadderAnalysis) -> Again:
    at = {name: n for n, name in enumerate(analysis.names)}
    now = {name: from_rows(base, rows.suite) for name, base in rows.bases.items() if name in at}
    trained = [name for name in now if name in rows.measured and rows.bases[name].facts["weights"] != "bundled"]
    kept = [name for name in now if name in rows.measured and name not in trained]
    before, after = (np.array([of[name][RUDE] for name in trained], dtype=np.float64) for of in (rows.measured, now))
    shift = np.abs(after - before) if trained else np.zeros(1)
    y = analysis.outcomes[CLAIM][[at[name] for name in now]]
    differences = tuple(
        (name, predictor, earlier, now[name][predictor])
        for name in kept
        for predictor, earlier in rows.measured[name].items()
        if abs(now[name][predictor] - earlier) > _SAME * max(1, abs(earlier))
    )
    return Again(
        tuple(trained), _rho(before, after), float(shift.mean()), float(shift.max()),
        _rho(np.array([values[RUDE] for values in now.values()]), y), len(kept), differences,
    )  # fmt: skip
