"""Keys can be changed by name, everywhere at once; what was chosen is there the next time."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path

import pytest

from rude_tui.app import RudeApp
from rude_tui.settings import Settings, load_settings, settings_file
from screens.shell.session import Session


def _written() -> None:
    for thread in threading.enumerate():
        if thread.name == "settings":
            thread.join(120)


@pytest.mark.long
async def test_a_key_is_changed_on_every_screen_at_the_foot_and_in_the_help(garden, settle, screen_text) -> None:
    settings = Settings(keys={"export": "ctrl+e", "open": "o,enter", "ties": "T"})
    app = RudeApp(Session(store_path=garden), settings)
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        assert "^e take away" in screen_text(app)
        await pilot.press("x")
        await pilot.pause()
        assert type(app.screen).__name__ == "RankingsScreen"
        await pilot.press("T")
        await settle(pilot)
        assert " ┌ " in screen_text(app)
        await pilot.press("f1")
        await settle(pilot)
        help_text = app.screen._body.plain
        assert any(line.split()[:1] == ["^e"] and line.endswith("(export)") for line in help_text.splitlines())
        assert "[keys] in settings.toml" in help_text
        await pilot.press("escape", "ctrl+e")
        await pilot.pause()
        assert "Take away rankings to" in screen_text(app)
        await pilot.press("escape", "4")
        await settle(pilot)
        await pilot.press("ctrl+e")
        await settle(pilot)
        assert "Take away correlations to" in screen_text(app)


async def test_a_key_name_that_nothing_has_is_said(garden: Path, settle, screen_text) -> None:
    app = RudeApp(Session(store_path=garden), Settings(keys={"exprot": "X", "quit": "Q"}))
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settle(pilot)
        app._look_ahead()
        await settle(pilot)
        text = " ".join(screen_text(app).split())
        assert "no key is named exprot" in text
        assert "quit;" not in text


@pytest.mark.parametrize(
    "module", ["rankings.screen", "comparison.screen", "failures.screen", "pair.screen", "tokens.screen",
               "tokens.token_text",
               "correlation.screen", "widgets.rows", "widgets.scatter"],
)  # fmt: skip
def test_every_key_that_does_something_of_ours_has_a_name(module: str) -> None:
    found = importlib.import_module(f"screens.{module}")
    unnamed = [
        binding.key
        for thing in vars(found).values()
        if isinstance(thing, type) and thing.__module__ == found.__name__
        for binding in thing.__dict__.get("BINDINGS", ())
        if not binding.id
    ]
    assert unnamed == []


async def test_the_place_is_remembered_with_the_comments_kept(garden, settle) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text("# my own words\nplace = 'run'  # here\n", encoding="utf-8")
    app = RudeApp(Session(store_path=garden), load_settings(), start_screen=load_settings().place)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert app.current_mode == "run"
        await pilot.press("5")
        await settle(pilot)
    _written()
    assert load_settings().place == "failures"
    text = settings_file().read_text()
    assert "# my own words" in text
    assert "# here" in text
