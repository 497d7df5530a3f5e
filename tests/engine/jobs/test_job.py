"""The one way to do long work, by a kind of job that nobody needs: it sleeps."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

import engine.worker
from engine.jobs.child import Events, Gate
from engine.jobs.inside import inside
from engine.jobs.job import Job, Refused, Turn, WorkerTurn, exit_code, perform
from engine.jobs.process import Runner
from engine.jobs.progress import Phase, RunState
from engine.jobs.states import States
from engine.store.connection import Store
from rubrics.errors import BadInput, Exit, StoreError


# A kind of job is this much: what is asked for, one turn, and the work itself.
@dataclass(frozen=True)
class Sleep(Job):
    naps: Mapping[str, int]
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        return tuple(RunState(name, name, "night", "sleep", total=naps) for name, naps in self.naps.items())

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        return (SleepTurn([name], states) for name in self.naps)


class SleepTurn(WorkerTurn):
    def message(self) -> AbstractContextManager[dict[str, Any]]:
        return nullcontext({"kind": "sleep", "naps": self.states[self.keys[0]].total})


def sleep(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    if message["naps"] == 0:
        raise BadInput("no naps were asked for", fix="ask for one")
    for nap in range(message["naps"]):
        events.send("advanced", changes={"done": nap + 1})
        gate.wait("scoring")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Runner:
    """The worker, with one more kind of work, in this process."""
    module = ModuleType("sleeping")
    module.sleep = sleep  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(engine.worker.WORK, "sleep", "sleeping:sleep")

    def work(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        class Unwrapped:
            def send(self, event: str, **fields: Any) -> None:
                if event == "fatal":
                    raise BadInput.of_json(fields)
                if event != "bye":
                    events.send(event, **fields)

        engine.worker.work(message, Unwrapped(), gate)

    return inside(work)


class Seen:
    def __init__(self) -> None:
        self.states: list[RunState] = []
        self.ended: tuple[RunState, ...] = ()

    def started(self, states: tuple[RunState, ...]) -> None:
        self.states += states

    def advanced(self, state: RunState) -> None:
        self.states.append(state)

    def finished(self, states: tuple[RunState, ...]) -> None:
        self.ended = states


def test_turns_are_done_one_after_another(store: Store, here: Runner) -> None:
    seen = Seen()
    states = perform(store, Sleep({"ash": 3, "elm": 2}), seen, runner=here)
    assert [(state.candidate, state.phase, state.done) for state in states] == [
        ("ash", Phase.DONE, 3), ("elm", Phase.DONE, 2),
    ]  # fmt: skip
    assert seen.ended == states
    assert [state.candidate for state in seen.states if state.phase is Phase.DONE] == ["ash", "elm"]
    assert exit_code(states) is Exit.DONE


def test_one_that_fails_leaves_the_rest(store: Store, here: Runner) -> None:
    states = perform(store, Sleep({"ash": 0, "elm": 1}), runner=here)
    assert [(state.phase, state.bad_input) for state in states] == [(Phase.FAILED, True), (Phase.DONE, False)]
    assert states[0].error == "no naps were asked for\n  → ask for one"


def test_cancelled_before_and_in_the_middle(store: Store, here: Runner) -> None:
    cancel = threading.Event()
    cancel.set()
    assert {state.phase for state in perform(store, Sleep({"ash": 1}), cancel=cancel, runner=here)} == {Phase.CANCELLED}
    cancel.clear()

    class Impatient(Seen):
        def advanced(self, state: RunState) -> None:
            cancel.set()

    states = perform(store, Sleep({"ash": 10_000_000, "elm": 1}), Impatient(), cancel, runner=here)
    assert [state.phase for state in states] == [Phase.CANCELLED] * 2
    assert 0 < states[0].done < states[0].total


def test_paused_it_waits_and_goes_on(store: Store, here: Runner) -> None:
    pause = threading.Event()
    pause.set()
    seen = Seen()
    done: list[tuple[RunState, ...]] = []
    thread = threading.Thread(
        target=lambda: done.append(perform(store, Sleep({"ash": 2}), seen, pause=pause, runner=here))
    )
    thread.start()
    while not any(state.phase is Phase.PAUSED for state in seen.states):
        time.sleep(0.001)
    assert not done
    pause.clear()
    thread.join(60)
    assert done[0][0].phase is Phase.DONE


def test_a_store_that_cannot_be_written_ends_the_whole_job(store: Store, here: Runner) -> None:
    class Full(Sleep):
        def turns(self, store: Store, states: States) -> Iterator[Turn]:
            raise StoreError("the disk is full")

    seen = Seen()
    with pytest.raises(StoreError):
        perform(store, Full({"ash": 1, "elm": 1}), seen, runner=here)
    assert [(state.phase, state.error) for state in seen.ended] == [(Phase.FAILED, "the disk is full")] * 2


@pytest.mark.long
def test_a_worker_knows_no_kind_that_is_not_in_its_table(store: Store) -> None:
    with pytest.raises(KeyError):
        engine.worker.WORK["sleep"]
    (state,) = perform(store, Sleep({"ash": 1}))
    assert state.phase is Phase.FAILED
    assert "sleep" in state.error


@pytest.mark.parametrize(
    ("phases", "bad", "refused", "code"),
    [
        ([Phase.DONE, Phase.UP_TO_DATE], False, 0, Exit.DONE),
        ([Phase.DONE, Phase.CANCELLED], False, 0, Exit.INTERRUPTED),
        ([Phase.DONE, Phase.FAILED], False, 0, Exit.FAILED),
        ([Phase.DONE, Phase.FAILED], True, 0, Exit.FAILED),
        ([Phase.FAILED, Phase.FAILED], True, 0, Exit.BAD_INPUT),
        ([Phase.REFUSED, Phase.REFUSED], False, 0, Exit.BAD_INPUT),
        ([Phase.REFUSED, Phase.FAILED], False, 0, Exit.FAILED),
        ([Phase.REFUSED, Phase.DONE], False, 0, Exit.SOME_SKIPPED),
        ([Phase.REFUSED, Phase.CANCELLED], False, 0, Exit.INTERRUPTED),
        ([Phase.BUSY], False, 0, Exit.SOME_SKIPPED),
        ([Phase.DONE], False, 1, Exit.SOME_SKIPPED),
        ([Phase.CAPPED], False, 0, Exit.FAILED),
    ],
)
def test_exit_codes(phases: list[Phase], bad: bool, refused: int, code: Exit) -> None:
    states = [RunState("k", "m", "s", "p", phase=phase, bad_input=bad) for phase in phases]
    assert exit_code(states, [Refused("m", "no weights", "")] * refused) is code


def test_what_was_made_before_a_cap_counts() -> None:
    assert exit_code([RunState("k", "m", "s", "p", phase=Phase.CAPPED, done=3)]) is Exit.SOME_SKIPPED
