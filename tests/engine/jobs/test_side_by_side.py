"""Several workers on one machine: they go on at the same time, disturb each other in nothing, and share its memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from waiting import PATIENCE

from data.bundled import bundled_models
from engine.jobs import room as rooms
from engine.jobs.child import Events, Gate
from engine.jobs.inside import inside
from engine.jobs.job import Job, Refused, Turn, WorkerTurn, perform
from engine.jobs.planning import plan
from engine.jobs.process import WorkerProcess
from engine.jobs.progress import Phase, RunState
from engine.jobs.room import Room
from engine.jobs.runs import RunRequest
from engine.jobs.states import States
from engine.machine.devices import Device
from engine.store.connection import Store
from engine.store.runs import stored_runs
from engine.store.verdicts import load_verdicts
from rubrics.errors import RudeError

GB = 1 << 30


@dataclass(frozen=True)
class Together(Job):
    names: tuple[str, ...]
    workers: int = 2
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        return tuple(RunState(name, name, "day", "work", total=3) for name in self.names)

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        raise AssertionError("stages are asked for")

    def stages(self, store: Store, states: States) -> Iterator[Iterable[Turn]]:
        yield (WorkTurn([name], states) for name in self.names)


class WorkTurn(WorkerTurn):
    def message(self) -> AbstractContextManager[dict[str, Any]]:
        return nullcontext({"name": self.keys[0]})


class Meeting:
    """Work that goes on only once so many are at it."""

    def __init__(self, parties: int) -> None:
        self.barrier = threading.Barrier(parties, timeout=PATIENCE)
        self.at = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        with self.lock:
            self.at += 1
            self.most = max(self.most, self.at)
        try:
            self.barrier.wait()
            if message["name"].startswith("bad"):
                raise RudeError("it broke")
            for done in range(3):
                events.send("advanced", changes={"done": done + 1})
                gate.wait("scoring")
        finally:
            with self.lock:
                self.at -= 1


def test_so_many_go_on_at_a_time_and_one_that_fails_does_not_disturb_the_others(store: Store) -> None:
    work = Meeting(2)
    states = perform(store, Together(("ash", "bad elm", "fir", "oak")), runner=inside(work))
    assert work.most == 2
    assert [state.phase for state in states] == [Phase.DONE, Phase.FAILED, Phase.DONE, Phase.DONE]
    assert [state.done for state in states] == [3, 0, 3, 3]


def test_cancel_reaches_all_and_nothing_more_is_begun(store: Store) -> None:
    cancel, begun = threading.Event(), []

    def work(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        begun.append(message["name"])
        both.wait()
        while True:
            events.send("advanced", changes={"done": 1})
            cancel.set()

    both = threading.Barrier(2, timeout=PATIENCE)
    states = perform(store, Together(("ash", "elm", "fir")), cancel=cancel, runner=inside(work))
    assert sorted(begun) == ["ash", "elm"]
    assert {state.phase for state in states} == {Phase.CANCELLED}


def test_pause_reaches_all(store: Store) -> None:
    pause, cancel = threading.Event(), threading.Event()
    pausing = threading.Barrier(2, timeout=PATIENCE)

    class Watch:
        paused: ClassVar[set[str]] = set()

        def started(self, states: tuple[RunState, ...]) -> None: ...
        def finished(self, states: tuple[RunState, ...]) -> None: ...

        def advanced(self, state: RunState) -> None:
            if state.phase is Phase.PAUSED:
                self.paused.add(state.candidate)
                if len(self.paused) == 2:
                    pause.clear()

    def work(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        pausing.wait()
        pause.set()
        while message["name"] not in Watch.paused:
            gate.wait("scoring")

    states = perform(store, Together(("ash", "elm")), Watch(), cancel, pause, runner=inside(work))
    assert Watch.paused == {"ash", "elm"}
    assert {state.phase for state in states} == {Phase.DONE}


def gpus(*free: int) -> list[Device]:
    return [Device("cuda", number, "H", 80 * GB, bytes_) for number, bytes_ in enumerate(free)]


def test_each_goes_to_the_emptiest_device_that_has_room() -> None:
    shared = Room(gpus(40 * GB, 60 * GB), movable=True)
    with ExitStack() as stack:
        taken = [stack.enter_context(shared.taken("cuda:1", 30 * GB)) for _ in range(3)]
        assert taken == ["cuda:1", "cuda:0", "cuda:1"]
        assert stack.enter_context(shared.taken("cuda:1", 10 * GB)) == "cuda:0"
        assert stack.enter_context(shared.taken("server", 0)) == "server"


def test_what_was_asked_for_by_name_stays_there_and_what_is_too_large_has_it_alone() -> None:
    named = Room(gpus(40 * GB, 60 * GB), movable=False)
    with named.taken("cuda:0", 90 * GB) as device:
        assert device == "cuda:0"
    entered = threading.Event()

    def second() -> None:
        with named.taken("cuda:0", 30 * GB):
            entered.set()

    with named.taken("cuda:0", 20 * GB):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.05)
    assert entered.wait(PATIENCE)
    thread.join()


def test_one_that_needs_all_gpus_waits_for_all_of_them_and_keeps_them() -> None:
    shared = Room(gpus(40 * GB, 60 * GB), movable=True)
    order: list[str] = []

    def whole() -> None:
        with shared.taken("cuda:all", 70 * GB) as device:
            order.append(device)

    with shared.taken("cuda:0", 5 * GB):
        thread = threading.Thread(target=whole)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join(PATIENCE)
    assert order == ["first", "cuda:all"]


def test_auto_is_one_worker_a_gpu_and_one_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "devices", lambda: [Device("cpu", 0, "c", GB, GB), *gpus(GB, GB, GB)])
    assert rooms.workers_for(None, "auto", ["cuda:1", "cuda:1"]) == 3
    assert rooms.workers_for(None, "auto", ["cpu", "server"]) == 1
    assert rooms.workers_for(None, "cuda:1", ["cuda:1"]) == 1
    assert rooms.workers_for(2, "auto", ["cpu"]) == 2


@pytest.mark.long
def test_two_workers_store_what_one_stores(tmp_path: Path) -> None:
    models = tuple(str(path) for path in bundled_models()[:3])
    found = {}
    for workers in (1, 2):
        store = Store(tmp_path / f"{workers}.duckdb")
        request = RunRequest(models, ("world",), ("likelihood",), device="cpu", threads=1, limit=8, workers=workers)
        planned = plan(store, request)
        assert planned.workers == workers
        assert {state.phase for state in perform(store, planned)} == {Phase.DONE}
        runs = [run.run_id for run in stored_runs(store)]
        found[workers] = {
            run: sorted(zip(columns.position.tolist(), columns.ll_chosen.tolist(), strict=True))
            for run, columns in load_verdicts(store, "likelihood", runs).items()
        }
    assert found[1] == found[2]


@pytest.mark.long
def test_a_worker_that_is_killed_does_not_disturb_the_other_and_goes_on_where_it_was(tmp_path: Path) -> None:
    """Two real processes, of which the system ends one."""
    ash, elm = (path for path in bundled_models()[:2])
    workers: dict[str, WorkerProcess] = {}

    def start(message: Mapping[str, Any]) -> WorkerProcess:
        return workers.setdefault(message["model"], WorkerProcess(message))

    class Kill:
        def started(self, states: tuple[RunState, ...]) -> None: ...
        def finished(self, states: tuple[RunState, ...]) -> None: ...

        def advanced(self, state: RunState) -> None:
            if state.candidate == ash.name and state.done and len(workers) == 2:
                workers[str(ash)].kill()

    models = (str(ash), str(elm))
    request = RunRequest(models, ("world",), ("likelihood",), device="cpu", threads=1, limit=200, workers=2)
    store = Store(tmp_path / "db.duckdb")
    killed, other = perform(store, plan(store, request), Kill(), runner=start)
    assert (killed.phase, other.phase, other.done) == (Phase.FAILED, Phase.DONE, 200)
    assert "SIGKILL" in killed.error
    assert 0 < killed.done < 200
    again, still = perform(store, plan(store, request))
    assert (again.phase, again.done, again.judged, still.phase) == (
        Phase.DONE,
        200,
        200 - killed.done,
        Phase.UP_TO_DATE,
    )
