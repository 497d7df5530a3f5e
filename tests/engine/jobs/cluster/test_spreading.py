"""A candidate's work on several nodes: every pair comes once, whatever nodes do."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nodes import SimulatedNodes

from engine.jobs.child import Gate
from engine.jobs.cluster.spreading import shards_for, spread
from rubrics.errors import Exit, RudeError

PAIRS = [f"p{number}" for number in range(11)]


class Heard:
    """What a job would hear, and a gate that it may close."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.gate = Gate(self)

    def send(self, event: str, **fields: Any) -> None:
        self.events.append({"event": event, **fields})

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] == kind]

    def pairs(self, task: int = 0) -> list[str]:
        return [r["verdict"]["pair_id"] for e in self.of("verdicts") if e["task"] == task for r in e["rows"]]


def message(tasks: int = 1, done: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"kind": "score", "model": "m", "tasks": [{"done": list(done), "limit": None} for _ in range(tasks)]}


def spread_on(nodes: SimulatedNodes, shards: int = 2, **how: Any) -> Heard:
    heard = Heard()
    spread(message(**how), shards, nodes, heard, heard.gate)
    return heard


def test_shards_share_the_pairs_and_are_told_as_one() -> None:
    heard = spread_on(SimulatedNodes(PAIRS, {"ash": [], "elm": []}), tasks=2, done=("p0", "p3"))
    for task in (0, 1):
        assert sorted(heard.pairs(task)) == sorted(set(PAIRS) - {"p0", "p3"})
    assert [(event["task"], event["left"]) for event in heard.of("laid")] == [(0, 9), (1, 9)]
    assert [event["task"] for event in heard.of("task_done")] == [0, 1]
    assert heard.of("placed")[-1]["nodes"] == ["ash", "elm"]
    facts = heard.of("task_done")[0]["facts"]
    # Nine pairs in all; the larger shard had five of them.
    assert (facts["tokens"], facts["distinct_tokens"], facts["seconds"], facts["memory"]) == (90, 63, 4.5, 105)


def test_a_node_that_dies_costs_its_unfinished_pairs_only() -> None:
    nodes = SimulatedNodes(PAIRS, {"ash": [4], "elm": []})
    heard = spread_on(nodes)
    assert Counter(heard.pairs()) == Counter(PAIRS)
    assert nodes.placed == [(0, "ash"), (1, "elm"), (0, "elm")]
    (warned,) = heard.of("warned")
    assert warned["words"] == (
        "a worker on node ash was lost, and its unfinished pairs go elsewhere: its node has died"
    )
    # What the lost worker did has been paid for, once.
    assert heard.of("task_done")[0]["facts"]["tokens"] == 110


def test_a_node_that_cannot_says_so_once_and_another_is_tried() -> None:
    nodes = SimulatedNodes(PAIRS, {"ash": ["blind", "blind"], "elm": []})
    heard = spread_on(nodes, shards=3)
    assert Counter(heard.pairs()) == Counter(PAIRS)
    assert [event["words"] for event in heard.of("warned")] == ["node ash was passed over: it cannot see the model"]
    assert {name for _, name in nodes.placed[3:]} == {"elm"}
    assert heard.of("placed")[-1]["nodes"] == ["elm"]


def test_no_node_that_can_is_an_error_with_what_each_said() -> None:
    nodes = SimulatedNodes(PAIRS, {"ash": ["blind"] * 2, "elm": ["blind"] * 2})
    with pytest.raises(RudeError, match="ash: it cannot see the model; elm: it cannot see the model"):
        spread_on(nodes)


def test_a_worker_that_fails_everywhere_fails_with_its_own_words_after_three_nodes() -> None:
    nodes = SimulatedNodes(PAIRS, {name: ["fails"] * 9 for name in ("ash", "elm", "fir", "oak")})
    with pytest.raises(RudeError, match="it broke"):
        spread_on(nodes, shards=1)
    assert [name for _, name in nodes.placed] == ["ash", "elm", "fir"]


def test_what_is_wrong_with_the_candidate_is_not_tried_elsewhere() -> None:
    nodes = SimulatedNodes(PAIRS, {"ash": ["refuses"], "elm": []})
    with pytest.raises(RudeError) as caught:
        spread_on(nodes, shards=1)
    assert caught.value.exit_code is Exit.BAD_INPUT
    assert len(nodes.placed) == 1


def test_pause_reaches_whoever_is_at_work_and_whoever_begins_meanwhile() -> None:
    heard = Heard()

    class Pausing(SimulatedNodes):
        asked = 0

        def hear(self) -> Any:
            self.asked += 1
            if self.asked == 4:
                heard.gate.hear("pause")
            if self.asked == 7:
                heard.gate.hear("go on")
            return super().hear()

    nodes = Pausing(PAIRS, {"ash": [3], "elm": []})
    spread(message(), 2, nodes, heard, heard.gate)
    assert Counter(heard.pairs()) == Counter(PAIRS)
    # The first shard's worker was lost while all waited, and the one begun for it was told to wait as well.
    assert nodes.words == [(0, "pause"), (1, "pause"), (0, "pause"), (1, "go on"), (0, "go on")]


@given(
    fates=st.lists(st.lists(st.integers(0, 12), max_size=2), min_size=3, max_size=5),
    shards=st.integers(1, 4),
    done=st.sets(st.sampled_from(PAIRS)),
)
def test_every_pair_comes_once_and_every_task_ends_once(fates: list[list[int]], shards: int, done: set[str]) -> None:
    nodes = SimulatedNodes(PAIRS, {f"n{number}": fate for number, fate in enumerate(fates)})
    heard = Heard()
    try:
        spread(message(2, tuple(sorted(done))), shards, nodes, heard, heard.gate)
        whole = True
    except RudeError:
        # Only where a shard was lost as often as it may be.
        assert max(Counter(shard for shard, _ in nodes.placed).values()) >= 3
        whole = False
    for task in (0, 1):
        pairs = Counter(heard.pairs(task))
        assert set(pairs.values()) <= {1}
        if whole:
            assert pairs.keys() == set(PAIRS) - done
            ends = [event for event in heard.of("task_done") if event["task"] == task]
            assert len(ends) == (set(PAIRS) != done)
            assert all(end["facts"]["tokens"] == 10 * len(pairs) for end in ends)


@pytest.mark.parametrize(
    "most, size, limit, done, expected",
    [(64, 28_683, None, 0, 64), (8, 480, None, 0, 3), (8, 480, 100, 0, 1), (8, 480, None, 400, 1), (2, 0, None, 0, 1)],
)
def test_a_shard_is_worth_loading_a_model_for(
    most: int, size: int, limit: int | None, done: int, expected: int
) -> None:
    task = {"done": list(range(done)), "limit": limit}
    assert shards_for({"tasks": [task]}, most, [size]) == expected
