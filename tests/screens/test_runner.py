"""The runner: one plan at a time, every change told, errors said and not lost."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

import engine.jobs.job
from engine.jobs.progress import Phase, RunState
from rubrics.errors import StoreError
from screens.run.queue import live_cells, summary
from screens.run.runner import Runner
from screens.shell.live import Live

STATE = RunState(key="r1", candidate="oak-7m", suite="garden", protocol="choice", total=40)
PLAN: Any = SimpleNamespace(refused=(("broken", "is cut short", "fetch it again"),), runs=(), request=None, asked=None)


def _run(monkeypatch: pytest.MonkeyPatch, perform: Any) -> tuple[Runner, list[Live]]:
    monkeypatch.setattr(engine.jobs.job, "perform", perform)
    told: list[Live] = []
    runner = Runner(told.append)
    runner.start(None, PLAN)  # type: ignore[arg-type]
    return runner, told


def test_a_run_is_told_from_start_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def perform(
        store: Any, plan: Any, progress: Any, cancel: threading.Event, pause: threading.Event, **_: Any
    ) -> None:
        progress.started((STATE,))
        progress.advanced(replace(STATE, phase=Phase.SCORING, done=20))
        progress.advanced(replace(STATE, phase=Phase.SCORING, done=30))
        end = replace(STATE, phase=Phase.DONE, done=40)
        progress.advanced(end)
        progress.finished((end,))

    runner, told = _run(monkeypatch, perform)
    assert runner.wait(120)
    last = told[-1]
    assert not last.running
    assert last.share == 1
    text = "\n".join(last.log)
    assert "broken: left out, is cut short" in text
    assert "oak-7m · garden · choice: scoring" in text
    assert text.count("scoring") == 1, "a phase is said once"
    assert "done, 40 of 40 pairs" in text


def test_cancel_reaches_the_work_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def perform(
        store: Any, plan: Any, progress: Any, cancel: threading.Event, pause: threading.Event, **_: Any
    ) -> None:
        progress.started((STATE,))
        begun.set()
        assert cancel.wait(120)
        progress.finished((replace(STATE, phase=Phase.CANCELLED),))

    runner, told = _run(monkeypatch, perform)
    assert begun.wait(120)
    runner.cancel()
    assert runner.wait(120)
    assert any("stopping" in line for line in told[-1].log)
    assert told[-1].states[0].phase is Phase.CANCELLED


@pytest.mark.parametrize(
    ("error", "said"),
    [(StoreError("is read-only", fix="make it writable"), "is read-only"), (KeyError("odd"), "KeyError")],
)
def test_an_error_is_said(monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    def perform(*_: Any, **__: Any) -> None:
        raise error

    runner, told = _run(monkeypatch, perform)
    assert runner.wait(120)
    assert said in told[-1].error
    assert not told[-1].running


def test_a_second_start_waits_for_the_first_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    calls = []

    def perform(*_: Any, **__: Any) -> None:
        calls.append(1)
        gate.wait(120)

    runner, _ = _run(monkeypatch, perform)
    runner.start(None, PLAN)  # type: ignore[arg-type]
    gate.set()
    assert runner.wait(120)
    assert calls == [1]


def test_cells_and_summary_say_how_it_stands() -> None:
    state = replace(
        STATE, phase=Phase.SCORING, done=10, judged=10, right=7.5, pairs_per_second=12.34, tokens_per_second=4321,
        eta_seconds=65, memory_bytes=1_200_000_000,
    )  # fmt: skip
    cells = {key: text.plain for key, text in live_cells(state, lambda name: "white").items()}
    assert cells["phase"] == "▶ scoring"
    assert cells["pairs"] == "10/40"
    assert cells["right"] == "75.0"
    assert cells["eta"] == "1 m 05 s"
    assert cells["memory"] == "1.2 GB"
    empty = replace(STATE, phase=Phase.DONE, total=0, skipped=40)
    assert live_cells(empty, lambda name: "white")["phase"].plain == "✗ none scored"
    partly = replace(empty, total=3, done=3)
    assert live_cells(partly, lambda name: "white")["phase"].plain == "✓ done"
    lines = summary(Live((state,), True)).splitlines()
    assert lines[0] == "0 of 1 run ended · 25 % of all pairs"
    assert "12.3 pairs/s" in lines[1]
    assert "Nothing is being scored" in summary(Live())
