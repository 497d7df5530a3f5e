"""Events of several workers, as one worker would have sent them."""

from __future__ import annotations

from typing import Any

from nodes import cost

from engine.jobs.cluster.merging import Merging


def phases(merging: Merging, shard: int, phase: str, **task: int) -> list[tuple[int, str]]:
    events = merging.take(shard, {"event": "phase", "phase": phase, **task})
    return [(event["task"], event["phase"]) for event in events if event["event"] == "phase"]


def begun(tasks: int, shards: int) -> Merging:
    merging = Merging(tasks, shards)
    for shard in range(shards):
        merging.begun(shard, f"n{shard}")
    return merging


def end(merging: Merging, shard: int, task: int, event: str = "task_done", **fields: Any) -> list[dict[str, Any]]:
    return list(merging.take(shard, {"event": event, "task": task, "facts": cost(1), **fields}))


def test_a_task_is_where_its_furthest_worker_is() -> None:
    merging = begun(2, 2)
    assert phases(merging, 0, "tokenising") == [(0, "tokenising"), (1, "tokenising")]
    assert phases(merging, 0, "loading") == [(0, "loading"), (1, "loading")]
    assert phases(merging, 1, "tokenising") == []
    assert phases(merging, 1, "scoring", task=0) == [(0, "scoring")]
    assert [e["phase"] for e in merging.lost(1)] == ["loading"], "what the other one is at"


def test_a_task_is_paused_once_all_at_work_on_it_are() -> None:
    merging = begun(1, 3)
    assert phases(merging, 0, "scoring", task=0) == [(0, "scoring")]
    assert phases(merging, 1, "scoring", task=0) == []
    assert list(merging.held(True)) == []
    assert phases(merging, 0, "paused", task=0) == []
    assert phases(merging, 1, "paused", task=0) == [(0, "paused")]
    assert list(merging.held(False)) == []
    assert phases(merging, 0, "scoring", task=0) == [(0, "scoring")]


def test_workers_that_wait_for_a_place_are_paused_and_queued_again() -> None:
    merging = Merging(1, 2)
    assert list(merging.held(True)) == [{"event": "phase", "task": 0, "phase": "paused"}]
    assert list(merging.held(False)) == [{"event": "phase", "task": 0, "phase": "queued"}]


def test_a_task_fails_if_a_part_of_it_has_and_not_before_all_parts_have_ended() -> None:
    merging = begun(1, 2)
    assert not [e for e in end(merging, 0, 0, "task_failed", what="three pairs wait") if e["event"] == "task_failed"]
    assert end(merging, 1, 0)[-1]["what"] == "three pairs wait"


def test_what_has_nothing_left_is_ended_by_whoever_hears_it() -> None:
    merging = begun(1, 2)
    laid = {"event": "laid", "task": 0, "total": 3, "left": 0, "own": 0}
    assert [e["event"] for e in merging.take(0, laid)] == ["placed", "laid"]
    assert [e["event"] for e in merging.take(1, laid)] == ["placed"]


def test_loaded_names_the_nodes_so_far() -> None:
    merging = begun(1, 2)
    facts = [
        event["facts"]
        for shard in (0, 1)
        for event in merging.take(shard, {"event": "loaded", "facts": {"attention": "sdpa", "seconds": shard}})
        if event["event"] == "loaded"
    ]
    assert facts == [
        {"attention": "sdpa", "seconds": 0, "nodes": ["n0"]},
        {"attention": "sdpa", "seconds": 0, "nodes": ["n0", "n1"]},
    ]
