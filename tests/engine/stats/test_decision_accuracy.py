"""How often a number decides rightly: by counting, and beside scipy's Kendall."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import kendalltau

from engine.stats.decision_accuracy import decision_accuracy, ordered_rightly
from engine.stats.units import Units

NAN = math.nan


def test_it_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 5, 9).astype(float), rng.integers(0, 6, 9).astype(float)
    right = []
    for i, j in itertools.combinations(range(9), 2):
        if y[i] != y[j]:
            right.append(0.5 if x[i] == x[j] else float((x[i] < x[j]) == (y[i] < y[j])))
    assert decision_accuracy(x, y).value == pytest.approx(sum(right) / len(right))
    # Without ties it is (1 + Kendall's tau) / 2.
    x, y = rng.permutation(12).astype(float), rng.permutation(12).astype(float)
    assert decision_accuracy(x, y).value == pytest.approx((1 + kendalltau(x, y).statistic) / 2)


def test_candidates_without_both_numbers_are_passed_over() -> None:
    found = decision_accuracy(np.array([1.0, NAN, 2.0, 3.0]), np.array([1.0, 9.0, NAN, 2.0]))
    assert (found.value, found.method) == (1.0, "none: fewer than four candidates")
    assert math.isnan(decision_accuracy(np.array([1.0, 2.0]), np.array([3.0, 3.0])).value)
    assert math.isnan(ordered_rightly(np.array([1.0]), np.array([1.0]))[0, 0])


def test_few_candidates_in_perfect_order_are_no_certainty() -> None:
    x = np.arange(6.0)
    found = decision_accuracy(x, x)
    # Wilson's interval of 6 out of 6 with t of 5 degrees of freedom, 2.5706: 1 / (1 + t²/6).
    assert (found.value, found.ci_high) == (1.0, pytest.approx(1.0))
    assert found.ci_low == pytest.approx(1 / (1 + 2.5706**2 / 6), abs=1e-4)
    for size in range(4, 30):
        x = np.arange(float(size))
        assert (decision_accuracy(x, -x).ci_low, decision_accuracy(x, x).ci_high) == (0.0, 1.0)


def test_over_families_whole_families_are_left_out() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=12)
    y = x + rng.normal(size=12)
    families = [f"f{i // 2}" for i in range(12)]
    alone, together = decision_accuracy(x, y), decision_accuracy(x, y, units=Units.of(12, families, "families"))
    assert together.value == alone.value
    assert together.method == "Wilson, left-out families"
    left = [
        decision_accuracy(np.delete(x, [2 * f, 2 * f + 1]), np.delete(y, [2 * f, 2 * f + 1])).value for f in range(6)
    ]
    square = 5 / 6 * float(np.sum((np.array(left) - np.mean(left)) ** 2))
    number, t = min(alone.value * (1 - alone.value) / square, 6), 2.570582
    middle = (alone.value + t * t / (2 * number)) / (1 + t * t / number)
    assert (together.ci_low + together.ci_high) / 2 == pytest.approx(middle, abs=1e-4)
    few = decision_accuracy(x, y, units=Units.of(12, [f[:1] + str(int(f[1:]) % 3) for f in families], "families"))
    assert few.method == "none: fewer than four families"


@pytest.mark.long
def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    held, n = 0, 14
    for _ in range(400):
        x = rng.normal(size=n)
        found = decision_accuracy(x, x + 1.2 * rng.normal(size=n))
        # The chance that two draws of a bivariate normal are in the same order.
        truth = 0.5 + math.asin(1 / math.sqrt(1 + 1.2**2)) / math.pi
        held += found.ci_low <= truth <= found.ci_high
    assert held / 400 > 0.9
