"""Wordings in the app: the table, and what it says where there is one wording alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.results.board import Question
from engine.results.wordings import Reworded, turn_words, wording_table
from engine.store.connection import Store
from screens.wordings.state import WordingColumns


@pytest.mark.parametrize("room", [60, 80, 120, 200])
@pytest.mark.parametrize("wordings", [2, 5, 20])
@pytest.mark.parametrize("names", [4, 16, 40])
def test_a_line_fits(room: int, wordings: int, names: int) -> None:
    columns = WordingColumns.fitting(room, names, wordings, first=19)
    assert columns.first + columns.count <= wordings
    assert 40 + columns.name + 13 * columns.count <= max(room, 40 + 8 + 13)
    assert columns.of(tuple(map(str, range(wordings))))[0] == str(columns.first)


def test_the_span_is_over_wordings() -> None:
    row = Reworded("ash", (0.5, 0.75, 0.25), (1, 1, 2))
    assert (row.low, row.high) == (0.25, 0.75)


@pytest.mark.long
async def test_from_the_rankings_and_back(tmp_path: Path, fill, garden_suite, make_app, settle, screen_text) -> None:
    store = Store(tmp_path / "rude.duckdb")
    fill(store, garden_suite)
    fill(store, garden_suite, wording="quiz")
    app = make_app(store.path, start="rankings")
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await pilot.press("W")
        await settle(pilot)
        text = screen_text(app)
        table = wording_table(store, Question())
        for row in table.rows:
            (line,) = (line for line in text.splitlines() if row.candidate in line and "(" in line)
            assert f"{100 * row.values[0]:.1f} ({row.ranks[0]})" in line
            assert line.endswith(f"{100 * row.values[1]:.1f} ({row.ranks[1]})")
        assert turn_words(table)[:60] in text
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen.TITLE == "Rankings"


async def test_one_wording_says_what_to_do(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="rankings")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("W")
        await settle(pilot)
        assert "scored in one wording alone" in screen_text(app)
