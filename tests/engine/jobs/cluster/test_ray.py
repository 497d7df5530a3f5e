"""On two real nodes of a Ray cluster on this machine: what they store, and what becomes of it when they go."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from waiting import PATIENCE

from benchmarks.local_cluster import LocalCluster, can_blind, local_cluster
from engine.jobs.cluster.checks import cluster_checks
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.progress import Phase, RunState
from engine.jobs.runs import RunRequest
from engine.layout.order import ROUND_PAIRS
from engine.store.connection import Store
from engine.store.runs import stored_runs
from engine.store.verdicts import load_verdicts
from rubrics.errors import BadInput

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (`make cluster` has it)"),
]


@pytest.fixture(scope="module")
def cluster(_homes: Path) -> Iterator[LocalCluster]:
    with local_cluster(2) as started:
        yield started


class Watch:
    """Does something once, as soon as a state is so; keeps what was shown."""

    def __init__(self, when: Callable[[RunState], bool], then: Callable[[], object]) -> None:
        self._when, self._then = when, then
        self.shown: list[RunState] = []
        self.thread: threading.Thread | None = None

    def started(self, states: tuple[RunState, ...]) -> None: ...

    def finished(self, states: tuple[RunState, ...]) -> None: ...

    def advanced(self, state: RunState) -> None:
        self.shown.append(state)
        if self.thread is None and self._when(state):
            self.thread = threading.Thread(target=self._then)
            self.thread.start()


def asked(model: Path, ray: str, limit: int | None = None) -> RunRequest:
    return RunRequest((str(model),), ("world",), ("likelihood",), device="cpu", threads=1, ray=ray, limit=limit)


def verdicts(store: Store) -> dict[int, tuple[float, float]]:
    (run,) = stored_runs(store)
    columns = load_verdicts(store, "likelihood", [run.run_id])[run.run_id]
    rows = zip(columns.position.tolist(), columns.ll_chosen.tolist(), columns.ll_rejected.tolist(), strict=True)
    return {place: (chosen, rejected) for place, chosen, rejected in rows}


def assert_alike(found: dict[int, tuple[float, float]], plain: dict[int, tuple[float, float]]) -> None:
    """Every verdict is that of the plain run; what had been sent of a batch that was broken off is not computed again,
    and the rest of it alone rounds otherwise."""
    assert found.keys() == plain.keys()
    assert sum(found[place] != plain[place] for place in plain) < 2 * ROUND_PAIRS
    for place, (chosen, rejected) in plain.items():
        assert found[place] == pytest.approx((chosen, rejected), abs=1e-3)
        assert (found[place][0] > found[place][1]) == (chosen > rejected)


@pytest.fixture
def plain(tmp_path: Path, small_model: Path) -> dict[int, tuple[float, float]]:
    """What one worker of this machine stores."""
    store = Store(tmp_path / "plain.duckdb")
    perform(store, plan(store, asked(small_model, "")))
    return verdicts(store)


def test_a_node_removed_in_mid_run_changes_nothing_that_is_stored(
    cluster: LocalCluster, store: Store, small_model: Path, plain: dict[int, tuple[float, float]]
) -> None:
    planned = plan(store, asked(small_model, cluster.address))
    assert (planned.workers, planned._most) == (1, 2)
    watch = Watch(lambda state: state.done > 0 and state.device == "cpu on 2 nodes", cluster.remove)
    (state,) = perform(store, planned, watch)
    assert watch.thread is not None
    watch.thread.join()
    cluster.add()
    assert (state.phase, state.done, state.total) == (Phase.DONE, 480, 480)
    assert any("its unfinished pairs go elsewhere" in note for note in state.notes)
    assert_alike(verdicts(store), plain)


def test_paused_stopped_and_taken_up_on_nodes(
    cluster: LocalCluster, store: Store, small_model: Path, plain: dict[int, tuple[float, float]]
) -> None:
    cancel, pause, paused = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        pause.set()
        paused.wait()
        cancel.set()

    watch = Watch(lambda state: state.done > 0, hold)
    shown = watch.advanced

    def advanced(state: RunState) -> None:
        shown(state)
        if state.phase is Phase.PAUSED:
            paused.set()

    watch.advanced = advanced  # type: ignore[method-assign]
    (state,) = perform(store, plan(store, asked(small_model, cluster.address)), watch, cancel, pause)
    assert (state.phase, 0 < state.done < 480) == (Phase.CANCELLED, True)
    # The nodes' workers go with whoever asked for them.
    until = time.monotonic() + PATIENCE
    while left := scoring():
        assert time.monotonic() < until, left
    (state,) = perform(store, plan(store, asked(small_model, cluster.address)))
    assert (state.phase, state.done) == (Phase.DONE, 480)
    assert_alike(verdicts(store), plain)


def scoring() -> list[psutil.Process]:
    """Workers that are no children of this process, nor of those that it has started: those of the nodes."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        if "engine.worker" in (process.info["cmdline"] or []) and "RAY_JOB_ID" in (process.info["environ"] or {}):
            found.append(process)
    return found


@pytest.mark.skipif(not can_blind(), reason="no process can be started here to which a folder is empty")
def test_a_node_that_does_not_see_the_model_is_passed_over(
    cluster: LocalCluster, store: Store, small_model: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(small_model, tmp_path / "models" / "loch")
    with local_cluster(1) as half_blind:
        half_blind.add_blind(model)
        (state,) = perform(store, plan(store, asked(model, half_blind.address)))
    assert (state.phase, state.done) == (Phase.DONE, 480)
    (note,) = [note for note in state.notes if "passed over" in note]
    assert note.endswith(f"was passed over: it cannot see {model}")


def test_the_doctor_tells_what_each_node_has(cluster: LocalCluster) -> None:
    whole, *nodes = cluster_checks(cluster.address)
    assert whole.detail == f"{cluster.address} answers: 2 nodes, 2 of which can be used"
    assert [check.ok for check in (whole, *nodes)] == [True] * 3
    assert all(node.detail.startswith("1 core; ") for node in nodes)


def test_where_there_is_no_cluster_it_is_said_at_once(store: Store, small_model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    with pytest.raises(BadInput, match="no Ray cluster can be joined: Connection refused"):
        plan(store, asked(small_model, f"127.0.0.1:{free}"))
    assert stored_runs(store) == []
