"""Intervals drawn in cells keep their promises."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from screens.shell.bars import Axis, axis_for, axis_line, gauge, interval_bar, level, scale_line

shares = st.floats(0, 1)


@given(st.tuples(shares, shares, shares), st.sampled_from([0.25, 0.5]), st.integers(8, 60))
def test_a_bar_is_as_wide_as_its_axis_and_marks_value_and_ends(
    three: tuple[float, float, float], chance: float, width: int
) -> None:
    low, value, high = sorted(three)
    axis = axis_for([low, value, high], chance, width)
    bar = interval_bar(axis, value, low, high, chance, colour="red", faint="white").plain
    assert len(bar) == width
    at, marks = axis.cell(chance), [cell for cell, mark in enumerate(bar) if mark in "├●┤"]
    if low <= chance <= high:
        assert bar[at] in "┼●"
        assert bar[axis.cell(value)] == "●"
    else:
        assert bar[at] == "┊", "an interval that keeps clear of chance is seen to"
        assert all((cell > at) is (low > chance) for cell in marks)
    assert axis.low <= min(low, chance) + 1e-6
    assert axis.high >= max(high, chance) - 1e-6


def test_a_bar_reads() -> None:
    bar = interval_bar(Axis(0, 1, 21), 0.8, 0.6, 0.9, 0.5, colour="red", faint="white").plain
    assert bar == "          ┊━├━━━●─┤  "


def test_a_missing_value_leaves_only_the_chance_line() -> None:
    bar = interval_bar(Axis(0, 1, 11), math.nan, math.nan, math.nan, 0.5, colour="red", faint="white").plain
    assert bar == "     ┊     "


def test_axis_line_names_its_ends() -> None:
    assert axis_line(Axis(0.3, 1.0, 15), 0.5) == "30  ┊       100"


@given(shares, st.integers(1, 40))
def test_a_gauge_is_as_long_as_asked(share: float, width: int) -> None:
    assert len(gauge(share, width)) == width


def test_gauge_and_level_at_their_ends() -> None:
    assert gauge(0, 4) == "    "
    assert gauge(1, 4) == "████"
    assert level(0, 0, 1) == "▁"
    assert level(1, 0, 1) == "█"
    assert level(math.nan, 0, 1) == " "


@given(st.floats(-5, 5), st.integers(3, 61))
def test_a_scale_has_zero_in_its_middle(value: float, width: int) -> None:
    line = scale_line([(value, "◆", "")], 5, width, faint="white").plain
    assert len(line) % 2 == 1
    place = line.index("◆")
    assert (place - len(line) // 2) * value >= 0
