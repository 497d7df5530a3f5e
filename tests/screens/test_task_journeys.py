"""What a form leads to: typed by keys, checked where it stands, done by the engine."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from rich.text import Text
from textual import events
from textual.widgets import Input
from waiting import until

from engine.store.connection import Store
from engine.store.outcomes import stored_outcomes
from screens.shell.dialogs import Confirm, Read
from screens.shell.fields import Field, Prepared
from screens.shell.form import Form
from screens.tasks.catalogue import TASKS
from screens.tasks.opening import open_task


def _type(app, name: str, text: str) -> None:
    line = app.screen.query_one(f"#field-{name}", Input)
    line.value = text
    line.cursor_position = len(text)


@pytest.mark.long
async def test_outcomes_are_added_in_the_app_and_shown(garden, make_app, settle, screen_text, tmp_path: Path) -> None:
    scores = tmp_path / "scores of mine.csv"
    scores.write_text(
        "candidate,outcome,score\noak-7m,rl,0.9\nbirch-3m,rl,0.7\nalder-1m,rl,0.5\nmoss-200k,rl,0.4\nmoos,rl,0.1\n"
    )
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("a")
        await pilot.press("enter")
        await until(pilot, lambda: "✗ nothing was typed" in screen_text(app))
        _type(app, "files", str(tmp_path / "sco"))
        await pilot.press("tab")
        await until(pilot, lambda: app.screen.query_one("#field-files", Input).value == str(scores))
        await pilot.press("down", *"oak=ash", "enter")
        await until(pilot, lambda: "'oak' is in no file" in screen_text(app))
        assert app.focused.id == "field-names"
        _type(app, "names", "")
        await pilot.press("enter")
        await until(pilot, lambda: "5 scores of 1 outcome stored: rl" in screen_text(app))
        assert "! moos is no candidate here" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        await until(pilot, lambda: "own outcomes · rl · against" in screen_text(app))
    assert {(o.candidate, o.score) for o in stored_outcomes(Store(garden))} == {
        ("oak-7m", 0.9), ("birch-3m", 0.7), ("alder-1m", 0.5), ("moss-200k", 0.4), ("moos", 0.1),
    }  # fmt: skip


async def test_a_choice_and_what_it_is_about_have_the_row_s_room(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        field = Field("of", "Of", "what the scorer is fitted on", choices=("the ladder that ships", "these"))
        app.push_screen(Form("Try", [field], lambda typed: Prepared("Sure?")))
        await pilot.pause()
        assert "◂ the ladder that ships ▸  what the scorer is fitted on" in screen_text(app)


async def test_what_a_field_is_for_is_said_also_once_something_stands_in_it(
    garden, make_app, settle, screen_text
) -> None:
    app = make_app(garden)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        field = Field("shots", "Shots", "exemplars before each pair", value="3")
        app.push_screen(Form("Try", [field], lambda typed: Prepared("Sure?"), about="What a try is for."))
        await pilot.pause()
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, Read))
        shown = screen_text(app)
        assert "What a try is for." in shown
        assert "Shots: exemplars before each pair" in shown
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Form))
        assert app.screen.values() == {"shots": "3"}


async def test_a_form_that_ends_below_something_else_closes_with_it_and_nothing_more(
    garden, make_app, settle, screen_text
) -> None:
    """Whoever is told something while a form works gets back to where the form was opened."""
    go = threading.Event()

    def act() -> str:
        go.wait()
        return "all is done"

    app = make_app(garden)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        place, came = app.screen, []
        form = Form("Try", [Field("name", "Name")], lambda typed: Prepared("Sure?", act), ask="Begin?")
        app.push_screen(form, came.append)
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "Begin?" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: "working…" in screen_text(app))
        app.push_screen(Read("News", Text("something else")))
        await until(pilot, lambda: "something else" in screen_text(app))
        go.set()
        await until(pilot, lambda: not form.loader.busy)
        assert app.screen_stack[-2] is form
        await pilot.press("escape")
        await until(pilot, lambda: bool(came))
        await settle(pilot)
        assert app.screen is place
    assert [done.said for done in came] == ["all is done"]


async def test_keys_that_come_faster_than_they_are_answered_keep_their_order(garden, make_app, settle) -> None:
    app = make_app(garden, start="correlation")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        fields = (Field("name", "Name", value="old"), Field("file", "File", kind="path", value="/old"))
        app.push_screen(Form("Try", fields, lambda typed: Prepared()))
        await settle(pilot)
        for name in ("name", "file"):
            line = app.screen.query_one(f"#field-{name}", Input)
            line.focus()
            await settle(pilot)
            for key in ("end", "ctrl+u", "n", "o", "backspace", "e", "w"):
                app.post_message(events.Key(key, key if len(key) == 1 else None))
            await settle(pilot)
            assert line.value == "new"
        app.screen.query_one("#field-name", Input).focus()
        await settle(pilot)
        for key in ("end", "ctrl+u", "a", "b", "down", "ctrl+u", "c", "up", "d"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await settle(pilot)
        assert isinstance(app.screen, Form)
        assert app.screen.values() == {"name": "abd", "file": "c"}


async def test_an_enter_struck_twice_is_no_yes_to_a_question_that_nobody_has_read(
    garden, make_app, settle, monkeypatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(Confirm, "READ", 0.3)
    monkeypatch.setattr("screens.shell.dialogs.monotonic", lambda: now[0])
    answers: list[object] = []
    app = make_app(garden)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        form = Form("Do it", (Field("word", "Word"),), lambda typed: Prepared("This takes a week.", said="done"))
        app.push_screen(form, answers.append)
        await pilot.press("a", "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        now[0] += 0.2
        await pilot.press("enter", "y")
        await settle(pilot)
        assert isinstance(app.screen, Confirm)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is form)
        assert form.values() == {"word": "a"}
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        now[0] += 0.3
        await pilot.press("enter")
        await until(pilot, lambda: bool(answers))


@pytest.mark.parametrize("name", ["trial", "write-traces"])
async def test_a_server_that_nobody_has_named_is_asked_for(garden, make_app, settle, screen_text, name) -> None:
    app = make_app(garden)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        open_task(app, TASKS[name])
        await settle(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "✗ nothing was typed" in screen_text(app))


async def test_the_help_of_a_form_lists_what_there_is_to_choose_from(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        open_task(app, TASKS["trial"])
        await settle(pilot)
        await pilot.press("f1")
        await settle(pilot)
        assert "Schema: no · yes – ask the server to hold answers to a schema" in screen_text(app)
