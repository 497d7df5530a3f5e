"""Rankings: accuracy with interval, rank interval, probability of being best, and who cannot be told apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from engine.stats.clusters import Clusters, resampled_sums
from engine.stats.distributions import normal_two_sided
from engine.stats.intervals import BOOTSTRAP, Spread, accelerated, bootstrap_holds, spread, wilson
from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.paired import holm

__all__ = ["HELP", "RankRow", "Ranking", "rank", "rank_many"]

HELP: Final = {
    "rank": "place by value; equal values share it",
    "rank_low": "1 + the candidates that are better by a paired test (sign flip by cluster, Holm over all)",
    "rank_high": "candidates - those that are worse by the same tests",
    "value": "weighted mean of the metric over the pairs of the scope; a tie counts a half",
    "ci_low": "interval over clusters of pairs; the method stands in its own column",
    "p_best": "share of resamples of clusters in which the candidate comes first; a shared first place is shared out; "
    "none for the only candidate",
    "tied_with": "candidates that the paired tests cannot tell it from (sign flip by cluster, Holm over all)",
}
"""One line on how each column is made. Ranks: Mogstad, Romano, Shaikh & Wilhelm 2024, Rev. Econ. Stud. 91(1)."""


_CELLS = 1 << 24
"""Resampled sums held at once; bounds memory at 64 MB however many scopes there are."""


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


def rank(
    matrix: ScoreMatrix,
    scope: Scope,
    *,
    pairs: Literal["common", "own"] = "common",
    chance: float,
    seed: int = 0,
    resamples: int = 10_000,
    level: float = 0.95,
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
    level: float = 0.95,
) -> list[Ranking]:
    """Rankings in several scopes from the same resampled clusters.

    Args:
        matrix: scores by candidate and pair.
        scopes: each with one weight per pair of the matrix.
        pairs: `common` ranks on pairs that every candidate scored; `own` on whatever each one scored, while pairwise
            tests still use only what both scored.
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
        tests = [t.compare() for t in tables] if shared else _compare_own(clusters, some, scores, masks)
        for position, (scope, table) in enumerate(zip(some, tables, strict=True)):
            drawn = draws[:, position * width : (position + 1) * width]
            left_out = int(np.count_nonzero((scope.weight > 0) & ~everyone))
            rows = _rows(matrix.candidates, scope, table, drawn, tests[position], used, chance, level)
            rankings.append(Ranking(scope.name, rows, left_out, pairs, level, resamples, seed))
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

    def compare(self) -> npt.NDArray[np.float64]:
        """z of every pair of candidates, in the order of `combinations`, on pairs that all of them scored.

        Under the null a cluster's difference D is as likely -D, so ΣD has variance ΣD²: the normal limit of the
        cluster-wise sign flip, and for independent pairs McNemar's test (Durkalski et al. 2003, Stat. Med. 22(15)).
        """
        products = self.sums @ self.sums.T
        totals = self.sums.sum(axis=1)
        return np.array(
            [
                _flip_z(totals[a] - totals[b], products[a, a] + products[b, b] - 2 * products[a, b])
                for a, b in combinations(range(self.candidates), 2)
            ]
        )


def _compare_own(
    clusters: Clusters,
    scopes: Sequence[Scope],
    scores: npt.NDArray[np.float32],
    masks: npt.NDArray[np.float32],
) -> list[npt.NDArray[np.float64]]:
    """As `_Table.compare` for every scope, each two candidates on the pairs that both scored."""
    z_values: list[list[float]] = [[] for _ in scopes]
    for a in range(len(scores) - 1):
        differences = (scores[a] - scores[a + 1 :]) * (masks[a] * masks[a + 1 :])
        for scope, z in zip(scopes, z_values, strict=True):
            sums = clusters.sums(differences, scope.weight)
            squares = np.einsum("ij,ij->i", sums, sums)
            z += [_flip_z(total, square) for total, square in zip(sums.sum(axis=1), squares, strict=True)]
    return [np.array(z) for z in z_values]


def _flip_z(total: float, square: float) -> float:
    return total / math.sqrt(square) if square > 1e-9 else 0.0


def _rows(
    candidates: tuple[str, ...],
    scope: Scope,
    table: _Table,
    drawn: npt.NDArray[np.float32],
    z: npt.NDArray[np.float64],
    used: npt.NDArray[np.bool_],
    chance: float,
    level: float,
) -> tuple[RankRow, ...]:
    count = len(candidates)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = drawn[:, :count] / drawn[:, count:]
    p_best = _share_first(values)
    better = _better(count, z, 1 - level)
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
            )
        )
    return tuple(sorted(rows, key=lambda row: (math.isnan(row.value), -row.value, row.candidate)))


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


def _better(count: int, z: npt.NDArray[np.float64], alpha: float) -> npt.NDArray[np.bool_]:
    """(candidates, candidates): whether the row is better than the column after Holm over all comparisons."""
    better = np.zeros((count, count), dtype=bool)
    adjusted = holm([normal_two_sided(value) for value in z])
    for (a, b), sign, p in zip(combinations(range(count), 2), z, adjusted, strict=True):
        if p <= alpha:
            better[(a, b) if sign > 0 else (b, a)] = True
    return better
