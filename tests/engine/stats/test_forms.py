"""Forms from proxy to target against scipy and plain loops."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from engine.stats.forms import FORMS, decision_accuracy, fit_form

MODELS = {
    "linear": (lambda x, a, b: a + b * x, (0.0, 1.0)),
    "quadratic": (lambda x, a, b, c: a + b * x + c * x * x, (0.0, 1.0, 0.0)),
    "exponential": (lambda x, a, b, c: a + b * np.exp(c * x), (1.0, 0.5, 0.8)),
    "logarithmic": (lambda x, a, b: a + b * np.log(x), (0.0, 1.0)),
}


def points(n: int = 14) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = rng.uniform(1, 4, n)
    return x, 1 + 0.4 * np.exp(0.7 * x) + rng.normal(0, 0.1, n)


@pytest.mark.parametrize("name", FORMS)
def test_equals_scipys_curve_fit(name: str) -> None:
    x, y = points()
    model, start = MODELS[name]
    constants = curve_fit(model, x, y, p0=start, maxfev=20_000)[0]
    found = fit_form(name, x, y)
    assert found.constants == pytest.approx(tuple(constants), rel=1e-3)
    assert found.r2 == pytest.approx(1 - ((y - model(x, *constants)) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    told, means = [], []
    for i in range(len(x)):
        kept = np.arange(len(x)) != i
        told.append(model(x[i], *curve_fit(model, x[kept], y[kept], p0=constants, maxfev=20_000)[0]))
        means.append(y[kept].mean())
    assert found.cv_mae == pytest.approx(np.abs(y - told).mean(), rel=1e-3)
    expected = 1 - ((y - told) ** 2).sum() / ((y - np.array(means)) ** 2).sum()
    assert found.cv_r2 == pytest.approx(expected, abs=1e-3)


def test_a_hand_worked_line() -> None:
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0, 4.0])
    found = fit_form("linear", x, y)
    assert found.constants == pytest.approx((-0.2, 1.3))
    # Lines without each point in turn foretell -2/3, 8/7, 18/7 and 3.
    told = np.array([-2 / 3, 8 / 7, 18 / 7, 3])
    assert found.cv_mae == pytest.approx(np.abs(y - told).mean())


def test_a_decaying_loss_is_exponential() -> None:
    x = np.linspace(2, 4, 9)
    found = fit_form("exponential", x, 0.2 + 5 * np.exp(-1.3 * x))
    assert found.constants == pytest.approx((0.2, 5, -1.3), rel=1e-4)
    assert found.cv_r2 > 0.999


def test_what_cannot_be_fitted_says_why() -> None:
    x, y = points(5)
    assert "above 0" in fit_form("logarithmic", x - 3, y).note
    assert "different proxies" in fit_form("quadratic", np.array([1.0, 1, 2, 2, 2]), y).note
    assert "same everywhere" in fit_form("linear", x, np.ones(5)).note
    assert "leave one out" in fit_form("quadratic", x[:4], y[:4]).note


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=12))
def test_decisions_are_counted(rows: list[tuple[int, int]]) -> None:
    x, y = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    right = [
        0.5 if x[i] == x[j] else float((x[i] > x[j]) == (y[i] > y[j]))
        for i, j in combinations(range(len(x)), 2)
        if y[i] != y[j]
    ]
    found = decision_accuracy(x, y, resamples=50)
    assert found.pairs == len(right)
    if right:
        assert found.accuracy == pytest.approx(np.mean(right))
        if len(set(x)) == 1:
            assert np.isnan(found.ci_low)
            assert found.note
        elif len(x) >= 5:
            assert 0 <= found.ci_low <= found.accuracy + 1e-12
            assert found.accuracy - 1e-12 <= found.ci_high <= 1
    else:
        assert found.note


def test_perfect_decisions_of_few_points_are_not_certain() -> None:
    found = decision_accuracy(np.arange(6.0), np.arange(6.0))
    assert found.accuracy == 1
    # Wilson's interval for 3 of 3: 1/(1 + 1.96²/3).
    assert (found.ci_low, found.ci_high) == pytest.approx((0.4385, 1), abs=1e-4)
    assert decision_accuracy(np.arange(6.0), -np.arange(6.0)).ci_high == pytest.approx(1 - 0.4385, abs=1e-4)
