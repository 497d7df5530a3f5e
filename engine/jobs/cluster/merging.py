"""The events of several workers that share one candidate's tasks, as one worker would have sent them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["Event", "Merging"]

Event = dict[str, Any]

_FURTHEST_FIRST: Final = ("scoring", "loading", "tokenising")


class Merging:
    """Takes events in, shard by shard, and gives what follows for the whole.

    A task has ended when every shard is through with its part; it has then failed if a part of it has.

    Args:
        tasks: how many the message has.
        shards: how many workers share them.
    """

    def __init__(self, tasks: int, shards: int) -> None:
        self._tasks, self._shards = range(tasks), range(shards)
        self._through: list[set[int]] = [set() for _ in self._tasks]
        """For each task, the shards that are through with it."""
        self._laid = [False] * tasks
        self._ended = [False] * tasks
        self._failures: dict[int, Event] = {}
        self._received: list[set[str]] = [set() for _ in self._tasks]
        self._facts: list[dict[tuple[int, int], Mapping[str, Any]]] = [{} for _ in self._tasks]
        """For each task, what its work has cost, by shard and by how often that had been begun."""
        self._times = [0] * shards
        self._phases: list[dict[int, str]] = [{} for _ in self._shards]
        """For each shard that has been begun, the phase of its tasks."""
        self._shown: dict[int, str] = {}
        self._loaded: Mapping[str, Any] = {}
        self._at = [""] * shards
        self._nodes: dict[str, None] = {}
        """Those that have taken work, in that order."""
        self._held = False

    def received(self, task: int) -> set[str]:
        """Ids of the pairs of a task whose verdicts have come."""
        return self._received[task]

    def begun(self, shard: int, node: str) -> None:
        """A worker has been started for a shard, on a node of that name."""
        self._times[shard] += 1
        self._at[shard] = node

    def lost(self, shard: int) -> Iterator[Event]:
        """Its worker has gone."""
        self._phases[shard] = {}
        yield from self._moved()

    def held(self, wait: bool) -> Iterator[Event]:
        """Workers have been asked to wait, or to go on."""
        self._held = wait
        yield from self._moved()

    def take(self, shard: int, event: Mapping[str, Any]) -> Iterator[Event]:
        """One event of a shard's worker."""
        if (node := self._at[shard]) not in self._nodes:
            self._nodes[node] = None
            yield {"event": "placed", "nodes": list(self._nodes)}
        match event["event"]:
            case "phase":
                of = [event["task"]] if "task" in event else list(self._tasks)
                self._phases[shard].update(dict.fromkeys(of, event["phase"]))
                yield from self._moved()
            case "loaded":
                self._loaded = self._loaded or event["facts"]
                yield {"event": "loaded", "facts": {**self._loaded, "nodes": list(self._nodes)}}
            case "laid":
                yield from self._take_laid(shard, event)
            case "verdicts":
                task = event["task"]
                self._received[task].update(row["verdict"]["pair_id"] for row in event["rows"])
                yield {**event, "facts": self._cost(shard, task, event["facts"])}
            case "task_failed":
                self._failures.setdefault(event["task"], dict(event))
                yield from self._end(shard, event["task"])
            case "task_done":
                self._cost(shard, event["task"], event["facts"])
                yield from self._end(shard, event["task"])
            case _:
                yield dict(event)

    def _take_laid(self, shard: int, event: Mapping[str, Any]) -> Iterator[Event]:
        task = event["task"]
        if not self._laid[task]:
            self._laid[task] = True
            # One that has nothing left at all is ended by whoever hears so.
            self._ended[task] = not event["left"]
            yield dict(event)
        if not event["own"]:
            yield from self._end(shard, task)

    def _cost(self, shard: int, task: int, facts: Mapping[str, Any]) -> Event:
        self._facts[task][shard, self._times[shard]] = facts
        return self._costs(task)

    def _costs(self, task: int) -> Event:
        """Of all that have worked on it: tokens and seconds of work in all, the memory of the largest."""
        every = self._facts[task].values()
        notes = dict.fromkeys(note for facts in every for note in facts["notes"])
        return {
            **{name: sum(facts[name] for facts in every) for name in ("tokens", "distinct_tokens", "seconds")},
            "memory": max((facts["memory"] for facts in every), default=0), "notes": list(notes),
        }  # fmt: skip

    def _end(self, shard: int, task: int) -> Iterator[Event]:
        self._through[task].add(shard)
        yield from self._moved()
        if self._ended[task] or len(self._through[task]) < len(self._shards):
            return
        self._ended[task] = True
        yield self._failures.get(task) or {"event": "task_done", "task": task, "facts": self._costs(task)}

    def _moved(self) -> Iterator[Event]:
        for task in self._tasks:
            phase = "" if self._ended[task] else self._phase(task)
            if phase and self._shown.get(task) != phase:
                self._shown[task] = phase
                yield {"event": "phase", "task": task, "phase": phase}

    def _phase(self, task: int) -> str:
        at = {
            phases[task]
            for shard, phases in enumerate(self._phases)
            if task in phases and shard not in self._through[task]
        }
        if self._held and at <= {"paused"}:
            return "paused"
        if not at:
            return "queued" if self._shown.get(task) == "paused" else ""
        return next((phase for phase in _FURTHEST_FIRST if phase in at), "paused")
