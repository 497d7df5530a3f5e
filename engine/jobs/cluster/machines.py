"""A cluster as the process that asks sees it: what its nodes have, how many workers that is, and how they are told."""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.candidates.untrusted import shown
from engine.jobs.child import in_words
from engine.jobs.process import Runner, Worker, WorkerProcess
from engine.machine.devices import Device
from rubrics.errors import BadInput, Exit, RudeError

__all__ = ["ALIKE", "Cluster", "Node", "cluster_at", "nodes_at"]

ALIKE: Final = "install the program alike on every node"
"""What to do about a node that cannot be used."""
_PATIENCE: Final = 120.0


@dataclass(frozen=True)
class Node:
    """One machine of a cluster."""

    name: str
    cpus: int
    """Cores that may be had of it."""
    gpus: int
    """GPUs that may be had of it."""
    devices: tuple[Device, ...]
    """The CPU, then its GPUs; none where it cannot be used."""
    problem: str = ""
    """Why it cannot."""


@dataclass(frozen=True)
class Cluster:
    """What was found at an address."""

    address: str
    nodes: tuple[Node, ...]
    """Those that can be used."""

    def devices(self) -> tuple[Device, ...]:
        """Of the node that has most: a run is planned for it, and a node that has less says so."""
        return max(self.nodes, key=lambda node: (len(node.devices) > 1, _memory(node))).devices

    def cpus(self, kind: str, threads: int | None) -> int:
        """Cores for a worker: as many as were said, else all of the smallest node; where a GPU works, one."""
        return threads or (1 if kind == "cuda" else min((node.cpus for node in self.nodes if node.cpus), default=1))

    def places(self, kind: str, gpus: int, threads: int | None) -> int:
        """Workers that can go on at a time, each with so many GPUs."""
        cpus = self.cpus(kind, threads)
        return max(1, sum(node.gpus // gpus if kind == "cuda" else node.cpus // cpus for node in self.nodes))

    def runner(self, kind: str, shards: int, threads: int | None) -> Runner:
        """Where workers run: on the nodes, a candidate's work in at most so many shards, fewer where there is no room
        for them. What a server scores is asked from here: its address and its key are this machine's."""

        def start(message: Mapping[str, Any]) -> AbstractContextManager[Worker]:
            if message["kind"] != "score" or message.get("served"):
                return WorkerProcess(message)
            cpus = self.cpus(kind, threads)
            work = {**message, "threads": threads or (cpus if kind == "cpu" else None)}
            most = min(shards, self.places(kind, message["needs"]["gpus"], threads))
            told = {"kind": "spread", "address": self.address, "shards": most, "cpus": cpus, "work": work}
            return WorkerProcess({**told, "model": message["model"]})

        return start


def cluster_at(address: str, runner: Runner = WorkerProcess, *, patience: float = _PATIENCE) -> Cluster:
    """The cluster at an address, its nodes asked what they have; takes some seconds.

    Args:
        address: of its head, HOST:PORT; `auto` on a machine that is a node of one.
        runner: where the worker runs that connects to it.
        patience: seconds in which its nodes have to answer.

    Raises:
        BadInput: Ray is not installed, there is no cluster, or none of its nodes can be used.
        WorkerError: the worker died.
    """
    found = nodes_at(address, runner, patience=patience)
    nodes = tuple(node for node in found if node.devices)
    if not nodes:
        why = "; ".join(f"{node.name}: {node.problem}" for node in found[:3]) or "it has none"
        raise BadInput(f"no node of the cluster can be used: {why}", where=address, fix=ALIKE)
    return Cluster(address, nodes)


def nodes_at(address: str, runner: Runner = WorkerProcess, *, patience: float = _PATIENCE) -> tuple[Node, ...]:
    """The nodes of the cluster at an address, those that cannot be used too. Arguments and errors as `cluster_at`."""
    if not _is_address(address):
        raise BadInput(
            "no address of a cluster", where=shown(address), fix="give HOST:PORT, or auto on one of its nodes"
        )
    if importlib.util.find_spec("ray") is None:
        raise BadInput(
            "Ray is not installed", where=address, fix="install rude-tui with its extra `ray`, here and on every node",
            shell="pip install 'rude-tui[ray]'",
        )  # fmt: skip
    # Ray tries for many minutes to reach what answers and is no cluster.
    enough = threading.Event()
    clock = threading.Timer(patience, enough.set)
    clock.daemon = True
    clock.start()
    with runner({"kind": "nodes", "address": address}) as worker:
        try:
            found = [_node(event) for event in worker.events(enough) if event["event"] == "node"]
        except (KeyError, TypeError, ValueError) as error:
            raise worker.misunderstood(f"what a node has ({in_words(error)})") from error
        except RudeError as error:
            if error.exit_code is not Exit.BAD_INPUT:
                raise
            raise BadInput(error.what, where=error.where, fix=error.fix, shell=error.shell) from None
        finally:
            clock.cancel()
    if enough.is_set() and not found:
        what = f"nothing answered as a Ray cluster in {patience:.0f} seconds"
        raise BadInput(what, where=address, fix="give the address that `ray start` printed on its head")
    return tuple(found)


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    named = re.fullmatch(r"[^\s/:@]+", host) is not None and text.isprintable()
    return text == "auto" or (named and re.fullmatch(r"[0-9]{1,5}", port) is not None and 0 < int(port) < 1 << 16)


def _node(event: Mapping[str, Any]) -> Node:
    cpus, gpus, problem = event["cpus"], event["gpus"], shown(event["problem"], 300)
    if not (type(cpus) is type(gpus) is int and cpus >= 0 and gpus >= 0 and isinstance(event["name"], str)):
        raise ValueError("a node's name, cores or GPUs")
    try:
        there = [_device(fields) for fields in event["devices"]]
    except (TypeError, ValueError):
        # Whoever tells is the node itself, by the program that is installed there.
        there, problem = [], "it tells what it has in a way that is not understood: it has another version"
    usable = tuple(device for device in there if device.kind == "cpu" or device.index < gpus)
    return Node(shown(event["name"]), cpus, gpus, usable, problem or ("" if usable else "it has no device"))


def _device(fields: Mapping[str, Any]) -> Device:
    device = Device(**fields)
    numbers = (device.index, device.total, device.free, device.count)
    if device.kind not in ("cpu", "cuda") or not all(type(n) is int and 0 <= n < 1 << 63 for n in numbers):
        raise ValueError(f"{device} is no device")
    return replace(device, name=shown(device.name))


def _memory(node: Node) -> int:
    return sum(device.free for device in node.devices if device.kind == "cuda") or node.devices[0].free
