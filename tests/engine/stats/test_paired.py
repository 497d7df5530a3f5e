"""Two candidates: counts, exact tests, permutation, intervals."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.stats.flips import EXACT
from engine.stats.holm import holm
from engine.stats.intervals import BOOTSTRAP
from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.paired import BONETT_PRICE, MCNEMAR, compare


def _overall(pairs: int) -> Scope:
    return Scope("overall", np.ones(pairs, dtype=np.float32))


def _two(a: list[float], b: list[float], cluster: list[int] | None = None) -> ScoreMatrix:
    labels = np.array(cluster if cluster is not None else range(len(a)), dtype=np.int32)
    ids = tuple(f"p{i}" for i in range(len(a)))
    return ScoreMatrix(("a", "b"), ids, labels, labels, np.array([a, b], dtype=np.float32))


def test_counts_and_pairs() -> None:
    found = compare(_two([1, 1, 0, 0, 0.5, math.nan], [1, 0, 1, 0, 1, 1]), "a", "b", _overall(6))
    assert (found.both, found.only_a, found.only_b, found.neither, found.ties) == (1, ("p1",), ("p2",), 1, 1)
    assert found.n_pairs == 5
    assert found.difference == pytest.approx(-0.1)


@pytest.mark.parametrize(("more", "less"), [(5, 0), (9, 2), (40, 30), (0, 0), (700, 560)])
def test_independent_pairs_get_mcnemars_exact_test(more: int, less: int) -> None:
    a, b = [1.0] * more + [0.0] * less + [1, 1, 0], [0.0] * more + [1.0] * less + [1, 1, 0]
    found = compare(_two(a, b), "a", "b", _overall(len(a)))
    assert found.test == MCNEMAR
    assert found.p_value == pytest.approx(stats.binomtest(more, more + less).pvalue if more + less else 1)


def test_few_clusters_try_every_flip() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 7, 40).tolist()
    a, b = rng.integers(0, 2, 40).astype(float), rng.integers(0, 2, 40).astype(float)
    found = compare(_two(a.tolist(), b.tolist(), labels), "a", "b", _overall(40))
    sums = np.array([(a - b)[np.array(labels) == c].sum() for c in range(7)])
    null = [abs(np.dot(signs, sums)) for signs in product([-1, 1], repeat=7)]
    assert found.test == EXACT
    assert found.p_value == pytest.approx(np.mean(np.array(null) >= abs(sums.sum()) - 1e-9))


def test_many_clusters_flip_at_random() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(150), 4)
    a, b = (rng.random(600) < 0.6).astype(float), (rng.random(600) < 0.5).astype(float)
    found = compare(_two(a.tolist(), b.tolist(), labels.tolist()), "a", "b", _overall(600), resamples=20_000)
    sums = (a - b).reshape(150, 4).sum(axis=1)
    expected = math.erfc(abs(sums.sum()) / math.sqrt((sums**2).sum()) / math.sqrt(2))
    assert found.p_value == pytest.approx(expected, rel=0.25, abs=0.002)
    assert found.method == BOOTSTRAP
    error = math.sqrt(150 * sums.var(ddof=1)) / 600
    assert (found.ci_low, found.ci_high) == pytest.approx(
        (found.difference - 1.96 * error, found.difference + 1.96 * error), abs=0.006
    )


def test_no_pair_that_differs_keeps_the_interval_open() -> None:
    found = compare(_two([1.0] * 20, [1.0] * 20), "a", "b", _overall(20))
    # Bonett & Price with nothing differing: z·√(2/(n+2)/(n+2)).
    half = 1.959964 * math.sqrt(2 / 22 / 22)
    assert (found.difference, found.p_value, found.method) == (0, 1, BONETT_PRICE)
    assert (found.ci_low, found.ci_high) == pytest.approx((-half, half), rel=1e-5)


@pytest.mark.parametrize(("more", "less", "n"), [(9, 3, 60), (6, 6, 40), (2, 7, 80)])
def test_few_independent_pairs_get_bonett_and_prices_interval(more: int, less: int, n: int) -> None:
    a = [1.0] * more + [0.0] * less + [1.0] * (n - more - less)
    b = [0.0] * more + [1.0] * less + [1.0] * (n - more - less)
    found = compare(_two(a, b), "a", "b", _overall(n))
    up, down = (more + 1) / (n + 2), (less + 1) / (n + 2)
    half = 1.959964 * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    assert found.method == BONETT_PRICE
    # Each pair is a cluster of its own, and their scatter counts n − 1.
    assert (found.ci_low, found.ci_high) == pytest.approx((up - down - half, up - down + half), abs=0.03 / math.sqrt(n))


def test_nothing_in_common() -> None:
    found = compare(_two([1, math.nan], [math.nan, 1]), "a", "b", _overall(2))
    assert math.isnan(found.difference)
    assert (found.n_pairs, found.p_value) == (0, 1)


def test_scope_weights_count() -> None:
    scope = Scope("s", np.array([1, 0.5, 0], dtype=np.float32))
    found = compare(_two([1, 0, 0], [0, 1, 1]), "a", "b", scope)
    assert found.difference == pytest.approx((1 - 0.5) / 1.5)
    assert found.only_b == ("p1",)


def test_unknown_candidate() -> None:
    with pytest.raises(ValueError, match="no candidate named"):
        compare(_two([1], [1]), "a", "nobody", _overall(1))


def test_swapping_mirrors() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 2, (2, 30)).astype(float)
    one = compare(_two(a.tolist(), b.tolist()), "a", "b", _overall(30))
    other = compare(_two(a.tolist(), b.tolist()), "b", "a", _overall(30))
    assert other.difference == -one.difference
    assert (other.ci_low, other.ci_high) == pytest.approx((-one.ci_high, -one.ci_low))
    assert other.p_value == one.p_value


@given(st.lists(st.floats(0, 1), max_size=30))
def test_holm_equals_its_definition(p_values: list[float]) -> None:
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    expected, running = [0.0] * len(p_values), 0.0
    for place, i in enumerate(order):
        running = max(running, (len(p_values) - place) * p_values[i])
        expected[i] = min(1.0, running)
    assert holm(p_values) == pytest.approx(np.array(expected))


def test_true_nulls_are_seldom_rejected() -> None:
    rng = np.random.default_rng(0)
    rejected = 0
    for trial in range(400):
        labels = np.repeat(np.arange(20), 3).tolist()
        rate = rng.beta(2, 2, 20).repeat(3)
        a, b = (rng.random((2, 60)) < rate).astype(float)
        rejected += (
            compare(_two(a.tolist(), b.tolist(), labels), "a", "b", _overall(60), seed=trial, resamples=400).p_value
            <= 0.05
        )
    assert rejected / 400 <= 0.08


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 9)),
        min_size=2,
        max_size=80,
    )
)
def test_interval_and_test_say_the_same_of_no_difference(drawn: list[tuple[float, float, int]]) -> None:
    a, b, cluster = map(list, zip(*drawn, strict=True))
    found = compare(_two(a, b, cluster), "a", "b", _overall(len(a)), resamples=200)
    if found.p_value <= 0.05:
        assert found.ci_low >= 0 or found.ci_high <= 0
    else:
        assert found.ci_low <= 0 <= found.ci_high
    assert found.ci_low <= found.difference <= found.ci_high


def test_a_lead_that_six_clusters_agree_on_has_no_end_below_nothing() -> None:
    # Two pairs a cluster, one of which only a gets right: p is 2/2⁶; Bonett and Price alone would go below 0.
    a, b, labels = [1.0, 1.0] * 6, [1.0, 0.0] * 6, [number // 2 for number in range(12)]
    found = compare(_two(a, b, labels), "a", "b", _overall(12))
    assert found.p_value == pytest.approx(2 / 64)
    assert found.ci_low >= 0
    assert found.ends("{:.2f}".format) == f"above 0 to {found.ci_high:.2f}"
