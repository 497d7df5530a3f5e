"""Workers on the nodes of a Ray cluster against one worker here: `make cluster`.

Two nodes on this machine score a bundled candidate; its verdicts are held against those of a plain run, then again with
one node killed in mid-run, then with a node that does not see the model. Then what a large cluster would wait for is
measured piece by piece, and from that the published study is counted on paper.

    python -m benchmarks.cluster [--no-pieces]

Exits 1 where a verdict is another one than the plain run's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.app.store import made_suite
from benchmarks.local_cluster import LocalCluster, can_blind, local_cluster
from benchmarks.study import on_paper
from data.bundled import bundled_models
from engine.jobs.child import EventLines, Events, Gate
from engine.jobs.cluster.merging import Event
from engine.jobs.cluster.spreading import spread
from engine.jobs.inside import inside
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.progress import Phase, RunState
from engine.jobs.runs import RunRequest
from engine.layout.requests import TokenScores
from engine.store.connection import Store
from engine.store.runs import stored_runs
from engine.store.verdicts import load_verdicts
from rubrics.reading import write_suite

Verdicts = dict[int, tuple[float, float]]

PAIRS: Final = 28_683
"""As the published study has."""
_BATCH: Final = 50
_RESPONSE: Final = 300
"""Tokens of a response where token scores are kept."""
_ALLOWED: Final = 1e-3
"""Nats of a response, where part of a batch was scored by another worker."""


class Watch:
    """Does something once, as soon as so many pairs are done."""

    def __init__(self, pairs: int, then: Callable[[], object]) -> None:
        self._pairs, self._then = pairs, then
        self.began = time.monotonic()
        self.scoring = self.lost = 0.0
        self.thread: threading.Thread | None = None

    def started(self, states: tuple[RunState, ...]) -> None:
        """See `Progress`."""

    def finished(self, states: tuple[RunState, ...]) -> None:
        """See `Progress`."""

    def advanced(self, state: RunState) -> None:
        """See `Progress`."""
        if state.done and not self.scoring:
            self.scoring = time.monotonic() - self.began
        if self.thread is None and self._pairs and state.done >= self._pairs:
            self.thread = threading.Thread(target=self._then)
            self.thread.start()


def asked(model: Path, suite: str, ray: str) -> RunRequest:
    """One candidate on a suite, with a core for each worker."""
    return RunRequest((str(model),), (suite,), ("likelihood",), device="cpu", threads=1, ray=ray)


def scored(place: Path, model: Path, ray: str = "", watch: Watch | None = None) -> tuple[Verdicts, RunState, float]:
    """What a run of its own stores, how it ended, and the seconds it took."""
    store = Store(place)
    planned = plan(store, asked(model, "world", ray))
    began = time.monotonic()
    (state,) = perform(store, planned, watch)
    seconds = time.monotonic() - began
    if state.phase is not Phase.DONE:
        raise SystemExit(f"{state.phase}: {state.error}")
    (run,) = stored_runs(store)
    columns = load_verdicts(store, "likelihood", [run.run_id])[run.run_id]
    rows = zip(columns.position.tolist(), columns.ll_chosen.tolist(), columns.ll_rejected.tolist(), strict=True)
    return {place: (chosen, rejected) for place, chosen, rejected in rows}, state, seconds


def compared(name: str, found: Verdicts, plain: Verdicts, allowed: float) -> bool:
    """Print how far verdicts are from those of the plain run; whether that is as it should be."""
    other = sum(found.get(place) != verdict for place, verdict in plain.items())
    turned = sum((found[p][0] > found[p][1]) != (plain[p][0] > plain[p][1]) for p in plain if p in found)
    pairs = [p for p in plain if p in found]
    furthest = max(abs(a - b) for p in pairs for a, b in zip(found[p], plain[p], strict=True))
    print(
        f"{name}: {len(found)} of {len(plain)} pairs stored, {turned} decided otherwise, {other} not the same to the "
        f"last bit, at most {furthest:.1e} nats apart"
    )
    return found.keys() == plain.keys() and not turned and furthest <= allowed


def on_two_nodes(folder: Path, cluster: LocalCluster, model: Path) -> bool:
    """The plain run, the same on two nodes, and with one of them killed."""
    plain, _, alone = scored(folder / "plain.duckdb", model)
    began = time.monotonic()
    plan(Store(folder / "asked.duckdb"), asked(model, "world", cluster.address))
    print(f"to join the cluster and ask its nodes what they have: {time.monotonic() - began:.1f} s")
    watch = Watch(0, lambda: None)
    found, _, seconds = scored(folder / "nodes.duckdb", model, cluster.address, watch)
    print(
        f"one worker here: {alone:.1f} s; two nodes with a core each: {seconds:.1f} s, of which {watch.scoring:.1f} s "
        "until the first verdict"
    )
    good = compared("two nodes", found, plain, 0.0)
    watch = Watch(len(plain) // 4, cluster.remove)
    found, state, seconds = scored(folder / "killed.duckdb", model, cluster.address, watch)
    cluster.add()
    print(f"a node killed after {len(plain) // 4} pairs: {seconds:.1f} s; {'; '.join(state.notes[1:])}")
    return compared("one of them killed", found, plain, _ALLOWED) and good


def half_blind(folder: Path, model: Path) -> bool:
    """Two nodes, one of which does not see the model."""
    plain, _, _ = scored(folder / "seen.duckdb", model)
    with local_cluster(1) as cluster:
        cluster.add_blind(model.parent)
        found, state, seconds = scored(folder / "blind.duckdb", model, cluster.address)
    print(f"one of two does not see the model: {seconds:.1f} s; {'; '.join(state.notes[1:])}")
    return compared("the other one alone", found, plain, 0.0)


def rows_of(pair_ids: list[str], *, tokens: bool) -> list[dict[str, Any]]:
    """Verdicts as a worker sends them, with random numbers; all with the same token scores."""
    rng = np.random.default_rng(0)
    packed = ""
    if tokens:
        import base64

        scores = TokenScores(
            *(rng.normal(size=_RESPONSE).astype(kind) for kind in ("f4", "i4", "f4", "f4")),
            wanted=tuple("" if number % 3 else "other" for number in range(_RESPONSE)),
        )
        packed = base64.b64encode(scores.to_bytes()).decode()
    values = rng.normal(-400, 50, size=(len(pair_ids), 2)).round(4).tolist()
    kept = [[view, packed, [4] * _RESPONSE] for view in ("chosen", "rejected")] if tokens else []
    return [
        {
            "verdict": {
                "pair_id": pair_id, "ll_chosen": chosen, "ll_rejected": rejected, "tokens_chosen": _RESPONSE,
                "tokens_rejected": _RESPONSE, "bytes_chosen": 4 * _RESPONSE, "bytes_rejected": 4 * _RESPONSE,
            },
            "tokens": kept,
        }
        for pair_id, (chosen, rejected) in zip(pair_ids, values, strict=True)
    ]  # fmt: skip


def batches_of(rows: list[dict[str, Any]]) -> Iterator[Event]:
    """The same as events."""
    facts = {"tokens": 1, "distinct_tokens": 1, "seconds": 1.0, "memory": 1, "notes": []}
    for begin in range(0, len(rows), _BATCH):
        yield {"event": "verdicts", "task": 0, "rows": rows[begin : begin + _BATCH], "facts": facts}
    yield {"event": "task_done", "task": 0, "facts": facts}


def writer_rate(folder: Path, model: Path, suite: Path, rows: list[dict[str, Any]]) -> float:
    """Verdicts a second that the one writer takes in: read as JSON, checked, counted, stored."""
    store = Store(folder / f"writer{len(rows)}.duckdb")
    planned = plan(store, asked(model, str(suite), ""))

    def replay(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        laid = {"task": 0, "total": PAIRS, "left": PAIRS, "notes": [], "skipped": []}
        events.send("laid", **laid)
        for event in batches_of(rows):
            events.send(**event)

    began = time.monotonic()
    perform(store, planned, runner=inside(replay))
    return len(rows) / (time.monotonic() - began)


class Replay:
    """One node whose worker says at once what has been made ready."""

    def __init__(self, events: list[Event]) -> None:
        self._events = events

    def place(self, shard: int, message: Mapping[str, Any], avoid: Collection[str]) -> None:
        """See `Nodes`."""

    def fit(self) -> dict[str, str]:
        """See `Nodes`."""
        return {"n": "n"}

    def hear(self) -> Iterator[tuple[int, Event]]:
        """See `Nodes`."""
        yield 0, {"event": "begun", "id": "n", "name": "n"}
        yield 0, {"event": "laid", "task": 0, "total": PAIRS, "left": PAIRS, "own": PAIRS}
        for event in self._events:
            yield 0, event
        yield 0, {"event": "bye"}

    def tell(self, shard: int, word: str) -> None:
        """See `Nodes`."""


def gatherer_rate(rows: list[dict[str, Any]]) -> float:
    """Verdicts a second that a candidate's process on the head takes from nodes and sends on as lines."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        lines = EventLines(nowhere)
        began = time.monotonic()
        message = {"tasks": [{"done": [], "limit": None}]}
        spread(message, 1, Replay(list(batches_of(rows))), lines, Gate(lines))
        return len(rows) / (time.monotonic() - began)


def over_ray(address: str, rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Verdicts a second that come from one node, and bytes a second of a suite that go to one."""
    import ray

    ray.init(address=address, log_to_driver=False, logging_level="error")

    class Sender:
        def __init__(self, rows: list[dict[str, Any]]) -> None:
            self._rows = rows

        def hear(self, begin: int) -> list[dict[str, Any]]:
            return self._rows[begin : begin + _BATCH]

        def take(self, suite: bytes) -> int:
            return len(suite)

    sender = ray.remote(Sender).options(num_cpus=1).remote(rows)
    ray.get(sender.hear.remote(0))
    began = time.monotonic()
    for begin in range(0, len(rows), _BATCH):
        ray.get(sender.hear.remote(begin))
    rate = len(rows) / (time.monotonic() - began)
    suite = os.urandom(64 << 20)
    began = time.monotonic()
    ray.get(sender.take.remote(ray.put(suite)))
    speed = len(suite) / (time.monotonic() - began)
    ray.shutdown()
    return rate, speed


def pieces(folder: Path, cluster: LocalCluster, model: Path) -> None:
    """What a cluster would wait for, piece by piece, and the study on paper."""
    suite = made_suite(PAIRS)
    path = folder / "study.jsonl"
    write_suite(path, suite.pairs)
    ids = [pair.id for pair in suite.pairs]
    slowest = float("inf")
    for name, rows in {
        "verdicts alone": rows_of(ids, tokens=False),
        f"verdicts with the token scores of two responses of {_RESPONSE}": rows_of(ids[:3000], tokens=True),
    }.items():
        size = sum(len(str(row)) for row in rows[:100]) / 100
        write, gather = writer_rate(folder, model, path, rows), gatherer_rate(rows)
        carry, spread_out = over_ray(cluster.address, rows)
        slowest = min(slowest, write, gather, carry)
        print(
            f"{name} ({size:,.0f} bytes each): the writer stores {write:,.0f} a second, a candidate's process gathers "
            f"{gather:,.0f}, Ray carries {carry:,.0f} from a node; a suite reaches a node with "
            f"{spread_out / 2**20:,.0f} MiB a second"
        )
    print(on_paper(slowest))


def main() -> int:
    """Score, kill, compare, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-pieces", action="store_true")
    told = parser.parse_args()
    ours = next(path for path in bundled_models() if path.name == "llama-loch-0.8m")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = Path(shutil.copytree(ours, folder / "models" / ours.name))
        began = time.monotonic()
        with local_cluster(2) as cluster:
            print(f"head and two nodes on this machine: {time.monotonic() - began:.1f} s")
            good = on_two_nodes(folder, cluster, model)
            if not told.no_pieces:
                pieces(folder, cluster, model)
        if can_blind():
            good &= half_blind(folder, model)
        else:
            print("no process can be started here to which a folder is empty: a node that is blind to it was not tried")
    return int(not good)


if __name__ == "__main__":
    raise SystemExit(main())
