"""Intervals and p over families: against loops that leave out, draw and turn whole families."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from engine.stats.association import STATISTICS, bootstrap_weights
from engine.stats.correlation import correlate, partial
from engine.stats.correlation_matrix import ANOTHERS, correlation_matrix
from engine.stats.estimates import estimate, jackknife_error, jackknife_z
from engine.stats.league import league
from engine.stats.pair_share import pair_share
from engine.stats.rivals import compare_predictors
from engine.stats.units import Units, family_shares, flipped

FAMILIES = ["a"] * 4 + ["b"] * 3 + ["c"] * 2 + ["d"] * 2 + ["e", "f", "g"]


@pytest.fixture
def points() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predictor, outcome and another predictor of fourteen candidates."""
    rng = np.random.default_rng(4)
    x, noise, other = rng.normal(size=(3, len(FAMILIES)))
    return x, 0.7 * x + noise, other + 0.5 * x


def busing(whole: float, without: list[float], sizes: list[int]) -> float:
    """The delete-m jackknife's standard error, as its paper writes it."""
    n, g = sum(sizes), len(sizes)
    times = [n / m for m in sizes]
    centre = g * whole - sum((1 - m / n) * t for m, t in zip(sizes, without, strict=True))
    terms = [
        (h * whole - (h - 1) * t - centre) ** 2 / (h - 1) for h, t in zip(times, without, strict=True)
    ]  # fmt: skip
    return math.sqrt(sum(terms) / g)


def test_the_jackknife_leaves_out_families_of_unlike_size(points) -> None:
    x, y, _ = points
    kept = [np.array([family != left for family in FAMILIES]) for left in "abcdefg"]
    without = [math.atanh(stats.pearsonr(x[k], y[k]).statistic) for k in kept]
    sizes = [FAMILIES.count(family) for family in "abcdefg"]
    whole = math.atanh(stats.pearsonr(x, y).statistic)
    error, _ = jackknife_error(np.array(without), 2, whole=whole, sizes=np.array(sizes, float))
    assert error == pytest.approx(busing(whole, without, sizes))
    found = estimate("pearson", x, y, units=Units.of(len(x), FAMILIES, "families"))
    low, high = jackknife_z(math.tanh(whole), np.tanh(without), sizes=np.array(sizes, float))
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high))
    # Of one size it is the usual jackknife, whatever the whole.
    alike, _ = jackknife_error(np.array(without), 2)
    assert alike == pytest.approx(math.sqrt(6 / 7 * sum((t - np.mean(without)) ** 2 for t in without)))
    assert alike == pytest.approx(busing(np.mean(without), without, [2] * 7))


@pytest.mark.parametrize("name", list(STATISTICS))
def test_families_of_one_are_candidates(name: str, points) -> None:
    x, y, _ = points
    alone = [str(number) for number in range(len(x))]
    whole = correlate(x, y, alone, families=alone, over="candidates")
    assert whole == correlate(x, y, alone, families=alone)
    if name == "pearson":
        by_family = correlate(x, y, alone, families=alone, over="families").pearson
        assert (by_family.ci_low, by_family.ci_high) == pytest.approx((whole.pearson.ci_low, whole.pearson.ci_high))


def test_flips_turn_every_familys_part(points) -> None:
    x, y, _ = points
    units = Units.of(len(x), FAMILIES, "families")
    a, b = stats.rankdata(x), stats.rankdata(y)
    parts = [
        sum((a[i] - a.mean()) * (b[i] - b.mean()) for i, own in enumerate(FAMILIES) if own == family)
        for family in "abcdefg"
    ]  # fmt: skip
    for name in ("spearman", "kendall"):
        np.testing.assert_allclose(family_shares(name, units, x, y), parts)
    sums = [sum(sign * part for sign, part in zip(signs, parts, strict=True)) for signs in product((1, -1), repeat=7)]
    expected = sum(abs(s) >= abs(sum(parts)) - 1e-9 for s in sums) / len(sums)
    assert flipped(np.array(parts), 100, 0) == (expected, "sign flips of 7 families, all 128")
    many, how = flipped(np.ones(20), 999, 0)
    assert (many, how) == (pytest.approx(1 / 1000), "sign flips of 20 families, 999")


def test_no_interval_from_few_families(points) -> None:
    x, y, z = points
    few = ["a"] * 6 + ["b"] * 4 + ["c", "c", "d", "d"]
    found = estimate("spearman", x, y, units=Units.of(len(x), few, "families"))
    assert math.isnan(found.ci_low)
    assert found.note == "4 families: no interval, and p cannot fall below .125"
    assert math.isnan(partial(x, y, z, families=few, over="families").ci_low)
    rivals = compare_predictors(x, z, y, families=few, over="families")
    assert rivals.note == "4 families have all three numbers: five are needed to compare predictors"
    said = league({"x": x, "z": z}, y, families=few, over="families").verdict
    assert said == f"x: {rivals.note}"


def test_predictors_are_compared_over_drawn_families(points) -> None:
    x, y, z = points
    found = compare_predictors(x, z, y, families=FAMILIES, over="families", resamples=500, seed=3)
    code = [sorted(set(FAMILIES)).index(family) for family in FAMILIES]
    differences = []
    for drawn in bootstrap_weights(7, 500, np.random.default_rng(3)):
        rows = np.repeat(np.arange(len(x)), [int(drawn[own]) for own in code])
        if len(set(y[rows])) > 1:
            differences.append(np.corrcoef(x[rows], y[rows])[0, 1] - np.corrcoef(z[rows], y[rows])[0, 1])
    low, high = np.quantile(differences, [0.025, 0.975])
    assert (found.pearson.ci_low, found.pearson.ci_high) == pytest.approx((low, high), abs=1e-9)
    assert math.isnan(found.williams_p)


def test_shares_among_pairs_are_over_families() -> None:
    rng = np.random.default_rng(2)
    hits = rng.integers(0, 2, (len(FAMILIES),) * 2).astype(float)
    hits = np.triu(hits, 1) + np.triu(hits, 1).T
    counted = 1 - np.eye(len(FAMILIES))
    units = Units.of(len(FAMILIES), FAMILIES, "families")
    each, whole = pair_share(hits, counted), pair_share(hits, counted, units=units)
    assert each.value == whole.value
    assert whole.method == "BCa over families"
    assert whole != each
    few = Units.of(len(FAMILIES), ["a"] * 13 + ["b"], "families")
    assert pair_share(hits, counted, units=few).method == "none: 2 families"


def test_a_matrix_over_families(points) -> None:
    x, y, z = points
    parts, outcomes = {"d": x, "e": z}, {"o": y}
    found = correlation_matrix(parts, outcomes, {"o": "d"}, families=FAMILIES, over="families", resamples=200)
    contrast = found.contrasts[0]
    differences = []
    for left in "abcdefg":
        k = np.array([family != left for family in FAMILIES])
        differences.append(np.corrcoef(x[k], y[k])[0, 1] - np.corrcoef(z[k], y[k])[0, 1])
    whole = np.corrcoef(x, y)[0, 1] - np.corrcoef(z, y)[0, 1]
    error = busing(whole, differences, [FAMILIES.count(family) for family in "abcdefg"])
    freedom = jackknife_error(
        np.array(differences), 2, whole=whole, sizes=np.array([FAMILIES.count(f) for f in "abcdefg"], float)
    )[1]
    assert contrast.versus == ANOTHERS
    assert contrast.p_value == pytest.approx(2 * stats.t.sf(abs(whole) / error, freedom), abs=1e-6)
    assert "over families" in contrast.method
