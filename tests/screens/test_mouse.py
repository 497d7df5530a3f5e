"""The same journeys by mouse alone: whatever is clicked on is found by what stands on the screen."""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.outcomes.outcomes import Outcome
from engine.store.annotations import stored_annotations
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes

Click = Callable[..., Awaitable[None]]


@pytest.fixture
def click_on(settle: Any, screen_text: Any) -> Click:
    """Click on the first place where some words stand, or the last."""

    async def click(pilot: Any, words: str, *, last: bool = False, times: int = 1, left_of: int = 999) -> None:
        for _ in range(times):
            lines = screen_text(pilot.app).splitlines()
            found = [(line.index(words), y) for y, line in enumerate(lines) if words in line[:left_of]]
            assert found, f"{words!r} is not on the screen:\n" + "\n".join(lines)
            await pilot.click(offset=found[-1 if last else 0])
            await settle(pilot)

    return click


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_from_the_rankings_to_a_token_and_away_with_a_csv(
    garden: Path, keep_tokens, make_app, settle, screen_text, click_on, size, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    keep_tokens(garden, "moss-200k")
    app = make_app(garden, start="run")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await click_on(pilot, "3 Rankings")
        await click_on(pilot, "candidate")
        assert "candidate↓" in screen_text(app)
        await click_on(pilot, "moss-200k")
        assert "moss-200k" in screen_text(app).split("candidate↓")[1]
        await click_on(pilot, "x take away", last=True)
        await click_on(pilot, "enter accept")
        await click_on(pilot, " moss-200k", left_of=50)
        assert app.current_mode == "failures"
        await click_on(pilot, "fails")
        assert "fails↓" in screen_text(app)
        await click_on(pilot, "◆ Compliance")
        assert "in Compliance" in screen_text(app)
        await click_on(pilot, "✗ Keeps to")
        assert "1 of " in screen_text(app)
        await click_on(pilot, "n next", last=True)
        assert "2 of " in screen_text(app)
        await click_on(pilot, "t tokens", last=True)
        assert "likelihood by token" in screen_text(app)
        await click_on(pilot, "@ where it turns", last=True)
        await click_on(pilot, "esc back", last=True)
        await click_on(pilot, "f flag", last=True)
        assert "⚑ flagged" in screen_text(app)
        await click_on(pilot, "y copy", last=True)
        await click_on(pilot, "criteria")
        assert "[violated]" in app.clipboard
        await click_on(pilot, "esc back", last=True)
        assert app.screen.query_one("#pairs").cursor == 1
        await click_on(pilot, "q quit", last=True)
    assert app.return_code == 0
    rows = list(csv.DictReader((tmp_path / "rude-tui-out" / "rankings.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["candidate"] for row in rows} == {"oak-7m", "birch-3m", "alder-1m", "moss-200k"}
    store = Store(garden)
    with store.reading() as connection:
        suite = connection.execute("select suite_hash from suites").fetchone()[0]
    assert [one.note for found in stored_annotations(store, suite).values() for one in found] == [""]


@pytest.mark.long
async def test_two_rows_are_compared(garden, make_app, settle, screen_text, click_on) -> None:
    app = make_app(garden)
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await click_on(pilot, "space mark", last=True)
        await click_on(pilot, "alder-1m   ")
        await click_on(pilot, "space mark", last=True)
        await click_on(pilot, "c compare", last=True)
        assert "B  alder-1m" in screen_text(app)
        await click_on(pilot, "▲ Format")
        await click_on(pilot, "▲ Format")
        assert "1 pair on which they differ in " in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "▸ alder-1m" in screen_text(app)
        assert "▲ Format" in screen_text(app)


@pytest.mark.long
async def test_a_point_is_picked_and_left_out(garden, make_app, settle, screen_text, click_on) -> None:
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        await click_on(pilot, "O source", last=True)
        lines = screen_text(app).splitlines()
        y = next(y for y, line in enumerate(lines) if "● Gemma3-4B" in line)
        await pilot.click(offset=(lines[y].index("● Gemma3-4B"), y))
        await settle(pilot)
        assert "Gemma3-4B  x" in screen_text(app)
        await click_on(pilot, "l leave out", last=True)
        assert "○ Gemma3-4B" in screen_text(app)
        await click_on(pilot, "X x axis", last=True)
        await click_on(pilot, "MMLU", last=True)
        assert "against MMLU" in screen_text(app)


@pytest.mark.long
async def test_a_predictor_of_the_league_is_put_on_the_x_axis(garden, make_app, settle, screen_text, click_on) -> None:
    names = ("moss-200k", "alder-1m", "birch-3m", "oak-7m")
    add_outcomes(Store(garden), [Outcome(name, "sft", 0.1 * n * n, 0.0, "") for n, name in enumerate(names)])
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(160, 60)) as pilot:
        await settle(pilot)
        before = app.screen.state.data.predictor
        other = next(r.predictor for r in app.screen.state.rivals if r.predictor != before)
        await click_on(pilot, f"  {other[:12]}", last=True)
        assert app.screen.state.data.predictor == other
        assert f"against {other}" in screen_text(app)
        assert f"▸ {other[:12]}" in screen_text(app)


@pytest.mark.long
async def test_what_finds_no_room_at_the_foot_is_in_the_palette(
    garden, make_app, settle, screen_text, click_on
) -> None:
    app = make_app(garden)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "o order" not in screen_text(app)
        await click_on(pilot, "^p more", last=True)
        assert "Search for commands" in screen_text(app)
        await pilot.press(*"do: order")
        await settle(pilot)
        await click_on(pilot, "do: order", last=True)
        assert "Sort by" in screen_text(app)
        await click_on(pilot, "esc cancel")
        assert "Sort by" not in screen_text(app)
