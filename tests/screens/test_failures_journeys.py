"""Failures by keys: sorted, searched, read beside the list, and taken away."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from taking import rows_of, take_away
from waiting import until

from rubrics.errors import StoreError
from screens.failures.preview import read_preview


@pytest.mark.long
async def test_failures_leave_as_they_are_shown(garden, make_app, settle, tmp_path) -> None:
    app = make_app(garden, start="failures")
    target = tmp_path / "failures.csv"
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"c-logic", "enter")
        await settle(pilot)
        shown = app.screen.query_one("#pairs").count
        await take_away(pilot, settle, target)
    rows = rows_of(target)
    assert 0 < len(rows) == shown
    assert {row["candidate"] for row in rows} == {"oak-7m"}
    assert all("c-logic" in row["violated"] for row in rows)


@pytest.mark.long
async def test_failures_are_sorted_either_way(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.session.subject = "moss-200k"
        await pilot.press("f5")
        await settle(pilot)
        assert "margin↓" in screen_text(app)
        await pilot.press("o", "down", "enter")
        await settle(pilot)
        most = [pair.failed_by for pair in app.screen.state.shown]
        assert most == sorted(most, reverse=True)
        assert most[0] > most[-1]
        await pilot.press("o")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "fails↑" in screen_text(app)
        assert [pair.failed_by for pair in app.screen.state.shown] == sorted(most)


async def test_the_pair_under_the_cursor_can_be_read_beside_the_list(
    garden: Path, make_app, settle, screen_text
) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        first = screen_text(app)
        assert "Plan week" in first
        assert "✓ First water the beds." in first
        await pilot.press("down")
        await settle(pilot)
        assert "Plan week" in screen_text(app)
        assert screen_text(app).splitlines()[-12:] != first.splitlines()[-12:]
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "✓ First water the beds." not in screen_text(app)


@pytest.mark.long
async def test_what_was_searched_for_is_seen_on_a_narrow_screen(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"garden-0", "enter")
        await settle(pilot)
        (heading,) = (line for line in screen_text(app).splitlines() if "with “garden" in line)
        assert heading.rstrip().endswith("…")


@pytest.mark.long
async def test_a_search_that_cannot_read_says_so_and_finds_what_is_at_hand(
    garden, make_app, settle, screen_text, monkeypatch
) -> None:
    def unread(*_: object) -> None:
        raise StoreError("is held by another program", where="rude.duckdb", fix="try again")

    monkeypatch.setattr("engine.results.search.find_text", unread)
    app = make_app(garden, start="failures")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"garden-00", "enter")
        await settle(pilot)
        assert "is held by another program" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "searching" not in screen_text(app)
        assert "with “garden-00”" in screen_text(app)


async def test_a_group_is_said_whole_where_the_list_is_narrow(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("b", "down", "down", "down", "enter")
        await settle(pilot)
        assert screen_text(app).splitlines()[-2].strip().startswith("▾ failed by")


async def test_a_search_that_takes_long_is_said_to_go_on(garden, make_app, settle, screen_text, monkeypatch) -> None:
    let = threading.Event()

    def slow(*_: object) -> frozenset[str]:
        let.wait(60)
        return frozenset()

    monkeypatch.setattr("engine.results.search.find_text", slow)
    app = make_app(garden, start="failures")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"garden-00", "enter")
        await until(pilot, lambda: "searching…" in screen_text(app))
        let.set()
        await settle(pilot)
        assert "searching" not in screen_text(app)
        assert "with “garden-00”" in screen_text(app)


async def test_a_search_reads_the_first_pair_with_its_answer_and_no_earlier_one_comes_over_it(
    garden, make_app, settle, screen_text, monkeypatch
) -> None:
    app = make_app(garden, start="failures")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        let, held = threading.Event(), []

        def slow(*asked: object) -> object:
            held.append(asked)
            let.wait(60)
            return read_preview(*asked)

        monkeypatch.setattr("screens.failures.screen.read_preview", slow)
        await pilot.press("down")
        await until(pilot, lambda: bool(held))
        last = app.screen.state.failures.everything[-1].pair_id
        await pilot.press("slash", *last, "enter")
        await until(pilot, lambda: app.screen.query_one("#pairs").count == 1)
        shown = screen_text(app)
        let.set()
        await settle(pilot)
        assert len(held) == 1
        assert screen_text(app) == shown
        assert app.screen.state.shown[0].pair_id == last
