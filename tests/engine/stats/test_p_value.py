"""A p is told in one form."""

from __future__ import annotations

import math

from engine.stats.p_value import p_is, p_text


def test_no_p_is_nothing_and_none_is_a_dash() -> None:
    values = (0.0, 0.00049, 0.0012, 0.0496, 1.0, math.nan)
    assert [p_text(value) for value in values] == ["< .001", "< .001", ".001", ".050", "1.000", "–"]
    assert [p_is(value) for value in values] == ["p < .001", "p < .001", "p = .001", "p = .050", "p = 1.000", "p –"]
