"""Pausing and cancelling: a paused worker sleeps with its pairs kept, and nobody waits for a batch to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.progress import Phase, RunState
from engine.jobs.runs import Plan, RunRequest
from engine.store.connection import Store
from engine.store.runs import Status, stored_runs
from engine.store.verdicts import done_pairs


class Running:
    """One call of `execute` in a thread, and what it told."""

    def __init__(self, store: Store, planned: Plan, *, paused: bool = False) -> None:
        self.seen: list[RunState] = []
        self.times: list[float] = []
        self.news = threading.Condition()
        self.cancel, self.pause = threading.Event(), threading.Event()
        if paused:
            self.pause.set()
        self.ended: tuple[RunState, ...] = ()
        self.thread = threading.Thread(target=self._work, args=(store, planned))
        self.thread.start()

    def _work(self, store: Store, planned: Plan) -> None:
        self.ended = perform(store, planned, self, self.cancel, self.pause)

    def started(self, states: tuple[RunState, ...]) -> None: ...

    def finished(self, states: tuple[RunState, ...]) -> None: ...

    def advanced(self, state: RunState) -> None:
        with self.news:
            self.seen.append(state)
            self.times.append(time.monotonic())
            self.news.notify_all()

    def wait_for(self, true_of: Callable[[RunState], bool], *, after: int = 0) -> int:
        """Place of the first state from `after` on that it is true of."""
        with self.news:
            assert self.news.wait_for(lambda: any(map(true_of, self.seen[after:])), 120)
            return after + next(i for i, state in enumerate(self.seen[after:]) if true_of(state))

    def end(self, seconds: float = 120) -> None:
        self.thread.join(seconds)
        assert not self.thread.is_alive()


def asked(*models: Path, **changes: object) -> RunRequest:
    values = {"limit": None, "threads": 1, "device": "cpu", "precision": "fp32", **changes}
    return RunRequest(tuple(map(str, models)), ("world",), ("likelihood",), **values)  # type: ignore[arg-type]


@pytest.fixture
def running(store: Store, small_model: Path) -> Iterator[Running]:
    one = Running(store, plan(store, asked(small_model)))
    yield one
    one.cancel.set()
    one.end()


def is_paused(state: RunState) -> bool:
    return state.phase is Phase.PAUSED


@pytest.mark.long
def test_a_paused_worker_keeps_its_pairs_uses_no_processor_and_goes_on(store: Store, running: Running, workers) -> None:
    running.wait_for(lambda state: state.judged > 0)
    running.pause.set()
    state = running.seen[running.wait_for(is_paused)]
    assert not state.phase.ended
    (process,) = workers()
    used, told, began = sum(process.cpu_times()[:2]), len(running.seen), time.monotonic()
    time.sleep(0.6)
    assert sum(process.cpu_times()[:2]) - used <= 0.03
    assert running.seen[told:] == []
    assert len(done_pairs(store, state.run_id)) == running.seen[-1].done > 0
    slept = time.monotonic() - began
    running.pause.clear()
    running.wait_for(lambda state: state.phase is Phase.SCORING, after=told)
    running.end()
    end = running.ended[0]
    assert (end.phase, end.done) == (Phase.DONE, end.total)
    assert len(done_pairs(store, end.run_id)) == end.total
    scoring = running.wait_for(lambda state: state.phase is Phase.SCORING)
    # A speed is one of work alone.
    assert end.seconds < running.times[-1] - running.times[scoring] - slept / 2


@pytest.mark.long
def test_a_paused_run_is_cancelled_at_once_and_resumes(store: Store, running: Running, small_model: Path) -> None:
    running.wait_for(lambda state: state.judged > 0)
    running.pause.set()
    running.wait_for(is_paused)
    running.cancel.set()
    running.end()
    assert running.ended[0].phase is Phase.CANCELLED
    assert stored_runs(store)[0].status is Status.CANCELLED
    kept = running.ended[0].done
    rest = perform(store, plan(store, asked(small_model)))[0]
    assert (rest.phase, rest.judged) == (Phase.DONE, rest.total - kept)


@pytest.mark.long
def test_a_worker_killed_while_paused_loses_nothing(store: Store, running: Running, small_model: Path, workers) -> None:
    running.wait_for(lambda state: state.judged > 0)
    running.pause.set()
    running.wait_for(is_paused)
    workers()[0].kill()
    running.end()
    state = running.ended[0]
    assert state.phase is Phase.FAILED
    assert "SIGKILL" in state.error
    assert len(done_pairs(store, state.run_id)) == state.done > 0
    rest = perform(store, plan(store, asked(small_model)))[0]
    assert (rest.phase, rest.judged) == (Phase.DONE, rest.total - state.done)


@pytest.mark.long
def test_no_worker_is_started_while_paused(store: Store, small_model: Path, workers) -> None:
    run = Running(store, plan(store, asked(small_model, limit=4)), paused=True)
    run.wait_for(is_paused)
    assert workers() == []
    run.pause.clear()
    run.end()
    assert run.ended[0].phase is Phase.DONE


@pytest.mark.long
def test_cancelling_waits_for_no_batch_however_busy_the_machine(store: Store, running: Running, workers) -> None:
    running.wait_for(lambda state: state.judged > 0)
    (process,) = workers()
    process.suspend()  # the busiest machine there is: the worker gets no processor at all
    running.cancel.set()
    running.end()
    assert not process.is_running()
    state = running.ended[0]
    assert (state.phase, len(done_pairs(store, state.run_id))) == (Phase.CANCELLED, state.done)
