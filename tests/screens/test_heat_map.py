"""The map says what the ranking says, and hatches what it does not know."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from rich.text import Text
from taking import rows_of, take_away

from engine.results.board import Question
from engine.results.rankings import RankingTable, rankings
from engine.store.connection import Store
from screens.heat_map.drawing import cell_words, heading, map_line
from screens.heat_map.state import GROUPINGS, HeatMapState, Window

COLOURS = {"surface": "#101010", "good": "#0000ff", "bad": "#ff0000", "chance": "#888888", "foreground": "#ffffff"}


def colour(name: str) -> str:
    return COLOURS.get(name, "#123456")


@pytest.fixture(scope="module")
def table(garden_file: Path) -> RankingTable:
    return rankings(Store(garden_file), Question(by="subcategory"), resamples=200)


def _cells(state: HeatMapState, candidate: str, window: Window) -> list[str]:
    line = map_line(state, candidate, window, colour).plain
    start = window.name + 2
    ends = [start + end for end in accumulate(window.widths)]
    return [line[begin:end] for begin, end in pairwise([start, *ends])]


@pytest.mark.parametrize("intervals", [False, True])
def test_every_cell_has_the_value_of_the_ranking_and_is_hatched_where_chance_is_in_its_interval(
    table: RankingTable, intervals: bool
) -> None:
    state = HeatMapState(intervals=intervals)
    state.take(table)
    window = Window.fitting(300, state.candidates, state.headings, 0, intervals=intervals, skip=0)
    assert len(window.widths) == len(table.scopes) == 13
    hatched = 0
    for candidate in state.candidates:
        for part, cell in zip(state.parts, _cells(state, candidate, window), strict=True):
            row = next(row for row in table.scopes[part].rows if row.candidate == candidate)
            assert f"{row.value * 100:.0f}" in cell
            assert (f"({row.ci_low * 100:.0f}–{row.ci_high * 100:.0f})" in cell) is intervals
            certain = row.ci_low > row.chance or row.ci_high < row.chance
            assert ("░" in cell) is not certain
            assert ("+" in cell) is (certain and row.value > row.chance)
            hatched += not certain
    assert 0 < hatched < 13 * 4


def test_the_deeper_the_colour_the_further_from_chance(table: RankingTable) -> None:
    state = HeatMapState()
    state.take(table)
    window = Window.fitting(300, state.candidates, state.headings[:1], 0, intervals=False, skip=0)
    line = map_line(state, state.candidates[0], window, colour)
    (style,) = [str(span.style) for span in line.spans if " on " in str(span.style)]
    blue = int(style.split(" on ")[1][5:7], 16)
    far = (table.overall.rows[0].value - 0.5) / 0.5
    assert blue == pytest.approx(0x10 + (0xFF - 0x10) * 0.45 * far, abs=2)


@pytest.mark.parametrize("column", range(13))
@pytest.mark.parametrize("room", [40, 79, 120])
def test_the_part_under_the_cursor_is_in_view_whatever_the_room(table: RankingTable, column: int, room: int) -> None:
    state = HeatMapState(column=column)
    state.take(table)
    window = Window.fitting(room, state.candidates, state.headings, column, intervals=False, skip=0)
    assert column in window.shown
    assert Text("".join(text for text, _, _ in heading(state, window, colour))).cell_len <= room + 1
    assert map_line(state, state.candidates[0], window, colour).cell_len <= room + 1
    assert state.parts[column] in cell_words(state, state.candidates[0], colour).plain


def test_groupings_go_round_and_what_nobody_scored_is_a_dash(table: RankingTable) -> None:
    state = HeatMapState()
    for by in (*GROUPINGS[1:], GROUPINGS[0]):
        state.next_grouping()
        assert state.by == by
    state.take(table)
    assert state.row_of("overall", "nobody") is None
    window = Window.fitting(300, ["nobody"], state.headings, 0, intervals=False, skip=0)
    assert all(cell.strip() == "–" for cell in _cells(state, "nobody", window))
    assert "nothing was scored" in cell_words(state, "nobody", colour).plain
    assert not math.isnan(table.overall.rows[0].value)


async def test_it_is_taken_away_by_its_own_name(garden, make_app, settle, tmp_path) -> None:
    app = make_app(garden)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("M")
        await settle(pilot)
        await take_away(pilot, settle, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"heat-map.csv", "heat-map.md", "heat-map-screen.svg", "manifest.json"}
    assert {row["scope"] for row in rows_of(tmp_path / "out" / "heat-map.csv")} >= {"overall", "Format"}
