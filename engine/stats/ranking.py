"""Rankings: accuracy with interval, rank interval, probability of being best, and who cannot be told apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from engine.stats.clusters import Clusters, resampled_sums
from engine.stats.flips import ALPHA, flip_test
from engine.stats.holm import holm
from engine.stats.intervals import BOOTSTRAP, Spread, accelerated, bootstrap_holds, spread, wilson
from engine.stats.matrix import Scope, ScoreMatrix

__all__ = ["HELP", "Duel", "RankRow", "Ranking", "duels", "rank", "rank_many"]

HELP: Final = {
    "rank": "place by value; equal values share it",
    "rank_low": "1 + the candidates that are better by a paired test (sign flip by cluster, Holm over all)",
    "rank_high": "candidates - those that are worse by the same tests",
    "value": "weighted mean of the metric over the pairs of the scope; a tie counts a half",
    "ci_low": "interval over clusters of pairs; the method stands in its own column",
    "p_best": "share of resamples of clusters in which the candidate comes first; a shared first place is shared out; "
    "none for the only candidate",
    "tied_with": "candidates that the paired tests cannot tell it from (sign flip by cluster, Holm over all)",
    "p_value": "two-sided p of the sign flip by cluster against the candidate in front, or of the first against the "
    "second; on the pairs that both scored",
    "p_adjusted": "the same p adjusted by Holm for every two candidates of the ranking: it decides",
}
"""One line on how each column is made. Ranks: Mogstad, Romano, Shaikh & Wilhelm 2024, Rev. Econ. Stud. 91(1)."""


_CELLS = 1 << 24
"""Resampled sums held at once; bounds memory at 64 MB however many scopes there are."""


@dataclass(frozen=True)
class Duel:
    """One candidate against another, on the pairs that both scored."""

    a: str
    b: str
    ahead: float
    """Weighted sum of a's score minus b's: above 0 where a is ahead."""
    p_value: float
    p_adjusted: float
    """By Holm, for every two candidates of the ranking."""


@dataclass(frozen=True)
class RankRow:
    """One candidate in one ranking."""

    candidate: str
    rank: int
    rank_low: int
    rank_high: int
    value: float
    ci_low: float
    ci_high: float
    method: str
    """How the interval was made."""
    chance: float
    n_pairs: int
    n_clusters: int
    p_best: float
    tied_with: tuple[str, ...]
    p_value: float
    """Against the candidate in front of it, or of the first against the second; NaN where it stands alone."""
    p_adjusted: float
    """The same, adjusted for every two candidates: the one that decides."""


@dataclass(frozen=True)
class Ranking:
    """Candidates by value, then by name; a candidate that scored no pair of the scope comes last, with NaN."""

    scope: str
    rows: tuple[RankRow, ...]
    left_out: int
    """Pairs of the scope that not every candidate could score."""
    pairs: Literal["common", "own"]
    level: float
    resamples: int
    seed: int
    duels: tuple[Duel, ...] = ()
    """Every two candidates: the tests that tell them apart."""


def rank(
    matrix: ScoreMatrix,
    scope: Scope,
    *,
    pairs: Literal["common", "own"] = "common",
    chance: float,
    seed: int = 0,
    resamples: int = 10_000,
    level: float = 1 - ALPHA,
) -> Ranking:
    """The ranking in one scope; see `rank_many`."""
    return rank_many(matrix, [scope], pairs=pairs, chance=chance, seed=seed, resamples=resamples, level=level)[0]


def rank_many(
    matrix: ScoreMatrix,
    scopes: Sequence[Scope],
    *,
    pairs: Literal["common", "own"] = "common",
    chance: float,
    seed: int = 0,
    resamples: int = 10_000,
    level: float = 1 - ALPHA,
) -> list[Ranking]:
    """Rankings in several scopes from the same resampled clusters.

    Args:
        matrix: scores by candidate and pair.
        scopes: each with one weight per pair of the matrix.
        pairs: `common` ranks on pairs that every candidate scored; `own` on whatever each one scored. Two candidates
            are told apart, either way, on the pairs that both scored, as `compare` does.
        chance: what guessing would reach, carried into the rows.
        seed: same seed, same ranking.
        resamples: 2,000 serve a screen, 10,000 an export.
        level: of intervals; comparisons are tested at 1 - level.
    """
    scored = ~np.isnan(matrix.scores)
    everyone: npt.NDArray[np.bool_] = np.logical_and.reduce(scored, axis=0)
    full = bool(everyone.all())
    used = scored & everyone if pairs == "common" else scored
    clusters = Clusters(matrix.cluster)
    scores = np.where(used, matrix.scores, np.float32(0)) if not full else matrix.scores
    scores = scores[:, clusters.order]
    # With every pair scored by all, one row of weights serves all candidates.
    shared = full or pairs == "common"
    masks = (everyone[None] if shared else used)[:, clusters.order].astype(np.float32)
    width = len(scores) + len(masks)
    # Every batch draws the same clusters, so that how many scopes are asked for changes nothing.
    at_once = max(1, _CELLS // (resamples * width)) if width else 1
    rankings = []
    for start in range(0, len(scopes), at_once):
        some = scopes[start : start + at_once]
        tables = [_Table(clusters, scope, scores, masks) for scope in some]
        draws = resampled_sums(np.concatenate([t.columns for t in tables]).T, resamples, seed)
        tests = [t.compare() for t in tables] if full else _compare_own(matrix, clusters, some)
        for position, (scope, table) in enumerate(zip(some, tables, strict=True)):
            drawn = draws[:, position * width : (position + 1) * width]
            left_out = int(np.count_nonzero((scope.weight > 0) & ~everyone))
            outcome = _adjusted(matrix.candidates, tests[position])
            rows = _rows(matrix.candidates, scope, table, drawn, outcome, used, chance, level)
            rankings.append(Ranking(scope.name, rows, left_out, pairs, level, resamples, seed, tuple(outcome)))
    return rankings


class _Table:
    """Cluster sums of one scope: scores by candidate, then weights (one row for all, or one by candidate)."""

    def __init__(
        self,
        clusters: Clusters,
        scope: Scope,
        scores: npt.NDArray[np.float32],
        masks: npt.NDArray[np.float32],
    ) -> None:
        self.candidates = len(scores)
        self.columns = clusters.sums(np.concatenate([scores, masks]), scope.weight)
        self.sums, self.weights = self.columns[: self.candidates], self.columns[self.candidates :]
        squares = masks @ np.square(scope.weight[clusters.order])
        shared = len(masks) == 1
        self.spreads: list[Spread] = [
            spread(self.sums[c], self.weights[0 if shared else c], float(squares[0 if shared else c]))
            for c in range(self.candidates)
        ]

    def compare(self) -> list[_Test]:
        """Every two candidates, in the order of `combinations`, where all of them scored every pair."""
        return [_test(self.sums[a] - self.sums[b]) for a, b in combinations(range(self.candidates), 2)]


_Test = tuple[float, float]
"""ΣD, and its p."""


def _test(differences: npt.NDArray[np.float32]) -> _Test:
    return float(differences.sum(dtype=np.float64)), flip_test(differences).p_value


def duels(matrix: ScoreMatrix, scope: Scope) -> list[Duel]:
    """Every two candidates against each other in one scope, as `rank` tells them apart."""
    (tests,) = _compare_own(matrix, Clusters(matrix.cluster), [scope])
    return _adjusted(matrix.candidates, tests)


def _compare_own(matrix: ScoreMatrix, clusters: Clusters, scopes: Sequence[Scope]) -> list[list[_Test]]:
    """As `_Table.compare` for every scope, each two candidates on the pairs that both scored."""
    scored = ~np.isnan(matrix.scores[:, clusters.order])
    scores = np.where(scored, matrix.scores[:, clusters.order], np.float32(0))
    tests: list[list[_Test]] = [[] for _ in scopes]
    for a in range(len(scores) - 1):
        differences = (scores[a] - scores[a + 1 :]) * (scored[a] & scored[a + 1 :])
        for scope, own in zip(scopes, tests, strict=True):
            own += map(_test, clusters.sums(differences, scope.weight))
    return tests


def _adjusted(candidates: tuple[str, ...], tests: list[_Test]) -> list[Duel]:
    adjusted = holm([p for _, p in tests])
    return [
        Duel(a, b, ahead, p, float(after))
        for (a, b), (ahead, p), after in zip(combinations(candidates, 2), tests, adjusted, strict=True)
    ]


def _rows(
    candidates: tuple[str, ...],
    scope: Scope,
    table: _Table,
    drawn: npt.NDArray[np.float32],
    tested: list[Duel],
    used: npt.NDArray[np.bool_],
    chance: float,
    level: float,
) -> tuple[RankRow, ...]:
    count = len(candidates)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = drawn[:, :count] / drawn[:, count:]
    p_best = _share_first(values)
    better = _better(candidates, tested, 1 - level)
    by_two = {frozenset((duel.a, duel.b)): duel for duel in tested}
    points = [spread.value for spread in table.spreads]
    n_pairs = np.count_nonzero(used[:, scope.weight > 0], axis=1)
    rows = []
    for c, name in enumerate(candidates):
        spread = table.spreads[c]
        if not spread.clusters:
            low, high, method = math.nan, math.nan, "none: no pairs"
        elif bootstrap_holds(spread):
            low, high = accelerated(np.sort(values[:, c]), spread.value, spread.skew, level)
            method = BOOTSTRAP
        else:
            estimate = wilson(spread, level)
            low, high, method = estimate.ci_low, estimate.ci_high, estimate.method
        rows.append(
            RankRow(
                candidate=name,
                rank=1 + sum(other > points[c] + 1e-12 for other in points) if spread.clusters else count,
                rank_low=1 + int(better[:, c].sum()),
                rank_high=count - int(better[c].sum()),
                value=spread.value,
                ci_low=low,
                ci_high=high,
                method=method,
                chance=chance,
                n_pairs=int(n_pairs[c]),
                n_clusters=spread.clusters,
                p_best=float(p_best[c]) if count > 1 else math.nan,
                tied_with=tuple(
                    sorted(candidates[d] for d in range(count) if d != c and not better[c, d] and not better[d, c])
                ),
                p_value=math.nan,
                p_adjusted=math.nan,
            )
        )
    rows.sort(key=lambda row: (math.isnan(row.value), -row.value, row.candidate))
    for place, row in enumerate(rows if count > 1 else ()):
        duel = by_two[frozenset((row.candidate, rows[place - 1 if place else 1].candidate))]
        if row.n_clusters:
            rows[place] = replace(row, p_value=duel.p_value, p_adjusted=duel.p_adjusted)
    return tuple(rows)


def _share_first(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Per candidate, the share of resamples in which it is first; ties within rounding share the place."""
    filled = np.where(np.isnan(values), np.float32(-1), values)
    first = filled >= filled.max(axis=1, keepdims=True, initial=-1) - np.float32(1e-6)
    defined = (filled >= 0).any(axis=1)
    if not defined.any():
        return np.zeros(values.shape[1])
    kept = first[defined]
    share: npt.NDArray[np.float64] = (kept / kept.sum(axis=1, keepdims=True)).mean(axis=0)
    return share


def _better(candidates: tuple[str, ...], tested: list[Duel], alpha: float) -> npt.NDArray[np.bool_]:
    """(candidates, candidates): whether the row is better than the column after Holm over all comparisons."""
    better = np.zeros((len(candidates), len(candidates)), dtype=bool)
    for (a, b), duel in zip(combinations(range(len(candidates)), 2), tested, strict=True):
        if duel.p_adjusted <= alpha:
            better[(a, b) if duel.ahead > 0 else (b, a)] = True
    return better
