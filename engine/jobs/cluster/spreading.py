"""One candidate's work on several nodes: a worker for each shard, started again elsewhere where a node cannot or dies.

Knows no Ray: `Nodes` is what it asks of a cluster.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, Protocol

from engine.jobs.child import Events, Gate
from engine.jobs.cluster.merging import Event, Merging
from engine.layout.order import ROUND_PAIRS
from rubrics.counted import count
from rubrics.errors import Exit, RudeError

__all__ = ["Nodes", "shards_for", "spread"]

_TRIES: Final = 3
"""Workers that a shard may lose, to nodes that die or errors that another node may not have."""
_WORD: Final = 60.0
"""Seconds between two signs of life while workers wait for a place: whoever listens takes silence for the end."""
_ROUNDS: Final = 2
"""Rounds of pairs that a shard is worth: a model is loaded for it."""


class Nodes(Protocol):
    """Where workers are placed."""

    def place(self, shard: int, message: Mapping[str, Any], avoid: Collection[str]) -> None:
        """Start a worker for a shard as soon as there is room, on none of the nodes to avoid, by id."""
        ...

    def fit(self) -> Mapping[str, str]:
        """Names of the nodes that are there and large enough, by id."""
        ...

    def hear(self) -> Iterable[tuple[int, Event]]:
        """What workers have said since it was last asked, with their shards; waits a moment for it.

        Beside a worker's own events: `begun` with `id` and `name` of the node; `declined` and `lost`, with `why`, after
        which nothing more comes; `bye` and `fatal`, the last that a worker says.
        """
        ...

    def tell(self, shard: int, word: str) -> None:
        """Say `pause` or `go on` to a shard's worker, if it has been started."""
        ...


def shards_for(message: Mapping[str, Any], most: int, sizes: Iterable[int]) -> int:
    """How many shards a message's work is cut into.

    Args:
        most: no more than that.
        sizes: for each task, the pairs of its suite.
    """
    left = (
        max(0, min(size, task["limit"] or size) - len(task["done"]))
        for size, task in zip(sizes, message["tasks"], strict=True)
    )
    return max(1, min(most, max(left, default=0) // (ROUND_PAIRS * _ROUNDS)))


def spread(message: Mapping[str, Any], shards: int, nodes: Nodes, events: Events, gate: Gate) -> None:
    """Do a message's work on nodes, sending events as one worker would; returns when all is done.

    Raises:
        RudeError: no node can, or workers fail wherever they are started.
    """
    _Spread(message, shards, nodes, events, gate).run()


class _Spread:
    def __init__(self, message: Mapping[str, Any], shards: int, nodes: Nodes, events: Events, gate: Gate) -> None:
        self._message, self._shards, self._nodes, self._events, self._gate = message, shards, nodes, events, gate
        self._merging = Merging(len(message["tasks"]), shards)
        self._going = set(range(shards))
        self._at: dict[int, tuple[str, str]] = {}
        """By shard, id and name of the node that its worker is on."""
        self._unable: dict[str, str] = {}
        """Nodes that cannot do it, by id, and what each said."""
        self._failed: dict[int, set[str]] = defaultdict(set)
        """By shard, nodes on which its worker failed."""
        self._losses: Counter[int] = Counter()
        self._held = False
        self._said = time.monotonic()

    def run(self) -> None:
        for shard in sorted(self._going):
            self._place(shard)
        while self._going:
            self._hold()
            for shard, event in self._nodes.hear():
                self._take(shard, event)
            if time.monotonic() - self._said > _WORD:
                self._send([{"event": "waiting"}])
                self._look()

    def _send(self, events: Iterable[Event]) -> None:
        for event in events:
            self._said = time.monotonic()
            self._events.send(**event)

    def _hold(self) -> None:
        if self._gate.closed is self._held:
            return
        self._held = not self._held
        for shard in self._at:
            self._nodes.tell(shard, "pause" if self._held else "go on")
        self._send(self._merging.held(self._held))

    def _take(self, shard: int, event: Event) -> None:
        match event["event"]:
            case "begun":
                self._at[shard] = event["id"], event["name"]
                if self._held:
                    self._nodes.tell(shard, "pause")
                self._merging.begun(shard, event["name"])
            case "bye":
                self._going.discard(shard)
                self._at.pop(shard, None)
            case "declined":
                self._decline(shard, event["why"])
            case "lost":
                self._lose(shard, event["why"], lambda: RudeError(event["why"], fix=_AGAIN))
            case "fatal" if event["code"] == Exit.BAD_INPUT:
                raise RudeError.of_json(event)
            case "fatal":
                self._lose(shard, event["what"], lambda: RudeError.of_json(event))
            case _:
                self._send(self._merging.take(shard, event))

    def _decline(self, shard: int, why: str) -> None:
        node, name = self._at.pop(shard)
        self._send(self._merging.lost(shard))
        if node not in self._unable:
            self._unable[node] = f"{name}: {why}"
            self._send([{"event": "warned", "words": f"node {name} was passed over: {why}"}])
        self._place(shard)

    def _lose(self, shard: int, why: str, error: Callable[[], RudeError]) -> None:
        node, name = self._at.pop(shard, ("", ""))
        self._losses[shard] += 1
        if node:
            self._failed[shard].add(node)
        self._send(self._merging.lost(shard))
        if self._losses[shard] >= _TRIES or not self._left(shard):
            raise error()
        words = f"a worker on node {name} was lost, and its unfinished pairs go elsewhere: {why}"
        self._send([{"event": "warned", "words": words if name else f"a worker was lost: {why}"}])
        self._place(shard)

    def _place(self, shard: int) -> None:
        if not self._left(shard):
            raise self._nobody()
        tasks = [
            {**task, "shard": [shard, self._shards], "done": sorted({*task["done"], *self._merging.received(number)})}
            for number, task in enumerate(self._message["tasks"])
        ]
        self._nodes.place(shard, {**self._message, "tasks": tasks}, {*self._unable, *self._failed[shard]})

    def _left(self, shard: int) -> set[str]:
        """The nodes on which its worker may still be started."""
        return self._nodes.fit().keys() - self._unable.keys() - self._failed[shard]

    def _look(self) -> None:
        """See that whoever waits for a place can get one."""
        for shard in self._going - self._at.keys():
            if not self._left(shard):
                raise self._nobody()

    def _nobody(self) -> RudeError:
        if not self._unable:
            return RudeError("the cluster has no node large enough", fix=f"see that its nodes are there; {_AGAIN}")
        heads = list(self._unable.values())
        more = f" (and {count(len(heads) - 3, 'other node')})" if len(heads) > 3 else ""
        return RudeError(
            f"no node of the cluster can do it: {'; '.join(heads[:3])}{more}",
            fix="models have to be in a folder that every node sees under the same path, or in its Hugging Face cache, "
            "and the program installed alike on all of them",
        )


_AGAIN: Final = "start it again: it goes on where it stopped"
