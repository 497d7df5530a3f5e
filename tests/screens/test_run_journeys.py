"""From a marked candidate to a finished run, by keys and by mouse; one of them scores for real."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, TabbedContent
from waiting import until

import engine.jobs.job
from data.bundled import bundled_models
from engine.jobs.progress import Phase, RunState
from engine.posttrain.job import plan_post_training
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.posttrain import add_step, close_posttrain, open_posttrain
from engine.store.runs import Status, stored_runs
from rubrics.reading import find_suite, write_suite
from screens.run.planned import PlanPane
from screens.run.stored import StoredPane


@pytest.mark.long
async def test_a_real_run_is_planned_paused_stopped_and_taken_up_again(
    tmp_path: Path, make_app, settle, screen_text, workers
) -> None:
    path = tmp_path / "new.duckdb"
    app = make_app(path, start="run")
    model = bundled_models()[0]
    app.session.marked_models[str(model)] = model.name
    app.session.marked_suites.append("world")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("tab", "down", "space", "F", "Q")
        await until(pilot, lambda: "unknown until" in screen_text(app))
        assert "1 run · 480 pairs to score" in screen_text(app)
        assert "time unknown until the first batches" in screen_text(app)
        assert "likelihood" in screen_text(app)
        await pilot.press("s")

        def state() -> RunState:
            return app.live.states[0]

        await until(pilot, lambda: bool(app.live.states) and state().judged > 0)
        # It stands still while keys are pressed, or it might be done first.
        workers()[0].suspend()
        await pilot.press("z")
        workers()[0].resume()
        await until(pilot, lambda: state().phase is Phase.PAUSED)
        done = state().done
        assert 0 < done < 480
        await pilot.pause(0.4)
        assert state().done == done, "nothing is scored in a pause"
        text = screen_text(app)
        assert "‖ paused" in text
        assert "z goes on, Z stops" in text
        assert "ends in" in text
        await pilot.press("z")
        await until(pilot, lambda: state().done > done)
        workers()[0].suspend()
        await pilot.press("Z")
        await until(pilot, lambda: not app.runner.running and state().phase is Phase.CANCELLED)
        await until(pilot, lambda: "R takes up what stopped" in screen_text(app))
        kept = stored_runs(Store(path))[0].n_scored
        assert done <= kept < 480
        await pilot.press("semicolon")
        await settle(pilot)
        assert "it was stopped" in screen_text(app)
        assert f"{480 - kept} pairs are left" in screen_text(app)
        await pilot.press("right_square_bracket", "R")
        await until(pilot, lambda: not app.runner.running and state().phase is Phase.DONE)
        await settle(pilot)
        assert state().judged == 480 - kept, "only what was missing"
        assert "3 shows the rankings" in screen_text(app)
        await pilot.press("left_square_bracket", "Q")
        await until(pilot, lambda: "everything is scored already" in screen_text(app))
    assert [(run.status, run.n_scored) for run in stored_runs(Store(path))] == [("done", 480)]


STATES = tuple(
    RunState(key=f"r{n}", run_id=f"r{n}", candidate=f"oak-{n}m", suite="garden", protocol="choice", total=40)
    for n in range(3)
)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A run that goes on until it is stopped, and says what it was told."""
    told: list[str] = []

    def perform(store: Any, plan: Any, progress: Any, cancel: Any, pause: Any, **_: Any) -> None:
        progress.started(STATES)
        scoring = replace(STATES[1], phase=Phase.SCORING, judged=10, done=10, right=7.0, seconds=1, tokens_per_second=9)
        progress.advanced(scoring)
        while not cancel.is_set():
            if pause.is_set():
                told.append("paused")
                progress.advanced(replace(scoring, phase=Phase.PAUSED))
                while pause.is_set() and not cancel.wait(0.005):
                    pass
                told.append("went on")
                progress.advanced(scoring)
            cancel.wait(0.005)
        told.append("stopped")
        progress.finished(tuple(replace(state, phase=Phase.CANCELLED) for state in STATES))

    monkeypatch.setattr(engine.jobs.job, "perform", perform)
    return told


def _plan() -> Any:
    runs = (SimpleNamespace(left=1, run_id="x", suite=_suite()),)
    return SimpleNamespace(
        runs=runs, states=STATES, refused=(), left_out=(), request=None, asked=None, left_elsewhere=lambda _: []
    )


def _suite() -> Any:
    return SimpleNamespace(hash="h", scored=())


async def _begun(pilot: Pilot[Any], app: Any, screen_text: Callable[[Any], str]) -> None:
    """Start a plan and wait until it goes."""
    app.screen.begin(_plan())
    await until(pilot, lambda: "▶ scoring" in screen_text(app))


async def _click_key(pilot: Pilot[Any], text: str, label: str) -> None:
    """Click on a key of the bottom line, as a person would."""
    lines = text.rstrip("\n").split("\n")
    await pilot.click(offset=(lines[-1].index(label) + 1, len(lines) - 1))


@pytest.mark.long
async def test_pause_go_on_and_stop_by_mouse_alone(garden, make_app, settle, screen_text, worker) -> None:
    app = make_app(garden, start="run")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await _begun(pilot, app, screen_text)
        await _click_key(pilot, screen_text(app), "z pause")
        await until(pilot, lambda: worker == ["paused"])
        await until(pilot, lambda: "z go on" in screen_text(app))
        assert "‖ 0%" in screen_text(app) or "‖ 8%" in screen_text(app)
        await _click_key(pilot, screen_text(app), "z go on")
        await until(pilot, lambda: worker == ["paused", "went on"])
        await until(pilot, lambda: "Z stop" in screen_text(app))
        await _click_key(pilot, screen_text(app), "Z stop")
        await until(pilot, lambda: worker[-1] == "stopped" and "■ cancelled" in screen_text(app))
        await pilot.click("#--content-tab-stored")
        await settle(pilot)
        assert app.screen.query_one(TabbedContent).active == "stored"
        assert "✓ done" in screen_text(app)


async def test_what_is_marked_starts_with_one_key_and_is_shown_going(
    garden, make_app, settle, monkeypatch, worker
) -> None:
    monkeypatch.setattr("screens.run.planned.make_plan", lambda store, request: _plan())
    monkeypatch.setattr("screens.run.planned.expect", lambda store, plan: [])
    app = make_app(garden, start="run")
    app.session.marked_models["/models/oak-7m"] = "oak-7m"
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("s")
        await until(pilot, lambda: app.runner.running)
        await settle(pilot)
        assert app.screen.query_one(TabbedContent).active == "live"
        assert app.focused is app.screen.query_one("#queue")
        app.runner.cancel()
        assert app.runner.wait(120)


@pytest.mark.long
async def test_the_cursor_follows_the_work_and_curves_follow_the_cursor(
    garden, make_app, settle, screen_text, worker
) -> None:
    app = make_app(garden, start="run")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await _begun(pilot, app, screen_text)
        assert app.screen.query_one("#queue", DataTable).cursor_row == 1
        await pilot.press("down")
        await pilot.pause()
        assert "appears with the first pairs" in screen_text(app)
        await pilot.press("y")
        assert "3 runs in the queue" in app.clipboard
        app.runner.cancel()
        assert app.runner.wait(120)


@pytest.mark.long
async def test_the_log_follows_after_a_resize(garden, make_app, settle, screen_text, worker) -> None:
    app = make_app(garden, start="run")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await _begun(pilot, app, screen_text)
        for _ in range(12):
            app.runner.toggle_pause()
        await until(pilot, lambda: "going on" in screen_text(app))
        for size in ((80, 20), (120, 36)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        app.runner.cancel()
        await until(pilot, lambda: "all runs have ended" in screen_text(app))


@pytest.mark.long
async def test_why_a_run_failed_is_read_beside_it(garden, make_app, settle, screen_text, monkeypatch) -> None:
    def perform(store: Any, plan: Any, progress: Any, cancel: Any, pause: Any, **_: Any) -> None:
        failed = replace(STATES[0], phase=Phase.FAILED, error="its weights are damaged\n→ download them again")
        progress.started((failed,))
        progress.advanced(failed)
        progress.finished((failed,))

    monkeypatch.setattr(engine.jobs.job, "perform", perform)
    app = make_app(garden, start="run")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.screen.begin(_plan())
        await until(pilot, lambda: "✗ failed" in screen_text(app) and not app.runner.running)
        assert "1 of 1 run failed; 2 and ; say why" in [told.message for told in app._notifications]
        # Two lines here; in the log it is one.
        assert re.search(r"✗ its weights are damaged *\n.*→ download them again", screen_text(app))


@pytest.mark.long
async def test_only_what_is_not_done_is_taken_up(garden, make_app, settle, screen_text) -> None:
    store = Store(garden)
    with store.writing() as connection:
        connection.execute("update runs set status = 'cancelled' where run_id = 'oak-7m-choice-run'")
    app = make_app(garden, start="run")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("semicolon")
        await settle(pilot)
        offered = set()
        for _ in stored_runs(store):
            text = screen_text(app)
            run = app.screen.query_one(StoredPane).current
            assert ("R resume" in text.splitlines()[-1]) is (run.status == "cancelled")
            offered.add(str(run.status))
            await pilot.press("down")
            await settle(pilot)
        assert offered == {"done", "cancelled"}


@pytest.mark.long
async def test_headings_of_a_plan_stand_over_their_columns(
    garden, make_app, settle, screen_text, monkeypatch, tmp_path
) -> None:
    shutil.copytree(bundled_models()[0], tmp_path / "m1")
    app = make_app(garden, start="run")
    app.session.marked_models[str(tmp_path / "m1")] = "m1"
    app.session.marked_suites.append("world")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("Q")
        await until(pilot, lambda: "m1 likelihood" in " ".join(screen_text(app).split()))
        lines = screen_text(app).splitlines()
        (heading,) = [line for line in lines if "protocol " in line]
        row = next(line for line in lines if "· m1" in line)
        assert heading.index("protocol") == row.index("likelihood")
        assert heading.index("left") + len("left") == row.index("480") + len("480")
        await pilot.press("Q")
        await settle(pilot)


@pytest.mark.long
async def test_a_plan_holds_as_long_as_the_same_is_marked(garden, make_app, settle, monkeypatch) -> None:
    monkeypatch.setattr("screens.run.planned.make_plan", lambda store, request: _plan())
    monkeypatch.setattr("screens.run.planned.expect", lambda store, plan: [])
    app = make_app(garden, start="run")
    app.session.marked_models["/models/oak-7m"] = "oak-7m"
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("Q")
        await settle(pilot)
        pane = app.screen.query_one(PlanPane)
        await pilot.press("6", "2")
        await settle(pilot)
        assert pane.plan is not None
        await pilot.press("6")
        app.session.marked_models["/models/birch-3m"] = "birch-3m"
        await pilot.press("2")
        await settle(pilot)
        assert pane.plan is None
        await pilot.press("Q")
        await settle(pilot)
        assert pane.plan is not None
        await pilot.press("6")
        app.session.store_path.touch()
        await pilot.press("2")
        await settle(pilot)
        assert pane.plan is None, "something was stored since"


@pytest.mark.long
async def test_a_plan_no_longer_holds_once_a_choice_changes(garden, make_app, settle, screen_text, monkeypatch) -> None:
    monkeypatch.setattr("screens.run.planned.make_plan", lambda store, request: _plan())
    monkeypatch.setattr("screens.run.planned.expect", lambda store, plan: [])
    app = make_app(garden, start="run")
    app.session.marked_models["/models/oak"] = "oak"
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for key in ("minus", "t", "F", "exclamation_mark", "space"):
            await pilot.press("Q")
            await settle(pilot)
            assert app.screen.query_one(PlanPane).plan is not None
            if key == "space":
                app.screen.query_one("#suites").focus()
            await pilot.press(key)
            await settle(pilot)
            assert app.screen.query_one(PlanPane).plan is None
        await pilot.press("number_sign")
        await pilot.pause()
        app.screen.query_one(Input).value = "many"
        await pilot.press("enter")
        await settle(pilot)
        assert "#  pairs        all" in screen_text(app)


@pytest.mark.long
async def test_a_suite_file_is_offered_for_good_and_a_missing_one_is_not(
    garden, make_app, settle, screen_text, tmp_path
) -> None:
    kept: dict[str, Any] = {}
    app = make_app(garden, start="run")
    app.session.remember = kept.__setitem__
    own, broken = tmp_path / "own.jsonl", tmp_path / "broken.jsonl"
    write_suite(own, find_suite("world").scored[:2])
    broken.write_text("{}\n", encoding="utf-8")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for name, wrong in ((tmp_path / "gone.jsonl", "no such suite"), (broken, "line 1"), (own, "")):
            await pilot.press("a")
            await pilot.pause()
            app.screen.query_one(Input).value = str(name)
            await pilot.press("enter")
            await settle(pilot)
            if wrong:
                await until(pilot, lambda wrong=wrong: wrong in screen_text(app))
                await pilot.press("escape")
        await until(pilot, lambda: bool(kept))
        assert kept == {"suites": [str(own)]}
        assert str(own) in app.session.marked_suites
        await pilot.press("6")
        await settle(pilot)
        assert "own" in screen_text(app)
        assert "broken" not in screen_text(app)


@pytest.mark.long
async def test_post_training_of_another_process_is_followed_and_taken_up(
    garden, make_app, settle, screen_text, monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr("screens.run.stored._LOOK", 0.05)
    store, recipe = Store(garden), tmp_path / "r.toml"
    recipe.write_text('name = "mine"\n[tasks]\ntrain = ["capitals"]\ntest = ["loud-sign"]\n', encoding="utf-8")
    model = bundled_models()[0]
    job = plan_post_training(store, [str(model)], "world", recipe, seeds=[3], device="cpu", folder=tmp_path / "out")
    one = job.planned[0]
    save_candidate(store, one.candidate, one.run.weights_hash)
    taken: list[Any] = []

    def train(store: Store, job: Any, progress: Any, *_: object, **__: object) -> None:
        taken.extend(job.planned)
        state = RunState("k", model.name, "world", "training #3", phase=Phase.TRAINING, done=7, total=180)
        progress.started((state,))

    monkeypatch.setattr("engine.jobs.job.perform", train)
    app = make_app(garden, start="run")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("semicolon")
        await settle(pilot)
        assert "⏎ open" not in screen_text(app)
        open_posttrain(store, one.run)
        await until(pilot, lambda: "▶ started" in screen_text(app))
        assert "training" in screen_text(app)
        assert "0/180" in screen_text(app)
        add_step(store, one.run.run_id, "rl", 12, {"reward": 0.25})
        await until(pilot, lambda: "12/180" in screen_text(app))
        assert "rl: step 12, reward 0.250" in screen_text(app)
        close_posttrain(store, one.run.run_id, Status.CANCELLED)
        await until(pilot, lambda: "■ cancelled" in screen_text(app))
        assert "168 steps are left" in screen_text(app)
        await pilot.press("R")
        await until(pilot, lambda: "of all steps" in screen_text(app))
        assert [again.run.run_id for again in taken] == [one.run.run_id]
        await until(pilot, lambda: "7/180" in screen_text(app))


async def test_what_another_process_scores_is_said_where_nothing_goes_on_here(
    garden, make_app, settle, screen_text, monkeypatch
) -> None:
    at_work = {"oak-7m"}
    monkeypatch.setattr("screens.run.stored.is_elsewhere", lambda run: run.candidate in at_work)
    monkeypatch.setattr("screens.run.stored._LOOK", 0.05)
    app = make_app(garden, start="run")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "Another process is at work: 2 runs." in screen_text(app))
        assert "Nothing is being scored" not in screen_text(app)
        at_work.clear()
        app.session.store_path.touch()
        await until(pilot, lambda: "Nothing is being scored" in screen_text(app))
