"""By keys: what is under the cursor is forgotten after a question, and brought back; what was left is asked about."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from waiting import until

import engine.jobs.job
from data.bundled import bundled_models
from engine.annotations.forgetting import Subject, forget, forgotten
from engine.candidates.find import find
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.owners import LeftElsewhere
from engine.store.runs import stored_runs
from engine.store.suites import stored_suites
from screens.construct.screen import ConstructScreen
from screens.shell.dialogs import Choose, Confirm


def candidates(path: Any) -> set[str]:
    return {run.candidate for run in stored_runs(Store(path))}


@pytest.mark.long
async def test_a_candidate_is_forgotten_from_the_rankings_and_brought_back(
    garden, make_app, settle, screen_text
) -> None:
    app = make_app(garden, start="rankings")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await settle(pilot)
        shown = screen_text(app)
        assert "Forget the model oak-7m?" in shown
        assert "1 candidate, 2 runs, 80 verdicts" in shown
        await pilot.press("n")
        await settle(pilot)
        assert len(candidates(garden)) == 4
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: "oak-7m" not in screen_text(app) and "birch-3m" in screen_text(app))
        assert "oak-7m" not in candidates(garden)
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await settle(pilot)
        assert "bring back model oak-7m" in screen_text(app)
        await pilot.press("up", "enter")
        await until(pilot, lambda: not isinstance(app.screen, Choose))
        await settle(pilot)
        assert len(candidates(garden)) == 4
        assert "oak-7m" in screen_text(app)


@pytest.mark.long
async def test_with_nothing_left_to_rank_it_can_still_be_brought_back(garden, make_app, settle, screen_text) -> None:
    (suite,) = stored_suites(Store(garden))
    forget(Store(garden), Subject("suite", suite.suite_hash, suite.name))
    app = make_app(garden, start="rankings")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "Nothing to rank yet" in screen_text(app)
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("enter")
        await until(pilot, lambda: "oak-7m" in screen_text(app))
    assert forgotten(Store(garden)) == []


@pytest.mark.long
async def test_a_stored_run_is_forgotten_by_itself(garden, make_app, settle, screen_text) -> None:
    app = make_app(garden, start="run")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("semicolon")
        await settle(pilot)
        assert "D forget" in screen_text(app)
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await settle(pilot)
        words = " ".join(screen_text(app).split())
        assert all(f"{kind} " in words for kind in ("run", "model", "suite"))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await settle(pilot)
        assert "1 run, 40 verdicts" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Confirm))
        await settle(pilot)
    assert len(stored_runs(Store(garden))) == 7


@pytest.mark.long
async def test_a_suite_and_a_model_are_forgotten_where_they_are_listed(garden, make_app, settle, screen_text) -> None:
    store, folder = Store(garden), bundled_models()[0]
    save_candidate(store, find((str(folder),))[0], "oak-7m-weights")
    app = make_app(garden, start="candidates")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await settle(pilot)
        assert f"model {folder.name} and all" in screen_text(app)
        await pilot.press("escape", "down", "D")
        await settle(pilot)
        assert not isinstance(app.screen, Choose), "nothing is stored of that one"
        await pilot.press("6")
        await settle(pilot)
        await pilot.press("end", "D")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await settle(pilot)
        assert "Forget the suite garden?" in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: not isinstance(app.screen, Confirm))
        await settle(pilot)
    assert stored_suites(Store(garden)) == []
    assert stored_runs(Store(garden)) == []


@pytest.mark.long
async def test_where_there_is_no_construction_the_rest_can_be_brought_back(
    garden, make_app, settle, screen_text
) -> None:
    forget(Store(garden), Subject("model", "oak-7m-weights", "oak-7m"))
    app = make_app(garden, start="suites")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("K")
        await until(pilot, lambda: isinstance(app.screen, ConstructScreen))
        await settle(pilot)
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Choose))
        await settle(pilot)
    assert forgotten(Store(garden)) == []


@pytest.mark.parametrize(("key", "taken"), [("y", True), pytest.param("n", False, marks=pytest.mark.long)])
async def test_what_another_machine_left_is_asked_about(
    garden, make_app, settle, screen_text, monkeypatch, key: str, taken: bool
) -> None:
    told: list[bool] = []

    def perform(*_: Any, take_over: bool, **__: Any) -> None:
        told.append(take_over)

    left: Callable[[Any], list[LeftElsewhere]] = lambda _: [LeftElsewhere("old-lease", "2026-01-02 03:04", 2)]  # noqa: E731
    state = SimpleNamespace(phase=SimpleNamespace(ended=False))
    job = SimpleNamespace(
        states=(state,), runs=(), refused=(), left_out=(), request=None, asked=None, left_elsewhere=left
    )
    monkeypatch.setattr("screens.run.stored.resume", lambda store, run: job)
    monkeypatch.setattr(engine.jobs.job, "perform", perform)
    with Store(garden).writing() as connection:
        connection.execute(
            "update runs set status = 'started', owner_pid = 7, owner_started = 1, owner_host = 'old-lease', "
            "owner_boot = 'other/1'"
        )
    app = make_app(garden, start="run")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("semicolon")
        await settle(pilot)
        assert "if old-lease is gone, R takes it over" in " ".join(screen_text(app).split())
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await settle(pilot)
        assert "Left by old-lease since 2026-01-02 03:04; take it over?" in screen_text(app)
        assert "2 runs." in screen_text(app)
        await pilot.press(key)
        await until(pilot, lambda: bool(told))
    assert told == [taken]
