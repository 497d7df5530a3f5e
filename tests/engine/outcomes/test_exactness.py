"""How exactly a score is known, against scipy's Wilson and bounds by hand."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from engine.outcomes.exactness import error_of, interval_of, told
from engine.outcomes.outcome import Outcome


def _share(score: float, stderr: float | None, scale: float | None = 1.0, samples: int | None = 40) -> Outcome:
    return Outcome("m", "exam", score, stderr, None, None, None, scale, samples)


@pytest.mark.parametrize("met", [0, 1, 13, 40])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_share_has_wilsons_interval_up_to_its_edges(met: int, scale: float) -> None:
    p = met / 40
    expected = stats.binomtest(met, 40).proportion_ci(method="wilson")
    found = interval_of(_share(scale * p, scale * math.sqrt(p * (1 - p) / 40), scale))
    assert found == pytest.approx((scale * expected.low, scale * expected.high), abs=1e-9 * scale)


def test_an_error_that_seeds_have_widened_counts_for_fewer_samples() -> None:
    # An error of √(.25/20) speaks of 20 independent samples, whatever the test's length.
    expected = stats.binomtest(10, 20).proportion_ci(method="wilson")
    assert interval_of(_share(0.5, math.sqrt(0.25 / 20))) == pytest.approx((expected.low, expected.high))


def test_an_error_is_never_nothing() -> None:
    # Wilson's end for none of 40 is z² / (40 + z²); half of it over z.
    z = 1.959964
    assert error_of(_share(0, 0)) == pytest.approx(z / (40 + z * z) / 2, abs=1e-6)
    assert error_of(_share(100, 0, 100)) == pytest.approx(100 * z / (40 + z * z) / 2, abs=1e-4)
    assert error_of(_share(0.3, 0.05)) == 0.05
    assert math.isnan(error_of(_share(1, 0, samples=None))), "of how many is not known"
    assert math.isnan(error_of(_share(1, None)))


def test_no_interval_of_a_share_leaves_its_scale() -> None:
    for scale in (1.0, 100.0):
        low, high = interval_of(_share(0.95 * scale, 0.05 * scale, scale, samples=None))
        assert (low, high) == pytest.approx((scale * (0.95 - 0.05 * 1.959964), scale))


def test_of_what_is_no_share_only_its_error_is_known() -> None:
    assert interval_of(Outcome("m", "loss", 3.0, 0.5)) == pytest.approx((3 - 0.979982, 3 + 0.979982))
    assert all(math.isnan(end) for end in interval_of(Outcome("m", "loss", 3.0)))
    fields = told(Outcome("m", "loss", 3.0, 0.5))
    assert (fields["outcome"], fields["ci_high"]) == ("loss", pytest.approx(3.979982))
