"""Intervals for means over clusters: against plain formulas, at the edges, and how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.stats.clusters import Clusters, resampled_sums
from engine.stats.intervals import BOOTSTRAP, CLUSTER_T, NONE, WILSON, mean, proportion, spread


def _alone(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int32)


def test_cluster_sums_equal_a_loop() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(-5, 5, 60).astype(np.int32)
    values = rng.random((3, 60))
    weight = rng.choice([0, 0.5, 1], 60).astype(np.float32)
    clusters = Clusters(labels)
    found = clusters.sums(values[:, clusters.order], weight)
    expected = [[(v * weight)[labels == c].sum() for c in np.unique(labels)] for v in values]
    assert found == pytest.approx(np.array(expected))


def test_resampled_sums_have_the_moments_of_drawing_with_replacement() -> None:
    columns = np.random.default_rng(2).random((40, 2))
    drawn = resampled_sums(columns, 20_000, seed=3)
    assert drawn.mean(axis=0) == pytest.approx(columns.sum(axis=0), rel=0.005)
    assert drawn.var(axis=0) == pytest.approx(40 * columns.var(axis=0), rel=0.05)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(np.corrcoef(columns.T)[0, 1], abs=0.03)


def test_many_clusters_are_joined_without_changing_mean_or_spread() -> None:
    columns = np.random.default_rng(2).random((20_000, 1))
    drawn = resampled_sums(columns, 4_000, seed=3)
    assert drawn.mean() == pytest.approx(columns.sum(), rel=0.001)
    assert drawn.std() == pytest.approx(math.sqrt(20_000 * columns.var()), rel=0.06)


def test_resampled_sums_depend_on_the_seed_alone() -> None:
    columns = np.random.default_rng(2).random((300, 2))
    assert (resampled_sums(columns, 5_000, 7) == resampled_sums(columns, 5_000, 7)).all()
    assert (resampled_sums(columns, 5_000, 7) != resampled_sums(columns, 5_000, 8)).any()


@pytest.mark.parametrize(("right", "n"), [(0, 12), (3, 12), (12, 12), (29, 30)])
def test_independent_pairs_get_wilsons_interval(right: int, n: int) -> None:
    scores = np.r_[np.ones(right), np.zeros(n - right)]
    found = proportion(scores, _alone(n))
    expected = stats.binomtest(right, n).proportion_ci(method="wilson")
    assert found.method == WILSON
    # The jackknife's variance is n/(n−1) times the plain one.
    assert (found.ci_low, found.ci_high) == pytest.approx((expected.low, expected.high), abs=0.02)


def test_all_right_counts_each_cluster_once() -> None:
    found = proportion(np.ones(40), np.repeat(_alone(8), 5))
    expected = stats.binomtest(8, 8).proportion_ci(method="wilson")
    assert (found.ci_low, found.ci_high) == pytest.approx((expected.low, 1.0))


def test_many_clusters_are_resampled() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 400, 2_000).astype(np.int32)
    scores = (rng.random(2_000) < 0.3 + 0.4 * rng.random(400)[labels]).astype(float)
    found = proportion(scores, labels)
    sums = np.array([[scores[labels == c].sum(), (labels == c).sum()] for c in range(400)])
    error = spread(sums[:, 0], sums[:, 1], 2_000).error
    assert found.method == BOOTSTRAP
    assert (found.ci_low, found.ci_high) == pytest.approx(
        (found.value - 1.96 * error, found.value + 1.96 * error), abs=0.003
    )


def test_jackknife_error_equals_leaving_each_cluster_out() -> None:
    rng = np.random.default_rng(5)
    sizes = rng.integers(1, 6, 9).astype(float)
    sums = rng.random(9) * sizes
    without = (sums.sum() - sums) / (sizes.sum() - sizes)
    expected = math.sqrt(8 / 9 * ((without - sums.sum() / sizes.sum()) ** 2).sum())
    assert spread(sums, sizes, sizes.sum()).error == pytest.approx(expected)


def test_mean_of_independent_values_is_students() -> None:
    values = np.random.default_rng(0).normal(size=20)
    found = mean(values, _alone(20))
    low, high = stats.t.interval(0.95, 19, values.mean(), stats.sem(values))
    assert found.method == CLUSTER_T
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high))


def test_one_cluster_and_none() -> None:
    one = proportion(np.array([1.0, 0.0]), np.zeros(2, np.int32))
    assert (one.value, one.ci_low, one.ci_high, one.method) == (0.5, 0, 1, NONE)
    assert math.isnan(mean(np.array([1.0, 2.0]), np.zeros(2, np.int32)).ci_low)
    for empty in (proportion(np.array([np.nan]), _alone(1)), mean(np.array([]), _alone(0))):
        assert math.isnan(empty.value)
        assert math.isnan(empty.ci_low)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, math.nan]), st.integers(0, 12)), min_size=1, max_size=80))
def test_interval_holds_the_value_and_stays_in_bounds(pairs: list[tuple[float, int]]) -> None:
    scores, labels = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], dtype=np.int32)
    found = proportion(scores, labels, resamples=200)
    if np.isnan(scores).all():
        assert math.isnan(found.value)
    else:
        assert 0 <= found.ci_low <= found.value <= found.ci_high <= 1


@pytest.mark.long
@pytest.mark.parametrize("accuracy", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("clusters", [15, 50, 200])
def test_intervals_hold_the_truth(clusters: int, accuracy: float) -> None:
    """Uneven clusters with a correlation of .1 within; the full table is benchmarks/stats/coverage.py."""
    rng = np.random.default_rng(clusters)
    held, trials = 0, 400
    for trial in range(trials):
        rate = rng.beta(9 * accuracy, 9 * (1 - accuracy), clusters)
        labels = np.repeat(_alone(clusters), rng.integers(1, 11, clusters))
        scores = (rng.random(len(labels)) < rate[labels]).astype(float)
        found = proportion(scores, labels, seed=trial, resamples=400)
        held += found.ci_low <= accuracy <= found.ci_high
    # 400 trials know a coverage to ±.022 (two standard errors); nominal .95 may be seen as low as this.
    assert held / trials >= 0.915
