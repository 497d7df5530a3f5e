"""Nodes that are no cluster: `NodesHere` runs real workers in this process, `SimulatedNodes` scripted ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from engine.jobs.cluster.merging import Event
from engine.jobs.cluster.on_node import LAST, NodeWorker


class NodesHere:
    """Two nodes that are both this machine; shard after shard goes to the one or the other."""

    def __init__(self, suites: Mapping[str, bytes]) -> None:
        self._suites = suites
        self._workers: dict[int, NodeWorker] = {}
        self._first: deque[tuple[int, Event]] = deque()
        self.words: list[tuple[int, str]] = []

    def place(self, shard: int, message: Mapping[str, Any], avoid: Collection[str]) -> None:
        name = "ash" if shard % 2 == 0 else "elm"
        self._workers[shard] = NodeWorker(message, self._suites, name)
        self._first.append((shard, {"event": "begun", "id": name, "name": name}))

    def fit(self) -> dict[str, str]:
        return {"ash": "ash", "elm": "elm"}

    def hear(self) -> Iterator[tuple[int, Event]]:
        while self._first:
            yield self._first.popleft()
        for shard, worker in list(self._workers.items()):
            for event in worker.hear():
                if event["event"] in LAST:
                    del self._workers[shard]
                yield shard, event

    def tell(self, shard: int, word: str) -> None:
        self.words.append((shard, word))
        self._workers[shard].tell(word)


class SimulatedNodes:
    """Nodes by name, each with what becomes of the workers on it, one after another: `good` (also once nothing more is
    said), `blind`, `fails`, `refuses`, or after how many events it is lost."""

    def __init__(self, pairs: Sequence[str], nodes: Mapping[str, Sequence[str | int]]) -> None:
        self.pairs = pairs
        self._fates = {name: deque(fates) for name, fates in nodes.items()}
        self._running: dict[int, Iterator[Event]] = {}
        self.placed: list[tuple[int, str]] = []
        self.words: list[tuple[int, str]] = []

    def place(self, shard: int, message: Mapping[str, Any], avoid: Collection[str]) -> None:
        offered = [name for name in self._fates if name not in avoid]
        busy = [name for at, name in self.placed if at in self._running]
        name = min(offered, key=busy.count)
        self.placed.append((shard, name))
        fate = self._fates[name].popleft() if self._fates[name] else "good"
        self._running[shard] = self._work(name, fate, message)

    def fit(self) -> dict[str, str]:
        return {name: name for name in self._fates}

    def hear(self) -> Iterator[tuple[int, Event]]:
        for shard, worker in list(self._running.items()):
            event = next(worker)
            if event["event"] in {*LAST, "lost"}:
                del self._running[shard]
            yield shard, event

    def tell(self, shard: int, word: str) -> None:
        self.words.append((shard, word))

    def _work(self, name: str, fate: str | int, message: Mapping[str, Any]) -> Iterator[Event]:
        yield {"event": "begun", "id": name, "name": name}
        if fate == "blind":
            yield {"event": "declined", "why": "it cannot see the model"}
        elif fate in ("fails", "refuses"):
            code = 3 if fate == "refuses" else 1
            yield {"event": "fatal", "what": "it broke", "where": name, "fix": "mend it", "shell": "", "code": code}
        else:
            for number, event in enumerate(self._scoring(message)):
                if number == fate:
                    yield {"event": "lost", "why": "its node has died"}
                yield event

    def _scoring(self, message: Mapping[str, Any]) -> Iterator[Event]:
        for task, spec in enumerate(message["tasks"]):
            number, of = spec["shard"]
            own = [pair for pair in self.pairs[number::of] if pair not in spec["done"]]
            left = len([pair for pair in self.pairs if pair not in spec["done"]])
            yield {"event": "laid", "task": task, "total": len(self.pairs), "left": left, "own": len(own)}
            if own:
                yield {"event": "phase", "phase": "scoring", "task": task}
                for done, pair in enumerate(own, 1):
                    yield {
                        "event": "verdicts",
                        "task": task,
                        "rows": [{"verdict": {"pair_id": pair}}],
                        "facts": cost(done),
                    }
                yield {"event": "task_done", "task": task, "facts": cost(len(own))}
        yield {"event": "bye"}


def cost(pairs: int) -> dict[str, Any]:
    """What so many pairs cost: ten tokens each, of which seven are distinct, in half a second."""
    return {
        "tokens": 10 * pairs, "distinct_tokens": 7 * pairs, "seconds": 0.5 * pairs, "memory": 100 + pairs, "notes": [],
    }  # fmt: skip
