"""Rankings against plain calculations."""

from __future__ import annotations

import math
import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.stats.holm import holm
from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.ranking import rank, rank_many


def _overall(pairs: int) -> Scope:
    return Scope("overall", np.ones(pairs, dtype=np.float32))


def _matrix(scores: np.ndarray, cluster: np.ndarray | None = None) -> ScoreMatrix:
    candidates, pairs = scores.shape
    labels = np.arange(pairs, dtype=np.int32) if cluster is None else cluster.astype(np.int32)
    names = tuple(f"m{i:02}" for i in range(candidates))
    return ScoreMatrix(names, tuple(f"p{i}" for i in range(pairs)), labels, labels, scores.astype(np.float32))


def _simulated(accuracies: list[float], pairs: int, clusters: int, seed: int = 0) -> ScoreMatrix:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, clusters, pairs)
    shift = rng.normal(0, 0.1, clusters)[labels]
    return _matrix((rng.random((len(accuracies), pairs)) < np.array(accuracies)[:, None] + shift).astype(float), labels)


def test_more_rivals_ask_for_more_evidence() -> None:
    # 12 pairs one way, 3 the other: z = 9/√15, p = .02; by Holm over the six comparisons of four candidates .12.
    lead, rest = np.repeat([1, 0, 1], [12, 3, 25]), np.repeat([0, 1], [12, 28])
    alone = rank(_matrix(np.stack([lead, rest])), _overall(40), chance=0.5, resamples=100).rows
    assert [(row.rank_low, row.rank_high, row.tied_with) for row in alone] == [(1, 1, ()), (2, 2, ())]
    among = rank(_matrix(np.stack([lead, rest, rest, rest])), _overall(40), chance=0.5, resamples=100).rows
    assert all((row.rank_low, row.rank_high, len(row.tied_with)) == (1, 4, 3) for row in among)


def test_order_value_and_counts() -> None:
    matrix = _simulated([0.4, 0.8, 0.6], 600, 60)
    found = rank(matrix, _overall(600), chance=0.5)
    assert [row.candidate for row in found.rows] == ["m01", "m02", "m00"]
    for place, row in enumerate(found.rows, start=1):
        assert row.rank == place
        assert row.value == pytest.approx(matrix.scores[matrix.index(row.candidate)].mean())
        assert row.ci_low < row.value < row.ci_high
        assert (row.n_pairs, row.n_clusters, row.chance) == (600, len(np.unique(matrix.cluster)), 0.5)
        assert (row.rank_low, row.rank_high, row.tied_with) == (place, place, ())
    assert [row.p_best for row in found.rows] == pytest.approx([1, 0, 0])


def test_equal_candidates_share_place_and_first() -> None:
    scores = np.tile(np.random.default_rng(0).integers(0, 2, 200), (3, 1)).astype(float)
    found = rank(_matrix(scores), _overall(200), chance=0.5)
    assert [row.rank for row in found.rows] == [1, 1, 1]
    assert [row.p_best for row in found.rows] == pytest.approx([1 / 3] * 3)
    assert [(row.rank_low, row.rank_high) for row in found.rows] == [(1, 3)] * 3
    assert found.rows[0].tied_with == ("m01", "m02")


def test_weights_give_a_weighted_mean_and_only_its_pairs() -> None:
    scores = np.array([[1, 0, 1, 1.0], [0, 0, 1, 0.5]])
    scope = Scope("some", np.array([1, 0.5, 0, 1], dtype=np.float32))
    found = {row.candidate: row for row in rank(_matrix(scores), scope, chance=0.5).rows}
    assert found["m00"].value == pytest.approx(2 / 2.5)
    assert found["m01"].value == pytest.approx(0.5 / 2.5)
    assert found["m00"].n_pairs == 3


def test_common_pairs_leave_out_what_one_could_not_score() -> None:
    scores = np.array([[1, 1, 0, np.nan], [0, 1, np.nan, 1]])
    common = rank(_matrix(scores), _overall(4), chance=0.5)
    own = rank(_matrix(scores), _overall(4), chance=0.5, pairs="own")
    assert common.left_out == own.left_out == 2
    assert {row.candidate: (row.value, row.n_pairs) for row in common.rows} == {"m00": (1, 2), "m01": (0.5, 2)}
    assert {row.candidate: row.value for row in own.rows} == pytest.approx({"m00": 2 / 3, "m01": 2 / 3})
    assert [row.n_pairs for row in own.rows] == [3, 3]


def test_own_equals_common_where_nothing_is_missing() -> None:
    matrix = _simulated([0.5, 0.6, 0.7], 300, 40)
    scope = _overall(300)
    assert rank(matrix, scope, chance=0.5).rows == rank(matrix, scope, chance=0.5, pairs="own").rows


def test_own_compares_two_candidates_on_what_both_scored() -> None:
    """On the shared half m00 is far better; on its own half it fails, and its own mean is the lower one."""
    shared, alone = np.array([[1.0] * 60, [0.0] * 60]), np.array([[0.0] * 300, [np.nan] * 300])
    more = np.array([[np.nan] * 100, [1.0] * 100])
    found = rank(_matrix(np.concatenate([shared, alone, more], axis=1)), _overall(460), chance=0.5, pairs="own")
    better = next(row for row in found.rows if row.candidate == "m00")
    assert found.rows[0].candidate == "m01"
    assert (better.rank_low, better.rank_high) == (1, 1)


def test_ties_follow_clustered_mcnemar_with_holm() -> None:
    matrix = _simulated([0.5, 0.55, 0.58, 0.7], 400, 50, seed=3)
    names = matrix.candidates
    p_values = []
    for a, b in combinations(range(4), 2):
        difference = (matrix.scores[a] - matrix.scores[b]).astype(float)
        sums = np.array([difference[matrix.cluster == c].sum() for c in np.unique(matrix.cluster)])
        p_values.append(math.erfc(abs(sums.sum()) / math.sqrt((sums**2).sum()) / math.sqrt(2)))
    tied = {name: set() for name in names}
    for (a, b), p in zip(combinations(range(4), 2), holm(p_values), strict=True):
        if p > 0.05:
            tied[names[a]].add(names[b])
            tied[names[b]].add(names[a])
    found = rank(matrix, _overall(400), chance=0.5)
    assert {row.candidate: set(row.tied_with) for row in found.rows} == tied
    for row in found.rows:
        assert row.rank_high - row.rank_low == len(row.tied_with)


def test_p_best_is_the_share_of_plain_resamples() -> None:
    matrix = _simulated([0.6, 0.62, 0.61], 200, 30, seed=1)
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(matrix.cluster == c) for c in np.unique(matrix.cluster)]
    wins = np.zeros(3)
    for _ in range(2_000):
        drawn = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        means = matrix.scores[:, drawn].mean(axis=1)
        first = means >= means.max() - 1e-9
        wins += first / first.sum()
    found = {row.candidate: row.p_best for row in rank(matrix, _overall(200), chance=0.5).rows}
    assert [found[name] for name in matrix.candidates] == pytest.approx(list(wins / 2_000), abs=0.04)


def test_many_scopes_at_once_equal_one_at_a_time() -> None:
    matrix = _simulated([0.5, 0.6, 0.7, 0.8], 500, 80)
    shares = np.random.default_rng(1).choice([0, 0.5, 1], size=(2, 500)).astype(np.float32)
    scopes = [_overall(500), Scope("Logic", shares[0]), Scope("Format", shares[1])]
    for scope, together in zip(scopes, rank_many(matrix, scopes, chance=0.5), strict=True):
        alone = rank(matrix, scope, chance=0.5)
        for a, b in zip(alone.rows, together.rows, strict=True):
            assert (a.candidate, a.rank, a.tied_with, a.value) == (b.candidate, b.rank, b.tied_with, b.value)
            assert (a.ci_low, a.ci_high, a.p_best) == pytest.approx((b.ci_low, b.ci_high, b.p_best), abs=1e-5)


def test_seed_decides() -> None:
    matrix = _simulated([0.5, 0.55], 400, 200)
    first, again, other = (rank(matrix, _overall(400), chance=0.5, seed=seed) for seed in (4, 4, 5))
    assert first.rows == again.rows
    assert first.rows != other.rows


def test_empty_scope_one_candidate_and_no_pairs() -> None:
    matrix = _simulated([0.5, 0.6], 50, 10)
    empty = rank(matrix, Scope("none", np.zeros(50, np.float32)), chance=0.5)
    assert all(math.isnan(row.value) and math.isnan(row.ci_low) and row.n_pairs == 0 for row in empty.rows)
    alone = rank(_matrix(np.ones((1, 5))), _overall(5), chance=0.5).rows[0]
    assert (alone.rank, alone.tied_with) == (1, ())
    assert math.isnan(alone.p_best)  # there is nothing to be the best of
    assert rank(_matrix(np.ones((0, 5))), _overall(5), chance=0.5).rows == ()
    assert len(rank(_matrix(np.ones((2, 0))), _overall(0), chance=0.5).rows) == 2
    assert rank_many(matrix, [], chance=0.5) == []


def test_a_candidate_that_scored_nothing_comes_last_among_its_own() -> None:
    scores = np.array([[np.nan] * 4, [1, 0, 1, 1.0]])
    found = rank(_matrix(scores), _overall(4), chance=0.5, pairs="own")
    assert [row.candidate for row in found.rows] == ["m01", "m00"]
    assert [row.rank for row in found.rows] == [1, 2]
    assert math.isnan(found.rows[1].value)


@pytest.mark.parametrize("scores", [[[2.0]], [[-0.1]], [[math.inf]]])
def test_scores_out_of_range_are_refused(scores: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        _matrix(np.array(scores))


@given(st.integers(1, 5), st.integers(1, 30), st.integers(0, 1_000))
def test_any_matrix_ranks_consistently(candidates: int, pairs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.choice([0, 0.5, 1, np.nan], size=(candidates, pairs), p=[0.4, 0.1, 0.4, 0.1])
    for kind in ("common", "own"):
        rows = rank(
            _matrix(scores, rng.integers(0, 8, pairs)), _overall(pairs), chance=0.5, resamples=100, pairs=kind
        ).rows
        by_name = {row.candidate: row for row in rows}
        for row in rows:
            assert 1 <= row.rank_low <= row.rank_high <= candidates
            assert all(row.candidate in by_name[other].tied_with for other in row.tied_with)
            if not math.isnan(row.value):
                assert 0 <= row.ci_low <= row.value <= row.ci_high <= 1
        if candidates > 1:
            assert sum(row.p_best for row in rows) == pytest.approx(1 if any(r.n_pairs for r in rows) else 0, abs=1e-6)


@pytest.mark.long
def test_full_size_is_quick() -> None:
    """16 × 30,000 with 10,000 resamples: 3 s is promised, in CPU time since other tests share the cores."""
    matrix = _simulated(list(np.linspace(0.5, 0.8, 16)), 30_000, 3_000)
    start = time.process_time()
    rank(matrix, _overall(30_000), chance=0.5)
    assert time.process_time() - start < 3
