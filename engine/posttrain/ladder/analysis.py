"""Was the ranking right? Predictors of base models against what became of them, with everything a sceptic asks for."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.correlation.lineage import kind_of
from engine.correlation.predictor_outcome import RUDE, SIZE
from engine.posttrain.ladder.predictors import DIALOGUE_LOSS, LOWER, RECIPE, from_rows, recipe_sizes
from engine.posttrain.ladder.rows import LadderRows
from engine.posttrain.outcomes import level, outcomes_of
from engine.stats.correlation import League, Statistic, estimate, league, partial
from engine.stats.reliability import TwoWay, random_halves, resampled_ends, split_half
from engine.stats.rivals import Rivalry, RivalStatistic, compare_predictors
from engine.stats.selection import BestOf, best_of
from engine.store.posttrain import StageScore

__all__ = [
    "BASE",
    "CLAIM",
    "LEAST",
    "OUTCOMES",
    "RIVALS",
    "TOKENWISE",
    "WITHDRAWN",
    "Ceiling",
    "LadderAnalysis",
    "LadderUpset",
    "analyse",
    "ceiling",
    "shares_of",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]

CLAIM: Final = "rl_met"
LEAST: Final = 24
"""Candidates below which the claim is not tested."""
OUTCOMES: Final = ("rl_met", "rl_sampled", "rl_seen_met", "sft_met", "rl_gain", "rl_seen_gain")
"""Levels and gains; the first is the claim's."""
BASE: Final = "base generation"
"""The base model's own score, before any training: the rival that costs as little as RuDE."""
TOKENWISE: Final = "RuDE per_token"
WITHDRAWN: Final = "bits per byte"
"""A rival of the first claim that is none: the loss of the suite's own chosen responses."""
RIVALS: Final = (SIZE, BASE, RECIPE, DIALOGUE_LOSS)
_RESAMPLES: Final = 1000
_LEAST_TWICE: Final = 3
"""Candidates with two seeds below which nothing is said of the outcome's reliability."""
_PRETRAINED: Final = Path(__file__).parents[1] / "pretrain.toml"


@dataclass(frozen=True)
class Ceiling:
    """What no correlation can exceed, since both numbers would come out otherwise on another draw."""

    predictor: float
    """Reliability: the correlation of the predictor with itself on other pairs of the same number."""
    outcome: float
    """The same of the outcome, on other families and with other seeds."""
    seeds: float
    """Of the outcome on the same prompts with other seeds alone."""
    interval: tuple[float, float] = (math.nan, math.nan)
    """95 % of `correlation` over candidates: bootstrap percentiles."""

    @property
    def correlation(self) -> float:
        """√(product of both reliabilities) (Spearman 1904, Am. J. Psychol. 15(1))."""
        return float(_root_of_product(np.array(self.predictor), np.array(self.outcome)))


@dataclass(frozen=True)
class LadderUpset:
    """Two candidates of which the smaller has the higher RuDE accuracy."""

    smaller: str
    larger: str
    lead: float
    """In the predictor."""
    gain: float
    """In the outcome; above 0 where RuDE was right."""


@dataclass(frozen=True)
class LadderAnalysis:
    """The claim, its rivals, and everything that was tried beside it."""

    names: tuple[str, ...]
    families: tuple[str, ...]
    values: Mapping[str, FloatArray]
    """Predictors by name, as measured, one entry a candidate."""
    outcomes: Mapping[str, FloatArray]
    claim: Statistic
    both: tuple[float, float]
    """95 % of the claim's ρ where outcome families are resampled as well as candidates."""
    rivals: Mapping[str, RivalStatistic]
    """The claim's ρ against each rival's, of those that are known of every candidate."""
    partly: Mapping[str, Rivalry]
    """The same against rivals that are known of some candidates, on those."""
    withdrawn: RivalStatistic
    """The same against `WITHDRAWN`."""
    given_base: Statistic
    """Spearman's partial correlation of the claim, given base generation."""
    table: League
    """All predictors of the claim's outcome."""
    others: Mapping[str, Mapping[str, Statistic]]
    """ρ of RuDE and its rivals, by other outcome."""
    groups: Mapping[str, Statistic]
    """The claim's ρ within families, across their means, and at equal compute."""
    best: BestOf
    upsets: tuple[LadderUpset, ...]
    recipes: Sequence[Mapping[str, Any]]
    """Of pre-training, with what they have in common."""

    @property
    def known(self) -> list[str]:
        """Predictors that more than half of the candidates have."""
        return [name for name, values in self.values.items() if np.isfinite(values).sum() > self.n / 2]

    @property
    def columns(self) -> dict[str, FloatArray]:
        """Predictors by name, turned so that higher is better."""
        return {name: -values if name in LOWER else values for name, values in self.values.items()}

    @property
    def n(self) -> int:
        """Candidates with the claim's outcome."""
        return len(self.names)

    @property
    def conclusion(self) -> str:
        """One sentence by the rules of claim.md."""
        low, high = self.claim.ci_low, self.claim.ci_high
        measured = f"ρ = {self.claim.value:.2f} (95 % {low:.2f} to {high:.2f}, n = {self.n})"
        if self.n < LEAST:
            return f"With {self.n} candidates of the {LEAST} it takes, the claim is not tested yet: so far {measured}."
        if high < 0:
            return f"The claim is refuted: {measured}."
        if low <= 0:
            return f"The claim is not confirmed: {measured}."
        word = "confirmed" if self.claim.value >= 0.5 else "weakly supported"
        beaten = [name for name, rival in self.rivals.items() if rival.ci_low > 0]
        lost = [name for name, rival in self.rivals.items() if rival.ci_high < 0]
        rest = [name for name in self.rivals if name not in (*beaten, *lost)]
        parts = [
            f"{text} {', '.join(names)}"
            for names, text in (
                (beaten, "RuDE foretells better than"),
                (rest, "RuDE is not told apart from"),
                (lost, "RuDE foretells worse than"),
            )
            if names
        ]
        return f"By the rule set beforehand the claim is {word}: {measured}; {'; '.join(parts)}."


def analyse(rows: LadderRows, *, resamples: int = 10_000) -> LadderAnalysis:
    """Set every predictor against every outcome. Candidates are those with rows and an outcome."""
    found = {name: from_rows(base, rows.suite) for name, base in rows.bases.items()}
    for name, earlier in rows.measured.items():
        # Of the weights that were post-trained; what was not measured of those is known of the rebuilt ones alone.
        found[name] = {**found.get(name, {}), **earlier}
    outcomes = {
        name: {outcome.outcome: outcome.score for outcome in outcomes_of(name, seeds)}
        for name, seeds in rows.scores.items()
    }
    names = tuple(sorted((n for n in found if CLAIM in outcomes.get(n, {})), key=lambda n: (-found[n][RUDE], n)))
    recipes = _recipes(rows.folder / "ladder.toml")
    planned = recipe_sizes(recipes, {name: 10 ** found[name][SIZE] for name in names})
    predictors = dict.fromkeys(name for values in found.values() for name in values)
    values = {p: np.array([found[name].get(p, math.nan) for name in names]) for p in predictors}
    values[BASE] = np.array([outcomes[name]["base_met"] for name in names])
    values[RECIPE] = np.array([planned.get(name, math.nan) for name in names])
    measured = {o: np.array([outcomes[name].get(o, math.nan) for name in names]) for o in OUTCOMES}
    kinds = {recipe["name"]: kind_of(recipe["shape"]) for recipe in recipes}
    families = tuple(kinds[name] for name in names)
    columns = {name: -column if name in LOWER else column for name, column in values.items()}
    x, y = columns[RUDE], measured[CLAIM]
    drawn = TwoWay(shares_of(rows, names, "rl").mean(axis=1)).spearman(x)[1:]
    known = {name: column for name, column in columns.items() if np.isfinite(column).sum() > len(names) / 2}
    rivalries = {
        name: compare_predictors(x, columns[name], y, resamples=resamples) for name in RIVALS if name in columns
    }
    return LadderAnalysis(
        names=names,
        families=families,
        values=values,
        outcomes=measured,
        claim=estimate("spearman", x, y, resamples=resamples),
        both=resampled_ends(drawn),
        rivals={name: rivalry.spearman for name, rivalry in rivalries.items() if rivalry.n == len(names)},
        partly={name: rivalry for name, rivalry in rivalries.items() if rivalry.n < len(names)},
        withdrawn=compare_predictors(x, columns[WITHDRAWN], y, resamples=resamples).spearman,
        given_base=partial(x, y, columns[BASE], ranks=True),
        table=league(known, y, reference=RUDE, control=columns[SIZE], families=families, resamples=resamples),
        others={
            outcome: {name: _known(columns[name], of, resamples) for name in (RUDE, *RIVALS) if name in columns}
            for outcome, of in measured.items()
            if outcome != CLAIM
        },
        groups=_groups(x, y, names, families, _equal_compute(recipes)),
        best=best_of(list(known.values()), y),
        upsets=_upsets(names, x, columns[SIZE], y),
        recipes=recipes,
    )


def _known(x: FloatArray, y: FloatArray, resamples: int) -> Statistic:
    """Spearman's, of the candidates that have both."""
    known = np.isfinite(x) & np.isfinite(y)
    return estimate("spearman", x[known], y[known], resamples=resamples)


def _recipes(path: Path) -> list[Mapping[str, Any]]:
    """Recipes of the bundled models and of the others, each with what its file has in common."""
    found: list[Mapping[str, Any]] = []
    for file in (_PRETRAINED, path):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        found += [{**table.get("common", {}), **model} for model in table["model"]]
    return found


def _equal_compute(recipes: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Models of the depth, width and tokens that most have."""
    costs = {r["name"]: tuple(r.get(key) for key in ("layers", "hidden", "tokens")) for r in recipes}
    most = Counter(costs.values()).most_common(1)[0][0]
    return tuple(name for name, cost in costs.items() if cost == most)


def shares_of(
    rows: LadderRows, names: Sequence[str], stage: str, *, part: str = "held", how: str = "greedy"
) -> FloatArray:
    """(candidates, seeds, families): share of criteria met, families in the order of the recipe; as many seeds as every
    candidate has."""
    families = rows.recipe.tasks.test if part == "held" else rows.recipe.tasks.train
    seeds = min(len(rows.scores[name]) for name in names)
    found = np.empty((len(names), seeds, len(families)))
    for n, name in enumerate(names):
        for s, scores in enumerate(rows.scores[name][:seeds]):
            for f, family in enumerate(families):
                own = level([scores], _of(stage, part, how, family))
                found[n, s, f] = math.nan if own is None else own[0]
    return found


def _of(stage: str, part: str, how: str, family: str) -> Any:
    return lambda s: (s.stage, s.part, s.how, s.family) == (stage, part, how, family)


def _groups(
    x: FloatArray, y: FloatArray, names: Sequence[str], families: Sequence[str], equal: Sequence[str]
) -> dict[str, Statistic]:
    labels = np.array(families)
    groups = {}
    for family in sorted(set(families)):
        own = labels == family
        groups[f"within {family}"] = estimate("spearman", x[own], y[own])
    inner = [(column - np.array([column[labels == own].mean() for own in labels])) for column in (x, y)]
    groups["all, family means taken off"] = estimate("spearman", *inner)
    same = np.array([name in set(equal) for name in names])
    if same.any():
        groups["at equal compute"] = estimate("spearman", x[same], y[same])
        groups["the others"] = estimate("spearman", x[~same], y[~same])
    return groups


def ceiling(
    wins: FloatArray, clusters: npt.NDArray[np.int32], scores: Sequence[Sequence[Sequence[StageScore]]]
) -> Ceiling:
    """Reliabilities by random halves, stepped up to full length (`engine.stats.reliability.split_half`).

    Args:
        wins: (candidates, pairs), NaN where a pair was not scored; only pairs that all of them scored count. Of fewer
            candidates than `scores` where not all have been read.
        clusters: of each pair; halves never divide one.
        scores: of each candidate, by seed. Halves of the outcome are other families with another seed, so that prompts,
            families and seeds all count as luck.
    """
    rng = np.random.default_rng(0)
    common = np.isfinite(wins).all(axis=0)
    shown = [common & (clusters == cluster) for cluster in np.unique(clusters[common])]
    by_cluster = np.stack([wins[:, own].mean(axis=1) for own in shown], axis=1)
    pairs = random_halves(by_cluster, by_cluster, rng)
    two = [n for n, seeds in enumerate(scores) if len(seeds) > 1]
    if len(two) < _LEAST_TWICE:
        return Ceiling(float(split_half(pairs)[0]), math.nan, math.nan)
    outcome = np.array([[_by_family(seed) for seed in scores[n][:2]] for n in two])
    families = random_halves(outcome[:, 0], outcome[:, 1], rng)
    means = outcome.mean(axis=2)
    draws = [
        rng.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES).astype(np.float64) for n in (len(wins), len(outcome))
    ]
    if len(wins) == len(scores):
        # The same candidates: drawn together.
        draws[1] = draws[0][:, two]
    correlations = _root_of_product(split_half(pairs, draws[0]), split_half(families, draws[1]))
    return Ceiling(
        float(split_half(pairs)[0]),
        float(split_half(families)[0]),
        float(split_half((means[None, :, 0], means[None, :, 1]))[0]),
        resampled_ends(correlations),
    )


def _root_of_product(first: FloatArray, second: FloatArray) -> FloatArray:
    root: FloatArray = np.sqrt(np.maximum(0.0, first) * np.maximum(0.0, second))
    return root


def _by_family(scores: Sequence[StageScore]) -> list[float]:
    """Share of criteria met after RL in each held-out family, by name."""
    own = sorted((s.family, s) for s in scores if (s.stage, s.part, s.how) == ("rl", "held", "greedy"))
    return [s.met / s.judged for _, s in own]


def _upsets(names: Sequence[str], rude: FloatArray, size: FloatArray, y: FloatArray) -> tuple[LadderUpset, ...]:
    upsets = [
        LadderUpset(names[a], names[b], float(rude[a] - rude[b]), float(y[a] - y[b]))
        for a in range(len(names))
        for b in range(len(names))
        if size[a] < size[b] and rude[a] > rude[b]
    ]
    return tuple(sorted(upsets, key=lambda upset: -upset.lead))
