"""Position bias."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from engine.stats.position_bias import position_bias


def test_label_a_flips_and_baseline() -> None:
    first = np.array([3.0, 1.0, -1.0, 2.0, math.nan])
    second = np.array([1.0, -1.0, -2.0, 2.0, 1.0])
    found = position_bias(first, second)
    a = np.array([1.0, 1.0, 0.5, 0.0])
    low, high = stats.t.interval(0.95, 3, a.mean(), stats.sem(a))
    assert found.n_pairs == 4
    assert found.label_a.value == pytest.approx(a.mean())
    assert (found.label_a.ci_low, found.label_a.ci_high) == pytest.approx((low, high))
    assert found.flip_rate.value == 0.25
    assert found.strict_baseline.value == 0.375
    assert found.strict_baseline.ci_low == pytest.approx((1 - found.flip_rate.ci_high) / 2)
    assert found.strict_baseline.ci_high == pytest.approx((1 - found.flip_rate.ci_low) / 2)


def test_a_tie_is_a_coin_in_its_order() -> None:
    found = position_bias(np.array([0.0, 0.0]), np.array([0.0, 2.0]))
    assert found.flip_rate.value == 0.5
    assert found.strict_baseline.value == 0.25


def test_clusters_widen() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(30, dtype=np.int32), 10)
    first = rng.normal(size=30)[labels]
    alone, together = position_bias(first, -first), position_bias(first, -first, labels)
    width = [e.label_a.ci_high - e.label_a.ci_low for e in (alone, together)]
    assert width[1] > 2 * width[0]


def test_nothing_scored() -> None:
    found = position_bias(np.array([math.nan]), np.array([1.0]))
    assert found.n_pairs == 0
    assert math.isnan(found.flip_rate.value)
