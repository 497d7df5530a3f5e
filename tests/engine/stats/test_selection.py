"""The best of many predictors against plain loops, and against what is known of chance."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.stats.selection import best_of


def test_a_hundred_useless_predictors_of_sixteen_candidates() -> None:
    rng = np.random.default_rng(0)
    columns, outcome = rng.normal(size=(100, 16)), rng.normal(size=16)
    found = best_of(list(columns), outcome)
    assert found.tried == 100
    # The best of a hundred has a median of about .66, and one in 20 is above .75.
    assert 0.7 < found.chance < 0.82
    assert found.p_value > 0.05
    assert abs(found.value) == pytest.approx(max(abs(stats.spearmanr(c, outcome).statistic) for c in columns))


def test_every_order_of_five() -> None:
    rng = np.random.default_rng(3)
    columns, outcome = np.round(rng.normal(size=(4, 5)), 1), np.round(rng.normal(size=5), 1)
    strongest = [
        max(abs(stats.spearmanr(column, order).statistic) for column in columns)
        for order in itertools.permutations(outcome)
    ]
    found = best_of(list(columns), outcome, deals=20_000)
    share = np.mean([value >= abs(found.value) - 1e-9 for value in strongest])
    assert found.p_value == pytest.approx(share, abs=0.01)


def test_a_true_one_stands_out_and_copies_count_once() -> None:
    rng = np.random.default_rng(1)
    outcome = rng.normal(size=20)
    noise = rng.normal(size=20)
    found = best_of([noise, -outcome + 0.1 * noise], outcome)
    assert (found.best, found.p_value < 0.001, found.value < -0.9) == (1, True, True)
    once, often = best_of([noise], outcome), best_of([noise] * 50, outcome)
    assert once.chance == pytest.approx(often.chance)


def test_predictors_known_for_some_candidates() -> None:
    rng = np.random.default_rng(2)
    columns, outcome = rng.normal(size=(3, 12)), rng.normal(size=12)
    columns[1, :4] = math.nan
    outcome[11] = math.nan
    found = best_of(list(columns), outcome)
    values = [
        stats.spearmanr(column[kept], outcome[kept]).statistic
        for column in columns for kept in [np.isfinite(column) & np.isfinite(outcome)]
    ]  # fmt: skip
    assert found.best == int(np.argmax(np.abs(values)))
    assert found.value == pytest.approx(values[found.best])
    assert found.n == 11


@pytest.mark.parametrize(
    ("columns", "outcome"),
    [([], [1, 2, 3, 4]), ([[1, 2, 3]], [1, 2, 3]), ([[1, 1, 1, 1]], [1, 2, 3, 4]), ([[1, 2, 3, 4]], [2, 2, 2, 2]),
     ([[1, 2, math.nan, math.nan]], [1, 2, 3, 4])],
)  # fmt: skip
def test_nothing_to_tell(columns: list[list[float]], outcome: list[float]) -> None:
    found = best_of(columns, outcome)
    assert (found.best, found.tried) == (-1, 0)
    assert "takes 4 candidates over which predictor and outcome vary" in str(found)


@given(st.lists(st.lists(st.integers(0, 3), min_size=6, max_size=6), min_size=1, max_size=4))
def test_ties_are_no_trouble(columns: list[list[int]]) -> None:
    outcome = [0, 1, 1, 2, 3, 3]
    found = best_of(columns, outcome, deals=50)
    if found.best >= 0:
        assert found.value == pytest.approx(stats.spearmanr(columns[found.best], outcome).statistic)
        assert 0 < found.p_value <= 1
        assert "best of" in str(found)
