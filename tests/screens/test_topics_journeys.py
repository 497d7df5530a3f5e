"""Abilities by topic by keys: the numbers of the engine, other splits and responses, and what cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.results.board import Question, load_board
from engine.results.topic_abilities import said_of, topic_abilities
from engine.store.connection import Store
from screens.topics.state import TopicsState, Window


@pytest.mark.parametrize("room", [60, 79, 120, 199])
@pytest.mark.parametrize("candidates", [3, 12])
@pytest.mark.parametrize("columns", [3, 5, 13])
def test_a_line_fits(room: int, candidates: int, columns: int) -> None:
    for column in range(columns):
        window = Window.fitting(room, [4, *[40] * (candidates - 1)], columns, column, skip=2)
        assert window.first <= column < window.first + window.count <= columns
        assert 2 + window.name + window.width * window.count <= room
        assert window.width > len("+0.41▲(1–3)" if candidates < 10 else "+0.41▲(10–12)")


def test_the_splits_and_responses_go_round() -> None:
    state = TopicsState(column=3)
    seen = []
    for _ in range(3):
        state.next_grouping()
        seen.append(state.by)
    assert seen == ["subcategory", "domain", "category"]
    assert state.column == 0
    state.next_response()
    assert state.response == "margins"


@pytest.mark.long
async def test_from_the_rankings_and_back(garden: Path, make_app, settle, screen_text) -> None:
    board = load_board(Store(garden), Question())
    app = make_app(garden, start="rankings")
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await pilot.press("I")
        await settle(pilot)
        for keys, by, response in (
            ((), "category", "wins"), (("tilde",), "category", "margins"), (("b", "b"), "domain", "margins"),
        ):  # fmt: skip
            await pilot.press(*keys)
            await settle(pilot)
            text = screen_text(app)
            found = topic_abilities(board, by=by, response=response)
            assert said_of(found)[0][:60] in text
            for one in found.candidates:
                lines = [line for line in text.splitlines() if line.startswith(f" {one.candidate}")]
                for cell in one.cells[:2]:
                    assert f"{cell.ability:+.2f}".replace("-", "−") in lines[0]
        await pilot.press("F", "right")
        await settle(pilot)
        first, cell = found.candidates[0], found.candidates[0].cells[0]
        text = screen_text(app)
        assert f"{cell.ability:+.2f}±{cell.error:.2f}".replace("-", "−") in text
        assert f"{first.candidate} × {cell.topic}" in text
        assert f"{cell.ci_low:+.2f} to {cell.ci_high:+.2f}".replace("-", "−") in text
        await pilot.press("enter")
        await settle(pilot)
        assert app.screen.TITLE == "Failures"
        assert app.session.subject == first.candidate


async def test_too_few_candidates_are_told_so(
    tmp_path: Path, fill, garden_suite, make_app, settle, screen_text
) -> None:
    store = Store(tmp_path / "rude.duckdb")
    fill(store, garden_suite, candidates=(("oak-7m", 7_000_000, 0.0), ("birch-3m", 3_100_000, 1.2)))
    app = make_app(store.path, start="rankings")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("I")
        await settle(pilot)
        assert "2 candidates cannot show abilities" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen.TITLE == "Rankings"
