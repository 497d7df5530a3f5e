"""The console: completion, answers, and what it refuses."""

from __future__ import annotations

import json

import pytest
from textual import events
from textual.widgets import Input

from engine.store.asking import SqlAnswer
from rude_tui.clipboard import copied_words
from screens.sql.screen import SqlScreen
from screens.sql.state import SqlState, complete, lines_of

NAMES = {"leaderboard": ["rank", "candidate"], "verdicts": ["candidate", "per_byte"], "runs": ["run_id"]}


def test_the_last_word_is_made_whole() -> None:
    assert complete("sel", NAMES) == "select"
    assert complete("select * from lea", NAMES) == "select * from leaderboard"
    assert complete("from verdicts where per", NAMES) == "from verdicts where per_byte"
    assert complete("from verdicts where ra", NAMES) is None
    assert complete("select ", NAMES) is None
    assert complete("from runs", NAMES) is None
    tables = {**NAMES, "candidates": ["path"]}
    assert complete("select candidate", tables) is None
    assert complete("from verdicts group by cand", tables) == "from verdicts group by candidate"
    assert complete("from verdicts join cand", tables) == "from verdicts join candidates"


def test_rows_stand_under_their_names_in_cells_not_characters() -> None:
    answer = SqlAnswer(
        {"name": "VARCHAR", "n": "BIGINT", "x": "DOUBLE"}, [("模型", 7, None), ("a\nb", 12, 0.25)], False, 0.1
    )
    head, lines = lines_of(answer)
    assert head == " name   n  x"
    assert lines_of(SqlAnswer({"n": "BIGINT"}, [(7,), (12,)], False, 0.1))[1] == ["  7", " 12"]
    assert lines == [" 模型   7  –", " a⏎b   12  0.25"]


def test_what_was_asked_before_comes_back() -> None:
    state = SqlState()
    for sql in ("select 1", "select 2", "select 2"):
        state.take(sql, SqlAnswer({}, [], False, 0.0))
    assert [state.before(1) for _ in range(3)] == ["select 2", "select 1", "select 1"]
    assert [state.before(-1) for _ in range(3)] == ["select 2", "", ""]


@pytest.mark.long
async def test_a_question_is_completed_answered_and_taken_away(garden, make_app, settle, screen_text, tmp_path) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await pilot.press("colon")
        await settle(pilot)
        assert isinstance(app.screen, SqlScreen)
        line = app.screen.query_one(Input)
        line.value = "select candidate, count(*) as n from verd"
        line.cursor_position = len(line.value)
        await pilot.pause()
        await pilot.press("tab")
        await settle(pilot)
        assert line.has_focus
        assert line.value.endswith("from verdicts")
        line.value += " group by candidate order by cand"
        line.cursor_position = len(line.value)
        await pilot.pause()
        await pilot.press("right")
        await settle(pilot)
        assert line.value.endswith("order by candidate")
        await pilot.press("enter")
        await settle(pilot)
        text = screen_text(app)
        assert "4 rows in" in text
        assert "alder-1m   80" in text
        await pilot.press("tab", "x")
        await pilot.pause()
        app.screen.query_one(Input).value = str(tmp_path / "out")
        await pilot.press("enter")
        await settle(pilot)
        assert (tmp_path / "out" / "answer.csv").read_text().splitlines()[:2] == ["candidate,n", "alder-1m,80"]
        assert "alder-1m   80" in (tmp_path / "out" / "answer.md").read_text()
        manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())["files"]
        assert {entry["how"]["sql"] for entry in manifest} == {line.value}
        await pilot.press("tab", "up")
        line.value = "drop view verdicts"
        await pilot.press("enter")
        await settle(pilot)
        assert "✗" in screen_text(app)
        # No answer stands below a question that it does not answer, and what was asked comes back.
        assert "alder-1m   80" not in screen_text(app)
        await pilot.press("ctrl+u", "up")
        assert line.value == "drop view verdicts"
        line.value = "select * from read_csv('/a/file/of/a/rather/long/name/that/is/nowhere/to/be/found.csv')"
        await pilot.press("enter")
        await settle(pilot)
        assert "…" not in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert app.current_mode == "rankings"


@pytest.mark.long
async def test_pasted_lines_are_joined_and_ctrl_q_leaves_from_a_dialog(garden, make_app, settle) -> None:
    app = make_app(garden)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await pilot.press("slash")
        await settle(pilot)
        app.post_message(events.Paste("oak\n  7m\n\n"))
        await settle(pilot)
        assert app.screen.query_one(Input).value == "oak 7m"
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert app.return_code == 0


def test_only_a_copy_that_was_taken_is_called_one() -> None:
    assert copied_words("xclip") == "Copied (xclip)"
    assert "Copied" not in copied_words("")


@pytest.mark.long
@pytest.mark.parametrize("keys", [["6"], ["2"], ["1"], ["enter", "enter"], ["end", "c"], ["M"]])
async def test_every_screen_can_be_taken_away(garden, make_app, settle, tmp_path, keys) -> None:
    app = make_app(garden)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        await pilot.press("x")
        await pilot.pause()
        app.screen.query_one(Input).value = str(tmp_path / "out")
        await pilot.press("enter")
        await settle(pilot)
        kinds = {path.suffix for path in (tmp_path / "out").iterdir()}
        assert {".md", ".svg", ".json"} <= kinds
        (text,) = (tmp_path / "out").glob("*.md")
        assert len(text.read_text().splitlines()) > 5
