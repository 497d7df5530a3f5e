"""What the doctor says of a cluster: of the whole, and of each node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest

from engine.jobs.child import Events, Gate
from engine.jobs.cluster import machines
from engine.jobs.cluster.checks import cluster_checks
from engine.jobs.inside import inside
from engine.machine.devices import Device
from rubrics.errors import BadInput

GB = 1 << 30
CPU = asdict(Device("cpu", 0, "CPU, 8 cores", 64 * GB, 60 * GB))
GPU = asdict(Device("cuda", 0, "NVIDIA H200", 141 * GB, 139 * GB))


@pytest.fixture(autouse=True)
def ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra were installed."""
    monkeypatch.setattr(machines.importlib.util, "find_spec", lambda name: object())


def telling(*nodes: dict[str, Any]) -> Any:
    """A worker that tells of these nodes."""

    def tell(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        for node in nodes:
            events.send("node", id="1", **{"name": "a", "cpus": 8, "gpus": 0, "devices": [CPU], "problem": "", **node})

    return inside(tell)


def test_each_node_says_what_it_has() -> None:
    gpu = {"name": "b", "gpus": 1, "devices": [CPU, GPU, {**GPU, "index": 1}]}
    broken = {"name": "c", "devices": [], "problem": "No module named 'engine'"}
    whole, *nodes = cluster_checks("head:6379", telling({}, gpu, broken))
    assert (whole.ok, whole.detail) == (True, "head:6379 answers: 3 nodes, 2 of which can be used")
    assert [(node.name, node.ok) for node in nodes] == [("node a", True), ("node b", True), ("node c", False)]
    assert nodes[0].detail == "8 cores; 60.0 GB free of 64.0 GB"
    # Ray may give one of its two GPUs.
    assert nodes[1].detail == "8 cores; 60.0 GB free of 64.0 GB; NVIDIA H200: 139 GB free of 141 GB"
    assert nodes[2].detail == "No module named 'engine'"
    assert all(node.ok or node.fix for node in nodes)


def test_no_node_that_can_be_used_is_no_cluster() -> None:
    whole, node = cluster_checks("head:6379", telling({"devices": []}))
    assert not whole.ok
    assert whole.fix
    assert node.detail == "it has no device"


@pytest.mark.parametrize("devices", [[{**CPU, "cores": 8}], [{**CPU, "free": "much"}], [{**CPU, "free": -1}], [7], 7])
def test_a_node_of_another_version_is_left_out_and_the_others_are_not(devices: Any) -> None:
    _, one, other = cluster_checks("head:6379", telling({}, {"name": "b", "devices": devices}))
    assert one.ok
    assert not other.ok
    assert "another version" in other.detail


def test_who_does_not_answer_is_said() -> None:
    def nobody(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        raise BadInput("no Ray cluster can be joined: Connection refused", where="head:6379", fix="start it")

    (check,) = cluster_checks("head:6379", inside(nobody))
    assert (check.name, check.ok, check.fix) == ("cluster", False, "start it")
    assert "Connection refused" in check.detail
    (check,) = cluster_checks("a\x1b[31m b", inside(nobody))
    assert not check.ok
    assert check.detail.isprintable()
