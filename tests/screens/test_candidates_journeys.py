"""Candidates by keys and by mouse: marked, watched, and what is wrong said with the way out."""

from __future__ import annotations

import json
import shutil
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from serving import serving
from textual.widgets import DataTable, Input
from waiting import until

from data.bundled import bundled_models
from engine.candidates.address import ServedAs
from engine.jobs import looking
from engine.jobs.inside import inside
from engine.scoring.work import look as look_in_worker
from rubrics.errors import CandidateError
from rude_tui.settings import load_settings
from screens.candidates.state import add_folder, invert, look, mark_all
from screens.run.state import RunChoices
from screens.shell.form import Form


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with one good model and one that cannot be scored."""
    good = bundled_models()[0]
    shutil.copytree(good, tmp_path / "models" / "good [bold]")
    broken = tmp_path / "models" / "no-tokenizer"
    shutil.copytree(good, broken)
    for file in broken.glob("tokenizer*"):
        file.unlink()
    return tmp_path / "models"


def test_a_folder_without_models_is_told_and_the_rest_is_found(shelf: Path, tmp_path: Path) -> None:
    inventory = look([str(shelf), str(tmp_path / "gone")])
    names = {entry.candidate.name: entry for entry in inventory.entries}
    assert names["good [bold]"].usable
    assert not names["no-tokenizer"].usable
    assert names["no-tokenizer"].origin == str(shelf)
    (gone,) = inventory.problems
    assert (gone.path, gone.what) == (str(tmp_path / "gone"), "no such folder")
    assert gone.fix
    listed = [getattr(row, "origin", "") for row in inventory.rows()]
    own = listed.index("")
    assert set(listed[:own]) == {str(shelf)}, "a person's own candidates, then what is none, then all others"
    assert "bundled" in listed[own:]
    assert "bundled" not in [getattr(row, "origin", "") for row in inventory.rows(without_bundled=True)]
    assert add_folder([str(shelf)], str(shelf)) == [str(shelf)]
    with pytest.raises(CandidateError, match="no such folder"):
        add_folder([], str(tmp_path / "nowhere"))
    assert add_folder([], str(tmp_path)) == [str(tmp_path)]


def test_all_are_marked_or_none_and_marks_change_over(shelf: Path) -> None:
    rows = look([str(shelf)]).rows()
    good = str(shelf / "good [bold]")
    usable = {row.path for row in rows if row.usable}
    marks = {good: "good [bold]"}
    mark_all(marks, rows)
    assert marks.keys() == usable
    mark_all(marks, rows)
    assert not marks
    mark_all(marks, rows)
    del marks[good]
    invert(marks, rows)
    assert list(marks) == [good]


@pytest.mark.long
async def test_what_only_the_model_libraries_tell_is_shown_once_it_is_known(
    garden, make_app, settle, screen_text, shelf, monkeypatch
) -> None:
    """The table is there at once; what a run would refuse is found out by another process meanwhile."""
    go, looked_at = threading.Event(), looking.looked_at
    monkeypatch.setattr(looking, "looked_at", lambda *given, **how: go.wait() and looked_at(*given, **how))
    config = shelf / "good [bold]" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"is_causal": False}))
    app = make_app(garden, start="candidates", folders=(str(shelf),))
    async with app.run_test(size=(120, 36)) as pilot:
        try:
            await until(pilot, lambda: "held against the model libraries" in screen_text(app))
            assert "good [bold]" in screen_text(app)
        finally:
            go.set()
        await until(pilot, lambda: "held against" not in screen_text(app))
        entries = [entry.candidate.name for entry in app.screen.inventory.entries]
        app.screen.query_one(DataTable).move_cursor(row=entries.index("good [bold]"))
        await until(pilot, lambda: "✗ it is no causal language" in screen_text(app))
        await pilot.press("space")
        assert not app.session.marked_models


@pytest.mark.long
async def test_a_watched_folder_is_kept_shown_and_dropped(
    garden, make_app, settle, screen_text, shelf, tmp_path
) -> None:
    kept: dict[str, Any] = {}
    app = make_app(garden, start="candidates", folders=(str(tmp_path / "gone"),))
    app.session.remember = lambda name, value: kept.update({name: list(value)})
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "✗ 1 folder without a model" in screen_text(app)
        shown = " ".join(screen_text(app).split())
        assert "✗ no model" in shown
        assert "✗ no such folder" in shown
        assert "d stops watching the folder" in shown
        await pilot.press("a")
        await pilot.pause()
        app.screen.query_one(Input).value = str(shelf)
        await pilot.press("enter")
        await settle(pilot)
        text = screen_text(app)
        assert "good [bold]" in text
        assert "✗ no tokenizer" in text
        assert kept["folders"] == [str(tmp_path / "gone"), str(shelf)]
        table = app.screen.query_one(DataTable)
        rows = [line for line in text.split("\n") if "no-tokenizer" in line]
        table.move_cursor(row=[entry.candidate.name for entry in app.screen.inventory.entries].index("no-tokenizer"))
        await settle(pilot)
        assert rows
        assert "→" in screen_text(app), "the way out"
        await pilot.press("space")
        assert not app.session.marked_models
        await pilot.press("y")
        assert "no-tokenizer" in app.clipboard
        await pilot.press("down", "d", "enter")
        await settle(pilot)
        assert kept["folders"] == [str(shelf)]
        assert "without a model" not in screen_text(app)


@pytest.mark.long
async def test_what_a_damaged_file_hides_is_not_called_nothing(garden, make_app, settle, screen_text, tmp_path) -> None:
    shutil.copytree(bundled_models()[0], tmp_path / "models" / "cut")
    weights = tmp_path / "models" / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    app = make_app(garden, start="candidates", folders=(str(tmp_path / "models"),))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        table = app.screen.query_one(DataTable)
        table.move_cursor(row=[entry.candidate.name for entry in app.screen.inventory.entries].index("cut"))
        await settle(pilot)
        text = screen_text(app)
        assert "unknown parameters" in text
        row = next(line for line in text.split("\n") if "✗ truncated" in line)
        assert "0 B" not in row


@pytest.mark.long
async def test_by_mouse_alone(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="candidates")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.click(DataTable, offset=(6, 2))
        await pilot.click(DataTable, offset=(6, 2))
        await settle(pilot)
        assert len(app.session.marked_models) == 1
        lines = screen_text(app).rstrip("\n").split("\n")
        await pilot.click(offset=(lines[-1].index("r run marked"), len(lines) - 1))
        await settle(pilot)
        assert app.current_mode == "run"
        assert next(iter(app.session.marked_models.values())) in screen_text(app)


@pytest.mark.long
async def test_what_was_marked_is_set_up_wherever_the_run_screen_was_left(garden, make_app, settle) -> None:
    app = make_app(garden, start="run")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("semicolon", "1")
        await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
        assert (app.current_mode, app.screen.pane) == ("run", "setup")
        # Looked at again by its own key, it stands as it was left.
        await pilot.press("semicolon", "1", "2")
        await settle(pilot)
        assert app.screen.pane == "stored"


@pytest.mark.long
async def test_keys_of_lists_move_the_cursor_too(garden, make_app, settle) -> None:
    app = make_app(garden, start="candidates")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        table = app.screen.query_one(DataTable)
        last = table.row_count - 1
        assert last > 1
        for key, row in (("end", last), ("home", 0), ("j", 1), ("k", 0), ("G", last), ("g", 0)):
            await pilot.press(key)
            assert table.cursor_row == row


@pytest.mark.long
async def test_a_served_model_is_added_kept_shown_and_dropped(
    garden, make_app, settle, screen_text, tmp_path, monkeypatch
) -> None:
    """By keys: the form, the table, the next time, the end."""
    monkeypatch.setenv("RUDE_TUI_CONFIG", str(tmp_path))
    monkeypatch.setattr(looking, "looked_at", partial(looking.looked_at, runner=inside(look_in_worker)))
    with serving(bundled_models()[0], root="./cand", name="cand-7") as server:
        app = make_app(garden, start="candidates")
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "held against" not in screen_text(app))
            await pilot.press("less_than_sign", *server.address, "enter")
            await until(pilot, lambda: "there is no tokenizer for it" in screen_text(app))
            # The form stays, with what was typed.
            await pilot.press("tab", *str(bundled_models()[0]), "enter")
            await until(pilot, lambda: not isinstance(app.screen, Form))
            await until(pilot, lambda: "cand-7" in screen_text(app) and "held against" not in screen_text(app))
            screen = app.screen
            row = next(i for i, entry in enumerate(screen.inventory.entries) if entry.candidate.served)
            screen.query_one(DataTable).move_cursor(row=row)
            await until(pilot, lambda: server.address in screen_text(app))
            assert "fits as served by vllm 0.32.0" in screen_text(app)
            await pilot.press("space")
            assert list(app.session.marked_models) == [server.address]
        assert load_settings().served == (ServedAs(server.address, str(bundled_models()[0]), ""),)
        assert RunChoices().request([server.address], ["core"], app.session.served).served == load_settings().served
    app = make_app(garden, start="candidates", served=load_settings().served)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "✗ unreachable" in screen_text(app))
        await pilot.press("d", "enter")
        await until(pilot, lambda: "cand-7" not in screen_text(app))
    assert load_settings().served == ()


async def test_what_is_wrong_with_a_server_is_said_where_it_was_typed_and_nothing_typed_is_lost(
    garden, make_app, settle, screen_text
) -> None:
    app = make_app(garden, start="candidates")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("less_than_sign")
        await settle(pilot)
        app.screen.query_one("#field-tokenizer", Input).value = "somewhere"
        await pilot.press("enter")
        await settle(pilot)
        assert "→ give http://HOST:PORT/v1#NAME" in screen_text(app)
        app.screen.query_one("#field-address", Input).value = "http://127.0.0.1:1/v1"
        await pilot.press("enter")
        await settle(pilot)
        assert "✗" in screen_text(app)
        assert app.screen.query_one("#field-address", Input).has_focus
        assert app.screen.query_one("#field-tokenizer", Input).value == "somewhere"
        assert app.session.served == []
