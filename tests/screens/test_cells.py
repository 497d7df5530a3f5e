"""Lines in cells: cut, filled and shared out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from screens.shell.plain import cells_of, padded
from screens.widgets.cells import beginning_cut, clipped, columns, filled, shared_out, shares

LINES = st.text(alphabet="ab 漢字é́👩", max_size=30)


@given(LINES, st.integers(1, 20))
def test_no_line_takes_more_cells_than_it_is_given(line: str, width: int) -> None:
    assert cell_len(clipped(line, width)) <= width
    assert cell_len(beginning_cut(line, width)) <= width
    assert cell_len(filled(line, width)) == cell_len(filled(line, width, right=True)) == width
    assert cell_len(padded(line, width)) == width
    assert cells_of(line, width) <= width


@pytest.mark.parametrize(
    ("line", "width", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("漢字漢", 4, "漢…"),
        ("漢字", 4, "漢字"),
        ("e\u0301e\u0301", 2, "e\u0301e\u0301"),
        ("abc", 0, ""),
    ],
)
def test_what_is_cut_says_so(line: str, width: int, shown: str) -> None:
    assert clipped(line, width) == shown


def test_of_a_path_the_end_stays() -> None:
    assert beginning_cut("/models/long/name.jsonl", 11) == "…name.jsonl"
    assert beginning_cut("short", 11) == "short"


def test_a_name_gives_way_first_then_the_longest_and_none_is_lost() -> None:
    assert shares([30, 5, 12], 30, 4) == [13, 5, 12]
    assert shares([30, 30], 20, 4) == [10, 10]
    assert shares([30, 30], 2, 4) == [4, 4]
    assert shares([2, 3], 50, 4) == [2, 3]
    assert shares([], 5, 4) == shared_out([], 5) == []
    assert shared_out(["garden", "40 pairs in 10 clusters", "by domain"], 30) == [
        "garden",
        "40 pairs in 10…",
        "by domain",
    ]
    assert shared_out(["a suite of a very long name", "choice", "by domain"], 32) == [
        "a suite of a ver…",
        "choice",
        "by domain",
    ]


def test_columns_take_what_their_headings_want_before_any_takes_air() -> None:
    assert columns([3, 12, 5], 40, 7, 18) == (14, 13, 13)
    assert columns([3, 12, 5], 30, 7, 18) == (9, 13, 8)
    # Where not every heading has its room the widest is cut, down to what a cell needs.
    assert columns([3, 12, 5], 22, 7, 18) == (7, 8, 7)
    assert columns([3, 12, 5], 90, 7, 18) == (18, 18, 18)
    assert columns([30], 90, 7, 18) == (31,)
    assert columns([], 90, 7, 18) == ()


def test_what_stands_whole_is_cut_after_what_is_cut_already() -> None:
    assert shares([8, 12, 11], 23, 4) == [8, 7, 8]
    assert shares([8, 12, 11], 22, 4) == [8, 7, 7]
    assert shares([8, 8], 15, 4) == [7, 8]
