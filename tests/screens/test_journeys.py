"""What every place has in common, by keys alone, on a real database."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from engine.outcomes.outcomes import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from screens.shell.live import Live
from screens.shell.navigation import Navigation


@pytest.mark.long
async def test_a_long_list_is_narrowed_by_typing(garden, make_app, settle, screen_text) -> None:
    store = Store(garden)
    add_outcomes(store, [Outcome(name, "sft", 0.1 * i, 0.0, "") for i, name in enumerate(("oak-7m", "birch-3m"))])
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("X")
        await settle(pilot)
        assert "type to narrow" in screen_text(app)
        await pilot.press(*"bits per")
        await settle(pilot)
        assert "NLL" not in screen_text(app).split("axis")[1].split("type to narrow")[0]
        await pilot.press("enter")
        await settle(pilot)
        assert "sft · against bits per byte" in screen_text(app)
        assert "no correlation: two points" in screen_text(app)


@pytest.mark.long
async def test_every_place_by_digit_and_by_mouse(garden, make_app, settle) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for key, mode in zip(
            ["1", "2", "4", "5", "3"], ["candidates", "run", "correlation", "failures", "rankings"], strict=True
        ):
            await pilot.press(key)
            await settle(pilot)
            assert app.current_mode == mode
        await pilot.press("5")
        await settle(pilot)
        assert app.current_mode == "failures"
        await pilot.click("Navigation", offset=(16, 0))
        await settle(pilot)
        assert app.current_mode == "candidates"


@pytest.mark.long
@pytest.mark.parametrize(("title", "word"), [("Scoring", "scoring"), ("Post-training", "at work")])
async def test_only_scoring_is_called_that_at_the_top(garden, make_app, settle, screen_text, title, word) -> None:
    app = make_app(garden)
    async with app.run_test(size=(140, 30)) as pilot:
        await settle(pilot)
        app.screen.query_one(Navigation).show(Live((), running=True, title=title))
        await pilot.pause()
        assert screen_text(app).split("\n")[0].rstrip().endswith(f"● {word} 0%")


@pytest.mark.long
async def test_help_and_palette_know_the_screen(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for key in ("f1", "question_mark"):
            await pilot.press(key)
            await pilot.pause()
            text = screen_text(app)
            assert "Rankings – help" in text
            assert "esc close" in text
            await pilot.press("y")
            await pilot.pause()
            assert "compare two marked rows" in app.clipboard
            await pilot.press("escape")
        names = {command.title for command in app.get_system_commands(app.screen)}
        assert {"go: Failures", "theme: rude-light", "do: take away", "quit: leave"} <= names


@pytest.mark.long
async def test_marks_go_from_the_candidates_to_a_plan(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="run")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert "No candidate is marked" in screen_text(app)
        await pilot.press("3")
        await settle(pilot)
        app.session.marked_models["/models/gone"] = "gone"
        await pilot.press("2")
        await settle(pilot)
        await pilot.press("Q")
        await settle(pilot)
        text = screen_text(app)
        assert "no such folder" in text
        await pilot.press("escape", "semicolon")
        await settle(pilot)
        assert "✓ done" in screen_text(app)
        await pilot.press("R")
        await pilot.pause()
        await pilot.press("ctrl+c")
    assert app.return_code == 0


@pytest.mark.long
async def test_crashed_runs_are_offered(garden, make_app, settle, screen_text) -> None:
    store = Store(garden)
    with store.writing() as connection:
        connection.execute(
            "update runs set status = 'started', owner_pid = 999999, owner_started = 1, owner_boot = null, "
            "owner_host = ? where run_id = 'oak-7m-choice-run'",
            [socket.gethostname()],
        )
    app = make_app(garden, start="run")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("semicolon")
        await settle(pilot)
        assert "✗ crashed" in screen_text(app)
        await pilot.press("R")
        await settle(pilot)
        assert "model folder is gone" in " ".join(screen_text(app).split())


@pytest.mark.long
async def test_nothing_stored_says_what_to_do(tmp_path: Path, make_app, settle, screen_text) -> None:
    app = make_app(tmp_path / "new.duckdb")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "Nothing to rank yet" in screen_text(app)
        assert "mark them with space" in screen_text(app)
        assert screen_text(app).splitlines()[-1].split("  ") == [" F1 help", "S suite", "q quit", "^p more"]
        await pilot.press("5")
        await settle(pilot)
        assert screen_text(app).splitlines()[-1].split("  ") == [" F1 help", "S suite", "q quit", "^p more"]
        assert "press 1, mark candidates, r" in " ".join(screen_text(app).split())
        await pilot.press("4")
        await settle(pilot)
        text = screen_text(app)
        assert "ladder of" in text
        assert "against RuDE accuracy" in text
        assert text.count("◉") >= 3  # those that ship; some may lie on one cell, or be a letter
        assert "Pearson" in text
        assert "O source" in text
        await pilot.press("O")
        await settle(pilot)
        assert "published study" in screen_text(app)
        await pilot.press("O")
        await settle(pilot)
        assert "No outcomes of your own yet" in screen_text(app)
        assert {"a add", "F families", "q quit"} <= set(screen_text(app).splitlines()[-1].split("  "))
        await pilot.press("O")
        await settle(pilot)
        assert "ladder of" in screen_text(app)


async def test_a_store_that_cannot_be_read_says_so(tmp_path: Path, make_app, settle, screen_text) -> None:
    file = tmp_path / "not.duckdb"
    file.write_text("this is no database" * 100)
    app = make_app(file)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = screen_text(app)
        assert "✗" in text
        assert "another file" in text
        assert "--db" not in text


@pytest.mark.long
async def test_themes_go_round_and_every_screen_draws_in_each(garden, make_app, settle) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for name in ("rude-light", "rude-contrast", "rude-dark"):
            await pilot.press("ctrl+t")
            await settle(pilot)
            assert app.theme == name
            for key in "12453":
                await pilot.press(key)
                await settle(pilot)
