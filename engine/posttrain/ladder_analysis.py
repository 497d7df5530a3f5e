"""Was the ranking right? Predictors of base models against what became of them, with everything a sceptic asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.correlation.families import family_of
from engine.correlation.predictor_outcome import RUDE, SIZE, CorrelationView, correlation_views, predictor_names
from engine.predictors.catalogue import catalogue
from engine.results.board import Question, load_board
from engine.results.rankings import rankings
from engine.stats.correlation import League, Statistic, estimate, league
from engine.stats.rivals import RivalStatistic, compare_predictors
from engine.stats.selection import BestOf, best_of
from engine.store.connection import Store
from engine.store.posttrain import StageScore

__all__ = ["CLAIM", "LEAST", "OUTCOMES", "Ceiling", "LadderAnalysis", "Upset", "analyse", "ceiling", "halves"]

FloatArray = npt.NDArray[np.float64]

CLAIM: Final = "rl_met"
LEAST: Final = 24
"""Candidates below which the claim is not tested."""
OUTCOMES: Final = ("rl_met", "rl_sampled", "rl_seen_met", "sft_met", "rl_gain", "rl_seen_gain")
"""Levels and gains; the first is the claim's."""
BASE: Final = "base generation"
"""The base model's own score, before any training: the rival that costs as little as RuDE."""
RIVALS: Final = (SIZE, "bits per byte", BASE)
_SPLITS: Final = 400
_RESAMPLES: Final = 1000
_NOTHING: Final = 1e-20
"""Shares that vary less than this, as variances multiplied, are all the same."""
_LEAST_TWICE: Final = 3
"""Candidates with two seeds below which nothing is said of the outcome's reliability."""


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
class Upset:
    """Two candidates of which the smaller has the higher RuDE accuracy."""

    smaller: str
    larger: str
    lead: float
    """In the predictor."""
    gain: float
    """In the outcome; above 0 where RuDE was right."""


@dataclass(frozen=True)
class LadderAnalysis:
    """Everything the card says."""

    names: tuple[str, ...]
    families: tuple[str, ...]
    columns: Mapping[str, FloatArray]
    """Predictors by name, turned so that higher is better, one entry a candidate."""
    outcomes: Mapping[str, FloatArray]
    view: CorrelationView
    """The claim's scatter."""
    claim: Statistic
    rivals: Mapping[str, RivalStatistic]
    """The claim's ρ against each rival's on the same candidates."""
    tables: Mapping[str, League]
    """By outcome: all predictors."""
    groups: Mapping[str, Statistic]
    """The claim's ρ within families, across their means, and at equal compute."""
    subcategories: Mapping[str, tuple[Statistic, float]]
    """ρ of the subcategory's own accuracy with its own outcome; and the mean outcome."""
    best: BestOf
    ceiling: Ceiling
    upsets: tuple[Upset, ...]

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
        return f"The claim is {word}: {measured}; {'; '.join(parts)}."


def analyse(
    store: Store, suite: str, scores: Mapping[str, Sequence[Sequence[StageScore]]], equal: Sequence[str] = ()
) -> LadderAnalysis:
    """Set every predictor against every outcome.

    Args:
        store: holds runs of the suite under both protocols, and the outcomes.
        scores: of each candidate, by seed.
        equal: candidates of nearly the same compute.

    Raises:
        BadInput: nothing has been run, or there is no outcome.
    """
    question = Question(suite=suite, protocol="likelihood")
    predictors = _predictors(store, question)
    views = correlation_views(store, question, predictors, [CLAIM])
    points = [point for point in views[0].points if not math.isnan(point.y) and not math.isnan(point.x)]
    names = tuple(point.name for point in points)
    columns = {
        name: _column(view, names) * (1 if view.higher_is_better else -1)
        for name, view in zip(predictors, views, strict=True)
    }
    measured = correlation_views(store, question, [RUDE], ["base_met", *OUTCOMES])
    outcomes = {view.outcome: _outcome(view, names) for view in measured}
    columns[BASE] = outcomes.pop("base_met")
    families = tuple(family_of(name) for name in names)
    y = outcomes[CLAIM]
    tables = {
        name: league(columns, values, reference=RUDE, control=columns[SIZE], families=families)
        for name, values in outcomes.items()
    }
    board = load_board(store, question)
    rows = [n for n, entrant in enumerate(board.entrants) if entrant.label in names]
    wins = board.matrix.scores[rows].astype(np.float64)
    return LadderAnalysis(
        names=names,
        families=families,
        columns=columns,
        outcomes=outcomes,
        view=views[0],
        claim=estimate("spearman", columns[RUDE], y),
        rivals={rival: compare_predictors(columns[RUDE], columns[rival], y).spearman for rival in RIVALS},
        tables=tables,
        groups=_groups(columns[RUDE], y, names, families, equal),
        subcategories=_subcategories(store, question, names, scores),
        best=best_of(list(columns.values()), y),
        ceiling=ceiling(wins, board.index.cluster, [scores[name] for name in names]),
        upsets=_upsets(names, columns[RUDE], columns[SIZE], y),
    )


def _predictors(store: Store, question: Question) -> list[str]:
    """All that are listed, and of the eighty proxy metrics those that weigh tokens alike."""
    plain = [name for name in catalogue(store) if name.startswith("proxy ") and name.endswith(", uniform")]
    return [*predictor_names(store, question), *plain]


def _column(view: CorrelationView, names: Sequence[str]) -> FloatArray:
    by_name = {point.name: point.x for point in view.points}
    return np.array([by_name.get(name, math.nan) for name in names])


def _outcome(view: CorrelationView, names: Sequence[str]) -> FloatArray:
    by_name = {point.name: point.y for point in view.points}
    turned = 1 if view.outcome_higher_is_better else -1
    return np.array([turned * by_name.get(name, math.nan) for name in names])


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


def _subcategories(
    store: Store, question: Question, names: Sequence[str], scores: Mapping[str, Sequence[Sequence[StageScore]]]
) -> dict[str, tuple[Statistic, float]]:
    from dataclasses import replace

    from engine.posttrain.outcomes import level

    table = rankings(store, replace(question, by="subcategory"))
    by_scope = {}
    for scope, ranked in table.scopes.items():
        own = {row.candidate: row.value for row in ranked.rows}

        def of_scope(s: StageScore, scope: str = scope) -> bool:
            return (s.stage, s.part, s.how, s.subcategory) == ("rl", "held", "greedy", scope)

        levels = [level(scores[name], of_scope) for name in names]
        pairs = [(own[n], met[0]) for n, met in zip(names, levels, strict=True) if met is not None and n in own]
        if pairs:
            x, y = (np.array(values) for values in zip(*pairs, strict=True))
            by_scope[scope] = estimate("spearman", x, y), float(y.mean())
    return by_scope


def ceiling(
    wins: FloatArray, clusters: npt.NDArray[np.int32], scores: Sequence[Sequence[Sequence[StageScore]]]
) -> Ceiling:
    """Reliabilities by random halves, stepped up to full length (Spearman 1910, Brown 1910, Br. J. Psychol. 3).

    Args:
        wins: (candidates, pairs), NaN where a pair was not scored; only pairs that all of them scored count.
        clusters: of each pair; halves never divide one.
        scores: of each candidate, by seed. Halves of the outcome are other families with another seed, so that prompts,
            families and seeds all count as luck.
    """
    rng = np.random.default_rng(0)
    common = np.isfinite(wins).all(axis=0)
    shown = [common & (clusters == cluster) for cluster in np.unique(clusters[common])]
    by_cluster = np.stack([wins[:, own].mean(axis=1) for own in shown], axis=1)
    pairs = halves(by_cluster, by_cluster, rng)
    two = [n for n, seeds in enumerate(scores) if len(seeds) > 1]
    if len(two) < _LEAST_TWICE:
        return Ceiling(float(_reliability(pairs)[0]), math.nan, math.nan)
    outcome = np.array([[_by_family(seed) for seed in scores[n][:2]] for n in two])
    families = halves(outcome[:, 0], outcome[:, 1], rng)
    means = outcome.mean(axis=2)
    again = rng.multinomial(len(wins), np.full(len(wins), 1 / len(wins)), size=_RESAMPLES).astype(np.float64)
    correlations = _root_of_product(_reliability(pairs, again), _reliability(families, again[:, two]))
    return Ceiling(
        float(_reliability(pairs)[0]),
        float(_reliability(families)[0]),
        float(_reliability((means[None, :, 0], means[None, :, 1]))[0]),
        tuple(np.nanquantile(correlations, [0.025, 0.975]).tolist()),
    )


def halves(first: FloatArray, second: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Means of `first` over random halves of the items, and of `second` over the rest; each (splits, candidates).

    Args:
        first, second: (candidates, items).
    """
    items = first.shape[1]
    orders = [rng.permutation(items) for _ in range(_SPLITS)]
    return (
        np.stack([first[:, order[: items // 2]].mean(axis=1) for order in orders]),
        np.stack([second[:, order[items // 2 :]].mean(axis=1) for order in orders]),
    )


def _reliability(of: tuple[FloatArray, FloatArray], weights: FloatArray | None = None) -> FloatArray:
    """Correlation of halves, stepped up to both together, mean over the splits; one for each row of weights.

    Args:
        weights: (resamples, candidates); candidates count alike unless told otherwise.
    """
    weights = np.ones((1, of[0].shape[1])) if weights is None else weights
    shares = weights / weights.sum(axis=1, keepdims=True)
    # Sums of products for every resample and split at once; taken from the middle, so that little cancels.
    a, b = (side - side.mean(axis=1, keepdims=True) for side in of)
    mean_a, mean_b = shares @ a.T, shares @ b.T
    spread = (shares @ (a * a).T - mean_a**2) * (shares @ (b * b).T - mean_b**2)
    still = spread <= _NOTHING
    r = (shares @ (a * b).T - mean_a * mean_b) / np.sqrt(np.where(still, 1.0, spread))
    stepped = np.where(r > 0, 2 * r / (1 + np.abs(r)), r)
    varying = np.maximum((~still).sum(axis=1), 1)
    means: FloatArray = np.where(still, 0.0, stepped).sum(axis=1) / varying
    return np.where(still.all(axis=1), math.nan, means)


def _root_of_product(first: FloatArray, second: FloatArray) -> FloatArray:
    root: FloatArray = np.sqrt(np.maximum(0.0, first) * np.maximum(0.0, second))
    return root


def _by_family(scores: Sequence[StageScore]) -> list[float]:
    """Share of criteria met after RL in each held-out family, by name."""
    own = sorted((s.family, s) for s in scores if (s.stage, s.part, s.how) == ("rl", "held", "greedy"))
    return [s.met / s.judged for _, s in own]


def _upsets(names: Sequence[str], rude: FloatArray, size: FloatArray, y: FloatArray) -> tuple[Upset, ...]:
    upsets = [
        Upset(names[a], names[b], float(rude[a] - rude[b]), float(y[a] - y[b]))
        for a in range(len(names))
        for b in range(len(names))
        if size[a] < size[b] and rude[a] > rude[b]
    ]
    return tuple(sorted(upsets, key=lambda upset: -upset.lead))
