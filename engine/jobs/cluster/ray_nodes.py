"""The nodes of a Ray cluster, as a worker process of this machine speaks to them.

Ray is never loaded into the process that asks: a worker connects, cuts the work, gathers events and sends them on as
its own. When it ends, however that is, Ray ends what it has started on the nodes.
"""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

import ray
from ray.exceptions import ActorUnavailableError, RayActorError, RayError

from engine.jobs.child import Events, Gate
from engine.jobs.cluster.merging import Event
from engine.jobs.cluster.on_node import LAST, NodeWorker, tell
from engine.jobs.cluster.parcel import packed
from engine.jobs.cluster.spreading import shards_for, spread
from rubrics.errors import BadInput

__all__ = ["RayNodes", "connected", "spread_over_nodes", "tell_of_nodes"]

_CONNECT: Final = 5.0
"""Seconds in which a cluster's head has to answer at all."""
_ANSWER: Final = 60.0
"""Seconds in which a node has to say what it has: Ray starts a process on it for that."""
_MOMENT: Final = 0.2


def tell_of_nodes(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Send of every node what it is called, what Ray may give of it, and the devices it has."""
    with connected(message["address"]):
        names = _names()
        asked = {
            node["NodeID"]: ray.remote(tell).options(num_cpus=0, label_selector={_ID: node["NodeID"]}).remote()
            for node in _alive()
        }
        ray.wait(list(asked.values()), num_returns=len(asked), timeout=_ANSWER)
        for node in _alive():
            if (question := asked.get(node["NodeID"])) is not None:
                devices, problem = _answer(question)
                resources = node["Resources"]
                events.send(
                    "node", id=node["NodeID"], name=names[node["NodeID"]], cpus=int(resources.get("CPU", 0)),
                    gpus=int(resources.get("GPU", 0)), devices=devices, problem=problem,
                )  # fmt: skip


def _answer(question: Any) -> tuple[list[Event], str]:
    try:
        return ray.get(question, timeout=0), ""
    except RayError as error:
        return [], _in_short(error) or "it did not answer"


def spread_over_nodes(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Have nodes do the `work` of a message: in at most so many `shards`, with so many `cpus` for each."""
    work, suites = packed(message["work"])
    lines = [suites[task["suite_file"]].count(b"\n") for task in work["tasks"]]
    shards = shards_for(work, message["shards"], lines)
    with connected(message["address"]):
        spread(work, shards, RayNodes(suites, message["cpus"], work["needs"]["gpus"]), events, gate)


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Within it, this process speaks to a cluster.

    Raises:
        BadInput: there is none at that address, or it does not take us.
    """
    host, _, port = address.rpartition(":")
    try:
        if host:
            # Ray would try for long.
            socket.create_connection((host, int(port)), _CONNECT).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise _nobody(address, getattr(error, "strerror", None) or str(error)) from None
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error")
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, ImportError, OSError) as error:
        raise _nobody(address, _in_short(error)) from error
    try:
        yield
    finally:
        ray.shutdown()


def _nobody(address: str, why: str) -> BadInput:
    return BadInput(
        f"no Ray cluster can be joined: {why}", where=address,
        fix="give the address of its head as HOST:PORT, from a machine that is one of its nodes, or auto there",
        shell="ray start --head, then ray start --address HOST:PORT on every other machine",
    )  # fmt: skip


class RayNodes:
    """See `engine.jobs.cluster.spreading.Nodes`.

    Args:
        suites: what a message's tasks are about, by name; nodes fetch it once each.
        cpus: of a node, for a worker.
        gpus: likewise.
    """

    def __init__(self, suites: Mapping[str, bytes], cpus: int, gpus: int) -> None:
        self._suites = ray.put(dict(suites))
        self._cpus, self._gpus = cpus, gpus
        self._workers: dict[int, Any] = {}
        self._asked: dict[Any, int] = {}
        """What has been asked and not yet answered, and which shard's worker."""

    def place(self, shard: int, message: Mapping[str, Any], avoid: Collection[str]) -> None:
        """See `Nodes`."""
        how: dict[str, Any] = {"num_cpus": self._cpus, "num_gpus": self._gpus}
        if avoid:
            how["label_selector"] = {_ID: f"!in({','.join(sorted(avoid))})"}
        self._workers[shard] = ray.remote(_Placed).options(**how).remote(dict(message), self._suites, _names())
        self._ask(shard)

    def fit(self) -> dict[str, str]:
        """See `Nodes`."""
        names = _names()
        return {
            node["NodeID"]: names[node["NodeID"]]
            for node in _alive()
            if node["Resources"].get("CPU", 0) >= self._cpus and node["Resources"].get("GPU", 0) >= self._gpus
        }

    def hear(self) -> Iterator[tuple[int, Event]]:
        """See `Nodes`."""
        ready, _ = ray.wait(list(self._asked), num_returns=1, timeout=_MOMENT)
        for question in ready:
            shard = self._asked.pop(question)
            try:
                said = ray.get(question)
            except RayActorError as error:
                self._end(shard)
                yield shard, {"event": "lost", "why": _in_short(error)}
                continue
            if not any(event["event"] in LAST for event in said):
                self._ask(shard)
            for event in said:
                if event["event"] in LAST:
                    self._end(shard)
                yield shard, event

    def tell(self, shard: int, word: str) -> None:
        """See `Nodes`."""
        self._workers[shard].tell.remote(word)

    def _ask(self, shard: int) -> None:
        self._asked[self._workers[shard].hear.remote()] = shard

    def _end(self, shard: int) -> None:
        with suppress(RayError):
            ray.kill(self._workers.pop(shard))


class _Placed(NodeWorker):
    """Says first where it has been placed."""

    def __init__(self, message: Mapping[str, Any], suites: Mapping[str, bytes], names: Mapping[str, str]) -> None:
        node = ray.get_runtime_context().get_node_id()
        name = names.get(node, node[:8])
        self._said_first: Event | None = {"event": "begun", "id": node, "name": name}
        super().__init__(message, suites, name)

    def hear(self) -> list[Event]:
        """See `NodeWorker`."""
        if self._said_first is None:
            return super().hear()
        first, self._said_first = self._said_first, None
        return [first]


_ID: Final = "ray.io/node-id"


def _alive() -> list[dict[str, Any]]:
    """The nodes that Ray may give something of."""
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) + _gpus(node) > 0]


def _gpus(node: Mapping[str, Any]) -> float:
    return float(node["Resources"].get("GPU", 0))


def _names() -> dict[str, str]:
    """By id, what nodes are called: by their host, and by a part of their id where a host has several."""
    nodes = _alive()
    hosts = Counter(node["NodeManagerHostname"] for node in nodes)
    return {
        node["NodeID"]: host if hosts[host := node["NodeManagerHostname"]] == 1 else f"{host}/{node['NodeID'][:6]}"
        for node in nodes
    }


def _in_short(error: BaseException) -> str:
    """What Ray says in many lines: the error that was raised somewhere, else why something has died."""
    if isinstance(error, ActorUnavailableError):
        return "it does not answer any more"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception): ", line)]
    died = [match[1] for line in lines if (match := re.search(r"because (its [^.:]*)", line))]
    return [lines[0], *raised, *died][-1][:300]
