"""Scorers find what was planted, and are judged on what they have not seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from engine.predictors.scorers import (
    SCORERS,
    best_single,
    leave_candidates_out,
    leave_tasks_out,
    rank_svm,
    score,
    three_sparse,
)

TASKS, CANDIDATES, FEATURES = 5, 12, 9


def planted(*true: int, noise: float = 0.05, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes that follow from some features, on scales that differ by task; feature 0 never differs."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(TASKS, CANDIDATES, FEATURES))
    x[..., 0] = 3.0
    y = sum((-1) ** i * x[..., f] for i, f in enumerate(true)) + noise * rng.normal(size=(TASKS, CANDIDATES))
    scale = np.array([1, 10, 0.1, 5, 2])[:, None]
    return x * scale[..., None], y * scale + scale


def test_the_best_single_feature_is_found_and_turned() -> None:
    x, y = planted(4)
    assert np.flatnonzero(best_single(x, y)).tolist() == [4]
    assert best_single(x, -y)[4] == -1
    assert best_single(x, y)[4] == 1


def test_three_features_are_found() -> None:
    x, y = planted(2, 5, 7)
    weights = three_sparse(x, y)
    assert np.flatnonzero(weights).tolist() == [2, 5, 7]
    assert np.sign(weights[[2, 5, 7]]).tolist() == [1, -1, 1]


def test_rank_svm_of_one_feature_is_the_closed_form() -> None:
    # Two candidates, one feature: standardised to ±1, a difference of 2. w + 2·C·(w·2 − 1)·2 = 0 → w = 4C / (1 + 8C).
    x, y = np.array([[[0.0], [10.0]]]), np.array([[1.0, 2.0]])
    for penalty in (0.1, 1.0, 7.0):
        assert rank_svm(x, y, penalty=penalty) == pytest.approx([4 * penalty / (1 + 8 * penalty)], rel=1e-4)
    assert rank_svm(x, -y)[0] == pytest.approx(-4 / 9, rel=1e-4)


@pytest.mark.parametrize("name", SCORERS)
def test_held_out_tasks_are_ranked(name: str) -> None:
    x, y = planted(3)
    found = leave_tasks_out(SCORERS[name], x, y)
    assert found.spearman.shape == (math.comb(TASKS, 2), 2)
    assert found.mean > 0.8
    shuffled = np.random.default_rng(9).permuted(y, axis=1)
    assert abs(leave_tasks_out(SCORERS[name], x, shuffled).mean) < 0.5


def test_the_figures_are_those_of_a_plain_loop() -> None:
    x, y = planted(3, noise=1.0)
    found = leave_tasks_out(best_single, x, y, out=1).spearman
    for task in range(TASKS):
        kept = [t for t in range(TASKS) if t != task]
        given = score(best_single(x[kept], y[kept]), x[[task]])[0]
        assert found[task, 0] == pytest.approx(stats.spearmanr(given, y[task]).statistic)


@pytest.mark.parametrize("name", SCORERS)
def test_nothing_to_learn_is_no_crash(name: str) -> None:
    x, y = np.ones((3, 4, 5)), np.ones((3, 4))
    assert math.isnan(leave_tasks_out(SCORERS[name], x, y).mean)


def test_what_does_not_fit_is_refused() -> None:
    x, y = planted(1)
    with pytest.raises(ValueError, match="outcomes are"):
        leave_tasks_out(best_single, x, y[:, :3])
    with pytest.raises(ValueError, match="hold out 5 of 5"):
        leave_tasks_out(best_single, x, y, out=TASKS)
    x[0, 0, 0] = math.nan
    with pytest.raises(ValueError, match="finite"):
        leave_tasks_out(best_single, x, y)


@pytest.mark.long
@pytest.mark.parametrize("name", SCORERS)
def test_left_out_candidates_are_ordered(name: str) -> None:
    x, y = planted(3)
    found = leave_candidates_out(SCORERS[name], x, y)
    assert found.tried == math.comb(CANDIDATES, 2)
    assert found.share > 0.9
    low, high = found.interval()
    assert 0.5 < low <= found.share <= high <= 1
    shuffled = np.random.default_rng(9).permuted(y, axis=1)
    assert abs(leave_candidates_out(SCORERS[name], x, shuffled).share - 0.5) < 0.2


def test_left_out_candidates_by_a_plain_loop() -> None:
    x, y = planted(3, noise=1.0)
    x, y = x[:1], y[:1]
    found = leave_candidates_out(rank_svm, x, y)
    for a, b in ((0, 1), (4, 9)):
        kept = [i for i in range(CANDIDATES) if i not in (a, b)]
        weights = rank_svm(x[:, kept], y[:, kept])
        known = x[0][kept]
        spread = np.where(known.std(axis=0) > 0, known.std(axis=0), 1)
        given = ((x[0] - known.mean(axis=0)) / spread) @ weights
        assert found.right[a, b] == found.right[b, a] == ((given[a] > given[b]) == (y[0, a] > y[0, b]))


def test_some_of_many_pairs_and_none_of_equal_ones() -> None:
    x, y = planted(3)
    assert leave_candidates_out(best_single, x, y, splits=7).tried == 7
    y[:] = y[:, :1]
    nothing = leave_candidates_out(best_single, x, y)
    assert nothing.tried == 0
    assert math.isnan(nothing.share)
    assert all(math.isnan(end) for end in nothing.interval())
    with pytest.raises(ValueError, match="5 are needed"):
        leave_candidates_out(best_single, x[:, :4], y[:, :4])
