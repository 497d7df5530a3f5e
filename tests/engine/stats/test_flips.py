"""The test of whether a candidate is ahead, against every pattern of signs, the binomial and the normal limit."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.stats.flips import EXACT, NORMAL, flip_test


def _by_all_patterns(differences: list[float]) -> float:
    signs = np.array(list(product((-1, 1), repeat=len(differences))))
    return float(np.mean(np.abs(signs @ differences) >= abs(sum(differences)) - 1e-9))


@pytest.mark.parametrize(("more", "less"), [(4, 0), (9, 2), (40, 30), (0, 0), (300, 200), (700, 560), (5_200, 5_000)])
def test_single_pairs_are_mcnemars_exact_test(more: int, less: int) -> None:
    differences = np.array([1.0] * more + [-1.0] * less + [0.0] * 20, dtype=np.float32)
    expected = stats.binomtest(more, more + less).pvalue if more + less else 1
    assert flip_test(differences) == (pytest.approx(expected, rel=1e-6), EXACT)


@given(st.lists(st.integers(-4, 4), max_size=15), st.sampled_from((1, 2, 3, 4, 6)))
def test_multiples_of_a_step_are_as_with_every_pattern(multiples: list[int], step: int) -> None:
    differences = [multiple / step for multiple in multiples]
    assert flip_test(np.array(differences, dtype=np.float32)).p_value == pytest.approx(_by_all_patterns(differences))


@given(st.lists(st.floats(-1, 1, width=32), max_size=15))
def test_any_differences_are_as_with_every_pattern_and_never_below(differences: list[float]) -> None:
    kept = [value for value in differences if abs(value) > 1e-3]
    p = flip_test(np.array(kept, dtype=np.float32)).p_value
    assert _by_all_patterns(kept) - 1e-9 <= p
    assert p <= 1


def test_odd_differences_are_near_every_pattern() -> None:
    differences = np.random.default_rng(1).normal(0.4, 1, 16)
    expected = _by_all_patterns(differences.tolist())
    assert expected <= flip_test(differences).p_value <= expected * 1.02


@pytest.mark.parametrize("scale", [1.0, np.pi])
def test_very_many_clusters_are_normal(scale: float) -> None:
    rng = np.random.default_rng(2)
    differences = scale * rng.integers(-9, 10, 3_000) + scale * (rng.random(3_000) < 0.2)
    z = abs(differences.sum()) / np.sqrt((differences**2).sum())
    expected = 2 * stats.norm.sf(z)
    p, method = flip_test(differences)
    assert (p, method) == (pytest.approx(expected, rel=0.02), NORMAL)


def test_the_normal_limit_begins_where_it_is_as_good() -> None:
    rng = np.random.default_rng(3)
    differences = rng.integers(-3, 4, 400).astype(float) + (rng.random(400) < 0.2)
    few = differences[np.flatnonzero(differences)][:230]
    exact, how = flip_test(few)
    assert (how, flip_test(np.append(few, [1, -1] * 30)).method) == (EXACT, NORMAL)
    z = (abs(few.sum()) - 1) / np.sqrt((few**2).sum())
    assert 2 * stats.norm.sf(z) == pytest.approx(exact, rel=0.02)
