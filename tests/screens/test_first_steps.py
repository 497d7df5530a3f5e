"""From an empty database to a decision, and from a run that was left to its end: by keys, with nothing read."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input
from waiting import until

from data.bundled import bundled_models
from engine.export.recommendation_words import headline
from engine.store.connection import Store
from engine.store.runs import stored_runs
from rubrics.reading import find_suite, write_suite
from rude_tui.app import RudeApp
from rude_tui.settings import Settings
from screens.first_steps.state import nothing_yet
from screens.shell.session import Session


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Two models of one's own, and a folder that is none."""
    shelf = tmp_path / "my models"
    for model in bundled_models()[:2]:
        shutil.copytree(model, shelf / f"my-{model.name}")
    return shelf


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of one's own."""
    path = tmp_path / "my suite.jsonl"
    write_suite(path, find_suite("world").scored[:24])
    return path


def _new(tmp_path: Path) -> RudeApp:
    app = RudeApp(Session(store_path=tmp_path / "new.duckdb"), Settings(), welcome=True)
    app.animation_level = "none"
    return app


class _Presses:
    """Keys as a person presses them, counted; what is typed into a line is not."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self._pilot, self.count = pilot, 0

    async def press(self, *keys: str) -> None:
        self.count += len(keys)
        await self._pilot.press(*keys)

    async def type(self, text: str) -> None:
        """A path: its beginning, then Tab, which counts."""
        line = self._pilot.app.screen.query_one(Input)
        line.value = text
        line.cursor_position = len(text)
        await self.press("tab")


async def test_the_first_steps_can_be_left_and_name_what_is_wrong(tmp_path, settle, screen_text, shelf) -> None:
    (tmp_path / "empty").mkdir()
    app = _new(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "step 1 of 3" in screen_text(app))
        line = app.screen.query_one(Input)
        line.value = str(tmp_path / "nowhere")
        await pilot.press("enter")
        await until(pilot, lambda: "✗ no such folder" in screen_text(app))
        line.value = str(tmp_path / "empty")
        await pilot.press("enter")
        await until(pilot, lambda: "✗ no model found in" in " ".join(screen_text(app).split()))
        assert "→ a model folder holds" in " ".join(screen_text(app).split())
        await pilot.press("escape")
        await settle(pilot)
        assert "step 1" not in screen_text(app)
        await pilot.press("1")
        await settle(pilot)
        assert "candidates" in screen_text(app)
    assert not app.session.folders


def test_they_are_offered_only_where_nothing_was_begun(tmp_path: Path, garden: Path) -> None:
    assert nothing_yet(Session(store_path=tmp_path / "new.duckdb"))
    assert not nothing_yet(Session(store_path=tmp_path / "new.duckdb", folders=["/models"]))
    assert not nothing_yet(Session(store_path=tmp_path / "new.duckdb", suite_files=["mine.jsonl"]))
    assert not nothing_yet(Session(store_path=garden))


@pytest.mark.long
async def test_from_nothing_to_a_decision_in_twelve_keys(tmp_path, settle, screen_text, shelf, suite) -> None:
    app = _new(tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "step 1 of 3" in screen_text(app))
        keys = _Presses(pilot)
        await keys.type(str(tmp_path / "my m"))
        await until(pilot, lambda: app.screen.query_one(Input).value == f"{shelf}/")
        await keys.press("enter")
        await until(pilot, lambda: "2 candidates found, 2 can be scored" in screen_text(app))
        await keys.press("enter")
        await until(pilot, lambda: "step 2 of 3" in screen_text(app))
        await keys.type(str(tmp_path / "my s"))
        await until(pilot, lambda: app.screen.query_one(Input).value == str(suite))
        await keys.press("enter")
        await until(pilot, lambda: "s starts" in screen_text(app) and "pairs to score" in screen_text(app))
        await keys.press("s")
        await until(pilot, lambda: bool(app.live.states) and not app.runner.running)
        await keys.press("3")
        await until(pilot, lambda: bool(app.screen.query("#advice")) and app.screen.state.standings is not None)
        said = headline(app.screen.state.standings.advice)
        await until(pilot, lambda: said in " ".join(screen_text(app).split()))
        assert keys.count <= 12
    runs = [run for run in stored_runs(Store(tmp_path / "new.duckdb")) if run.prompt == "own"]
    assert {(run.candidate, run.suite, run.protocol) for run in runs} == {
        (f"my-{model.name}", "my suite", protocol)
        for model in bundled_models()[:2]
        for protocol in ("choice", "likelihood")
    }
    assert all(run.status == "done" for run in runs)


@pytest.mark.long
async def test_a_run_that_was_left_goes_on_is_found_and_can_be_stopped(
    tmp_path, make_app, settle, screen_text, workers
) -> None:
    path, model = tmp_path / "new.duckdb", bundled_models()[0]
    store = Store(path)
    app = make_app(path, start="run")
    app.session.marked_models[str(model)] = model.name
    app.session.marked_suites.append("world")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("s")
        await until(pilot, lambda: bool(app.live.states) and app.live.states[0].judged > 0)
        workers()[0].suspend()
        await pilot.press("q")
        await until(pilot, lambda: "b go on in the background" in screen_text(app))
        await pilot.press("escape")
        await pilot.pause()
        assert app.runner.running
        await pilot.press("q", "b")
        await pilot.pause()
    assert app.return_value == 0
    assert app.runner.wait(120)
    before = {run.run_id: run.n_scored for run in stored_runs(store)}
    left = app.runner.go_on_without(store)
    later = RudeApp(Session(store_path=path), Settings(), start_screen="run", welcome=True)
    later.animation_level = "none"
    async with later.run_test(size=(120, 36)) as pilot:
        await pilot.press("semicolon")
        await until(pilot, lambda: f"process {left.process.pid} is at work on it" in screen_text(later))
        await until(pilot, lambda: "Z stop" in screen_text(later).splitlines()[-1])
        await pilot.press("Z")
        await until(pilot, lambda: left.process.poll() is not None)
        await until(pilot, lambda: "R resume" in screen_text(later).splitlines()[-1])
    assert {state["phase"] for state in left.ended().states} >= {"cancelled"}
    after = {run.run_id: run.n_scored for run in stored_runs(store)}
    assert all(after[run] >= scored for run, scored in before.items())
    assert all(run.status != "started" for run in stored_runs(store))
