"""Distribution functions against scipy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.stats.distributions import (
    binomial_two_sided,
    normal_probability,
    normal_quantile,
    normal_two_sided,
    student_quantile,
    student_two_sided,
)


@given(st.floats(-8, 8))
def test_normal(z: float) -> None:
    assert normal_two_sided(z) == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-12)
    assert normal_probability(z) == pytest.approx(stats.norm.cdf(z), rel=1e-12, abs=1e-300)


@given(st.floats(1e-6, 1 - 1e-6))
def test_normal_quantile(p: float) -> None:
    assert normal_quantile(p) == pytest.approx(stats.norm.ppf(p), rel=1e-9, abs=1e-12)


@given(st.floats(-50, 50), st.floats(1, 5_000))
def test_student(t: float, df: float) -> None:
    assert student_two_sided(t, df) == pytest.approx(2 * stats.t.sf(abs(t), df), rel=1e-8, abs=1e-300)


@given(st.floats(0.001, 0.999), st.floats(1, 5_000))
def test_student_quantile(p: float, df: float) -> None:
    assert student_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-7, abs=1e-9)


def test_student_at_the_edges() -> None:
    assert student_two_sided(math.inf, 3) == 0
    assert math.isnan(student_two_sided(math.nan, 3))


@given(st.integers(0, 3_000), st.data())
def test_binomial(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    expected = stats.binomtest(k, n, 0.5).pvalue if n else 1.0
    assert binomial_two_sided(k, n) == pytest.approx(expected, rel=1e-8, abs=1e-300)
