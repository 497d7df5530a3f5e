"""Chained forecasts and crossings against hand-worked and independent calculations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from engine.stats.chained import fit_chain, foretell
from engine.stats.crossing import FAR, crossing
from engine.stats.curves import fit_power_law

TOKENS = np.geomspace(1e9, 1e11, 8)
NOISE = np.array([3, -2, 1, -4, 2, 3, -3, 1]) * 1e-3


def test_a_chain_without_noise_foretells_the_truth() -> None:
    x = 0.8 - 30 * TOKENS**-0.25
    chain = fit_chain(TOKENS, x, 2 * x - 0.5)
    assert chain is not None
    truth = 2 * (0.8 - 30 * 1.8e12**-0.25) - 0.5
    assert chain.at(1.8e12).value == pytest.approx(truth, abs=1e-6)


def test_a_chain_is_scipys_two_fits_one_after_the_other() -> None:
    x, y = 0.8 - 30 * TOKENS**-0.25 + NOISE, 0.3 + 0.9 * (0.8 - 30 * TOKENS**-0.25) + NOISE[::-1]
    chain = fit_chain(TOKENS, x, y)
    assert chain is not None

    def form(t: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
        return a - b * (t / 1e9) ** -c

    (a, b, c), _ = optimize.curve_fit(form, TOKENS, x, p0=(0.8, 0.2, 0.3))
    line = stats.linregress(x, y)
    assert chain.at(4e11).value == pytest.approx(line.intercept + line.slope * form(4e11, a, b, c), abs=1e-5)


def test_a_falling_line_turns_the_interval_of_the_curve() -> None:
    x = 0.8 - 30 * TOKENS**-0.25 + NOISE
    rising, falling = fit_chain(TOKENS, x, x + NOISE[::-1]), fit_chain(TOKENS, x, -(x + NOISE[::-1]))
    assert rising is not None
    assert falling is not None
    up, down = rising.at(1e12), falling.at(1e12)
    assert [-down.value, -down.ci_high, -down.ci_low] == pytest.approx([up.value, up.ci_low, up.ci_high])
    assert up.ci_low < up.value < up.ci_high


def test_what_is_missing_is_left_out_and_three_points_are_too_few() -> None:
    x = 0.8 - 30 * TOKENS**-0.25
    y = np.where(np.arange(8) < 4, x, math.nan)
    assert fit_chain(TOKENS, x, y) is not None
    assert fit_chain(TOKENS, x, np.where(np.arange(8) < 3, x, math.nan)) is None
    assert fit_chain(TOKENS, np.full(8, 0.5), x) is None


def test_one_more_checkpoint_lies_wider_than_the_curve() -> None:
    law = fit_power_law(TOKENS, 0.8 - 30 * TOKENS**-0.25 + NOISE)
    assert law is not None
    curve, point = law.interval(2e11), foretell(law, 2e11)
    own = stats.t.ppf(0.975, 5) * law.scatter
    assert point.ci_high - point.value == pytest.approx(math.hypot(curve.ci_high - curve.value, own))


def test_curves_cross_where_they_are_equal() -> None:
    n = np.geomspace(10, 10_000, 9)
    first, second = fit_power_law(n, 0.5 - 0.4 * n**-0.5), fit_power_law(n, 0.545 - 0.5 * n**-0.3)
    assert first is not None
    assert second is not None
    found = crossing(first, second)
    truth = optimize.brentq(lambda t: (0.545 - 0.5 * t**-0.3) - (0.5 - 0.4 * t**-0.5), 300, 1e5)
    assert found.ahead == 1
    assert found.at == pytest.approx(truth, rel=1e-3)
    assert found.ci_low < found.at < found.ci_high < 1.2 * truth
    assert found.times == pytest.approx(truth / 10_000, rel=1e-3)
    assert found.sure
    assert found.limit == FAR * 10_000
    turned = crossing(second, first)
    assert (turned.ahead, turned.at) == (0, pytest.approx(found.at))


def test_noise_leaves_the_crossing_open_where_nothing_shows_it() -> None:
    n = np.geomspace(10, 10_000, 6)
    noise = np.array([3, -5, 4, -3, 5, -4]) * 1e-2
    first = fit_power_law(n, 0.50 - 0.4 * n**-0.5 + noise)
    second = fit_power_law(n, 0.52 - 0.5 * n**-0.4 + noise[::-1])
    assert first is not None
    assert second is not None
    found = crossing(first, second)
    assert not found.sure
    assert math.isinf(found.ci_high)


def test_who_is_ahead_throughout_crosses_nothing() -> None:
    n = np.geomspace(10, 10_000, 6)
    first, second = fit_power_law(n, 0.7 - 0.4 * n**-0.5), fit_power_law(n, 0.5 - 0.4 * n**-0.5)
    assert first is not None
    assert second is not None
    found = crossing(first, second)
    assert (found.ahead, found.sure) == (0, True)
    assert math.isnan(found.at)
    three = fit_power_law(n[:3], 0.5 - 0.4 * n[:3] ** -0.5)
    assert three is not None
    assert math.isnan(crossing(first, three).ci_low)
