"""What travels to a node, what a node says of it, and that shards of one run store what one worker does."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from nodes import NodesHere

from engine.jobs import planning
from engine.jobs.child import Events, Gate
from engine.jobs.cluster import machines, on_node, parcel
from engine.jobs.cluster.machines import Cluster, Node, cluster_at
from engine.jobs.cluster.parcel import packed, reason_against, unpacked
from engine.jobs.cluster.spreading import spread
from engine.jobs.inside import inside
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.process import WorkerProcess
from engine.jobs.progress import Phase, RunState
from engine.jobs.runs import Plan, RunRequest
from engine.jobs.score import scoring_message
from engine.machine.devices import Device
from engine.store.connection import Store
from engine.store.runs import stored_runs
from engine.store.verdicts import load_verdicts
from rubrics.errors import BadInput

GB = 1 << 30
CPU = Device("cpu", 0, "CPU", 64 * GB, 60 * GB)


def gpus(number: int, free: int = 140 * GB) -> list[Device]:
    return [Device("cuda", index, "H", free, free) for index in range(number)]


def node(name: str, cpus: int, graphics: list[Device] | None = None) -> Node:
    graphics = graphics or []
    return Node(name, cpus, len(graphics), (CPU, *graphics))


@pytest.fixture
def copy(small_model: Path, tmp_path: Path) -> Path:
    """A model that does not ship."""
    return shutil.copytree(small_model, tmp_path / "models" / small_model.name)


def asked(model: Path, **how: Any) -> RunRequest:
    return RunRequest((str(model),), ("world",), ("likelihood",), device="cpu", threads=1, **how)


@pytest.fixture
def travels(store: Store, small_model: Path) -> dict[str, Any]:
    """A message that travels, without its suites."""
    planned = plan(store, asked(small_model))
    with scoring_message("score", planned.request, planned.runs, [set()]) as message:
        return packed(message)[0]


def of(travels: Mapping[str, Any], model: Path) -> dict[str, Any]:
    """The same about a copy of its model that is a person's own."""
    return {**travels, "model": str(model), "needs": {**travels["needs"], "bundled": ""}}


def test_suites_travel_with_the_message(store: Store, small_model: Path, tmp_path: Path) -> None:
    planned = plan(store, asked(small_model))
    with scoring_message("score", planned.request, planned.runs, [set()]) as message:
        travels, suites = packed(message)
        content = Path(message["tasks"][0]["suite_file"]).read_bytes()
    assert suites == {"0.jsonl": content}
    there = tmp_path / "there"
    there.mkdir()
    arrived = unpacked(travels, suites, there)
    assert Path(arrived["tasks"][0]["suite_file"]).read_bytes() == content
    assert {**arrived, "tasks": 0} == {**message, "tasks": 0}


def test_a_node_says_why_it_cannot(travels: dict[str, Any], copy: Path) -> None:
    message = of(travels, copy)
    assert reason_against(message) == ""

    other = {**message, "needs": {**message["needs"], "versions": {**message["needs"]["versions"], "torch": "1.0"}}}
    assert "the run was planned with 1.0" in reason_against(other)

    large = {**message, "needs": {**message["needs"], "bytes": 1 << 60}}
    assert "are needed" in reason_against(large)

    kernels = {**message, "needs": {**message["needs"], "matmul": "abacus"}}
    assert "the run was planned with 'abacus'" in reason_against(kernels)

    (copy / "config.json").write_text((copy / "config.json").read_text() + "\n")
    assert "not what was hashed" in reason_against(message)
    # A shared folder that is not mounted is an empty one.
    shutil.rmtree(copy)
    copy.mkdir()
    assert reason_against(message) == f"it cannot see {copy}"


def test_a_model_that_ships_is_there_wherever_the_program_is(travels: dict[str, Any], small_model: Path) -> None:
    message = {**travels, "model": "/elsewhere/data/models/x"}
    assert reason_against(message) == ""
    assert unpacked({**message, "tasks": []}, {}, Path())["model"] == str(small_model)


@pytest.mark.long
def test_a_model_of_the_hub_is_looked_for_in_the_nodes_own_cache(
    store: Store, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    snapshot = tmp_path / "hub" / "models--org--loch" / "snapshots" / "abc1234"
    shutil.copytree(small_model, snapshot)
    (tmp_path / "hub" / "models--org--loch" / "refs").mkdir()
    (tmp_path / "hub" / "models--org--loch" / "refs" / "main").write_text("abc1234")
    planned = plan(store, replace(asked(snapshot), models=("org/loch",)))
    with scoring_message("score", planned.request, planned.runs, [set()]) as message:
        travels, _ = packed(message)
    assert travels["needs"]["hub"] == "org/loch@abc1234"
    # Another machine keeps its cache elsewhere.
    shutil.move(tmp_path / "hub", tmp_path / "other")
    assert reason_against(travels) == f"it cannot see {snapshot}, nor org/loch@abc1234 in its Hugging Face cache"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "other"))
    assert reason_against(travels) == ""


def over_nodes(shards: int) -> Any:
    """A runner that has two nodes which are this machine do the work."""

    def do(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        work, suites = packed(message)
        spread(work, shards, NodesHere(suites), events, gate)

    return inside(do)


def verdicts(store: Store) -> dict[str, dict[int, tuple[float, float]]]:
    ids = [run.run_id for run in stored_runs(store)]
    return {
        run: {
            place: (chosen, rejected)
            for place, chosen, rejected in zip(
                columns.position.tolist(), columns.ll_chosen.tolist(), columns.ll_rejected.tolist(), strict=True
            )
        }
        for run, columns in load_verdicts(store, "likelihood", ids).items()
    }


@pytest.mark.long
def test_two_nodes_store_what_one_worker_stores_to_the_bit(tmp_path: Path, copy: Path) -> None:
    found, states = {}, {}
    for where, runner in {"here": WorkerProcess, "nodes": over_nodes(2)}.items():
        store = Store(tmp_path / f"{where}.duckdb")
        (states[where],) = perform(store, plan(store, asked(copy, limit=200, token_scores=True)), runner=runner)
        found[where] = verdicts(store)
    assert found["here"] == found["nodes"]
    assert sum(map(len, found["nodes"].values())) == 200
    for name in ("phase", "done", "total", "right", "judged", "skipped"):
        assert getattr(states["here"], name) == getattr(states["nodes"], name)
    assert states["nodes"].device == "cpu on 2 nodes"


@pytest.mark.long
def test_a_run_on_nodes_is_stopped_and_taken_up(store: Store, copy: Path) -> None:
    cancel = threading.Event()

    class Stop:
        def started(self, states: tuple[RunState, ...]) -> None: ...
        def finished(self, states: tuple[RunState, ...]) -> None: ...

        def advanced(self, state: RunState) -> None:
            if state.done:
                cancel.set()

    request = asked(copy, limit=300)
    (stopped,) = perform(store, plan(store, request), Stop(), cancel, runner=over_nodes(1))
    assert stopped.phase is Phase.CANCELLED
    assert 0 < stopped.done < 300
    planned = plan(store, request)
    assert planned.runs[0].done == stopped.done
    (state,) = perform(store, planned, runner=over_nodes(1))
    assert (state.phase, state.done) == (Phase.DONE, 300)
    assert len(next(iter(verdicts(store).values()))) == 300


def test_what_a_node_has_is_told_whatever_a_scheduler_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    seen = []
    monkeypatch.setattr(on_node, "devices", lambda: seen.append(dict(on_node.os.environ)) or [CPU, *gpus(2)])
    assert on_node.tell() == [asdict(device) for device in [CPU, *gpus(2)]]
    assert "CUDA_VISIBLE_DEVICES" not in seen[0]


def test_as_many_workers_as_there_is_room_for() -> None:
    cpus = Cluster("head:1", (node("a", 16), node("b", 8)))
    assert (cpus.cpus("cpu", None), cpus.places("cpu", 0, None)) == (8, 3)
    assert (cpus.cpus("cpu", 4), cpus.places("cpu", 0, 4)) == (4, 6)
    large = Cluster("head:1", (node("a", 16, gpus(8)), node("b", 16, gpus(8)), node("c", 64)))
    assert [large.places("cuda", each, None) for each in (1, 2, 3, 8)] == [16, 8, 4, 2]
    assert large.devices() == (CPU, *gpus(8))


@pytest.fixture
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster of two nodes with eight GPUs each."""
    cluster = Cluster("head:1", (node("a", 16, gpus(8)), node("b", 16, gpus(8))))
    monkeypatch.setattr(planning, "cluster_at", lambda address, runner: cluster)


def test_a_plan_for_a_cluster_is_for_its_devices(store: Store, small_model: Path, eight: None) -> None:
    planned = plan(store, replace(asked(small_model), device="auto", ray="head:1"))
    assert (planned.runs[0].precision, planned.runs[0].device, planned.runs[0].gpus) == ("bf16", "cuda:0", 1)
    assert (planned.workers, planned._most) == (1, 16)
    two = replace(planned, request=replace(planned.request, workers=2))
    assert two._most == 2
    with pytest.raises(BadInput, match="Ray chooses the GPU"):
        plan(store, replace(asked(small_model), device="cuda:1", ray="head:1"))


def test_a_model_too_large_for_one_gpu_takes_as_few_as_will_do(
    store: Store, small_model: Path, eight: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.machine import precision

    def fits(candidate: Any, device: Device, requested: str, *, memory: int | None) -> precision.PrecisionFit:
        enough = device.free >= 300 * GB
        return precision.PrecisionFit("bf16" if enough else None, "by size", 300 * GB, device.free)

    monkeypatch.setattr(precision, "fits", fits)
    planned = plan(store, replace(asked(small_model), device="auto", ray="head:1"))
    # Each further GPU costs two gigabytes: 2 hold 278, 3 hold 416.
    assert (planned.runs[0].device, planned.runs[0].gpus, planned._most) == ("cuda:all", 3, 4)


def test_a_runner_tells_a_worker_how_to_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Mapping[str, Any]] = []
    monkeypatch.setattr(machines, "WorkerProcess", told.append)
    cluster = Cluster("head:1", (node("a", 16), node("b", 8)))
    run = cluster.runner("cpu", 3, None)
    work = {"kind": "score", "model": "m", "served": None, "threads": None, "needs": {"gpus": 0}}
    run(work)
    cluster.runner("cpu", 64, None)(work)
    run({"kind": "score", "model": "m", "served": {"address": "http://h/v1#m"}})
    run({"kind": "plan", "model": "m"})
    assert [message["kind"] for message in told] == ["spread", "spread", "score", "plan"]
    assert told[1]["shards"] == 3, "no more than there is room for"
    assert (told[0]["address"], told[0]["shards"], told[0]["cpus"], told[0]["work"]["threads"]) == ("head:1", 3, 8, 8)


def test_nodes_that_cannot_be_used_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines.importlib.util, "find_spec", lambda name: object())
    devices = [asdict(device) for device in (CPU, *gpus(4))]

    def tell(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        assert message == {"kind": "nodes", "address": "auto"}
        events.send("node", id="1", name="a", cpus=8, gpus=2, devices=devices, problem="")
        events.send("node", id="2", name="b", cpus=8, gpus=0, devices=[], problem="No module named 'engine'")

    cluster = cluster_at("auto", inside(tell))
    # Ray may give two of its four GPUs.
    assert cluster.nodes == (Node("a", 8, 2, (CPU, *gpus(2))),)

    def none(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        events.send("node", id="2", name="b", cpus=8, gpus=0, devices=[], problem="No module named 'engine'")

    with pytest.raises(BadInput, match="b: No module named 'engine'"):
        cluster_at("auto", inside(none))


def test_what_answers_and_is_no_cluster_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines.importlib.util, "find_spec", lambda name: object())
    over = threading.Event()

    def wait(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        over.wait()

    class Ending:
        """A worker that can be ended, as a process can."""

        def __enter__(self) -> Any:
            self.worker = inside(wait)({})
            return self.worker.__enter__()

        def __exit__(self, *exc: object) -> None:
            over.set()
            self.worker.__exit__(*exc)

    with pytest.raises(BadInput, match="nothing answered as a Ray cluster in 0 seconds"):
        cluster_at("head:1", lambda message: Ending(), patience=0.01)


def test_without_ray_it_is_said_before_anything_is_begun(
    store: Store, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machines.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match="Ray is not installed"):
        plan(store, asked(small_model, ray="auto"))
    assert stored_runs(store) == []


@pytest.mark.parametrize(
    "address",
    ["local", "head", "ray://head:10001", "head:6379/x", "a b:1", "head:", "head:0", "head:65536", "head:٣", "a@b:1"],
)
def test_what_is_no_address_is_not_brought_to_ray(address: str) -> None:
    """To some words it would start a cluster of its own."""
    with pytest.raises(BadInput, match="no address of a cluster"):
        cluster_at(address)


def test_a_request_for_a_cluster_reaches_another_process(small_model: Path) -> None:
    request = asked(small_model, ray="head:1")
    assert RunRequest.of_json(request.to_json()) == request


def test_own_version_is_part_of_what_must_be_alike(monkeypatch: pytest.MonkeyPatch, travels: dict[str, Any]) -> None:
    monkeypatch.setattr(parcel, "_own_version", lambda: {"rude-tui": "99"})
    assert reason_against(travels).startswith("it has rude-tui 99, and the run was planned with ")


def test_a_plan_of_one_machine_has_its_workers_there(store: Store, small_model: Path) -> None:
    planned = plan(store, asked(small_model))
    assert isinstance(planned, Plan)
    assert planned.runner is WorkerProcess
