"""Curves over tokens against scipy, closed forms and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from engine.stats.curves import fit_power_law, resampled_values


def curve(t: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
    return a - b * t**-c


@pytest.mark.parametrize("seed", range(5))
def test_equals_scipys_least_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.geomspace(1, 200, 9)
    y = curve(t, 0.8, 0.35, 0.5) + rng.normal(0, 0.004, 9)
    reference = curve_fit(curve, t, y, p0=[0.8, 0.3, 0.4])[0]
    found = fit_power_law(t, y)
    assert found is not None
    assert (found.a, found.b, found.c) == pytest.approx(tuple(reference), rel=1e-4)
    # In other units of tokens only b changes.
    scaled = fit_power_law(t * 1e9, y)
    assert scaled is not None
    assert (scaled.a, scaled.c) == pytest.approx((found.a, found.c), rel=1e-6)
    assert scaled.b == pytest.approx(found.b * 1e9**found.c, rel=1e-6)
    assert scaled.at(50e9) == pytest.approx(found.at(50))


@pytest.mark.long
@given(st.floats(0.3, 1), st.floats(0.05, 0.5), st.floats(0.05, 2))
def test_exact_points_give_back_their_constants(a: float, b: float, c: float) -> None:
    t = np.geomspace(1, 100, 7)
    found = fit_power_law(t, curve(t, a, b, c))
    assert found is not None
    assert (found.a, found.b, found.c) == pytest.approx((a, b, c), rel=1e-3)
    ahead = found.interval(1000)
    assert ahead.ci_low - 1e-6 <= curve(np.array([1000.0]), a, b, c)[0] <= ahead.ci_high + 1e-6


def test_interval_is_linear_theory_where_c_is_known() -> None:
    """With c pinned by exact bends, what is left is the textbook confidence band of a line."""
    t = np.geomspace(1, 1000, 12)
    y = curve(t, 0.9, 0.6, 1.0) + np.random.default_rng(0).normal(0, 1e-5, 12)
    found = fit_power_law(t, y)
    assert found is not None
    jacobian = np.stack([np.ones(12), -(t**-found.c), found.b * t**-found.c * np.log(t)], axis=1)
    covariance = np.linalg.inv(jacobian.T @ jacobian) * found.scatter**2
    new = np.array([1, -(2000**-found.c), found.b * 2000**-found.c * math.log(2000)])
    half = 2.262157 * math.sqrt(new @ covariance @ new)
    value = found.interval(2000)
    assert (value.ci_low, value.ci_high) == pytest.approx((value.value - half, value.value + half), abs=0.02 * half)


@pytest.mark.long
@pytest.mark.parametrize("c", [0.1, 0.5])
def test_intervals_hold_the_truth(c: float) -> None:
    rng = np.random.default_rng(1)
    t = np.geomspace(1, 100, 7)
    held = np.zeros(2)
    for _ in range(200):
        found = fit_power_law(t, curve(t, 0.8, 0.3, c) + rng.normal(0, 0.01, 7))
        assert found is not None
        for k, at in enumerate((400.0, math.inf)):
            value = found.interval(at)
            truth = 0.8 - (0.3 * at**-c if math.isfinite(at) else 0)
            held[k] += value.ci_low <= truth <= value.ci_high
    assert (held / 200 > 0.915).all()


def test_few_points() -> None:
    assert fit_power_law([1, 2, 2], [0.5, 0.6, 0.6]) is None
    three = fit_power_law([1, 2, 4], [0.5, 0.6, 0.65])
    assert three is not None
    assert three.at(4) == pytest.approx(0.65, abs=1e-6)
    assert math.isnan(three.interval(8).ci_low)
    assert math.isnan(three.scatter)
    with pytest.raises(ValueError, match="positive"):
        fit_power_law([0, 1, 2], [1, 2, 3])


@given(st.lists(st.floats(0, 1), min_size=4, max_size=8))
def test_any_values_give_an_interval_around_the_curve(values: list[float]) -> None:
    assume(np.ptp(values) > 1e-6)
    found = fit_power_law(np.arange(1, len(values) + 1), values)
    assert found is not None
    for at in (1.0, 20.0):
        value = found.interval(at)
        assert value.ci_low <= value.value <= value.ci_high


def test_refits_of_resamples_are_fits() -> None:
    rng = np.random.default_rng(2)
    t = np.geomspace(1, 100, 8)
    rows = curve(t, 0.8, 0.4, 0.6) + rng.normal(0, 0.003, (20, 8))
    for row, value in zip(rows, resampled_values(t, rows, 300), strict=True):
        found = fit_power_law(t, row)
        assert found is not None
        assert value == pytest.approx(found.at(300), abs=2e-4)
