"""Candidates over a trace file, a kind of job: one process a candidate, stored as it comes, never done twice."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from engine.jobs.job import COMMIT_SECONDS, Job, Refused, Turn, WorkerTurn
from engine.jobs.keys import file_hashes, key_hash, model_causes
from engine.jobs.progress import Phase, Progress, RunState
from engine.jobs.states import States
from engine.predictors.planning import ReadingRequest, plan_each, usable_precision
from engine.predictors.trace_file import TraceSet
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.runs import Status
from engine.store.traces import (
    StoredTraces,
    TraceRun,
    TraceScore,
    add_trace_scores,
    add_traces,
    close_trace_run,
    done_traces,
    open_trace_run,
)
from rubrics.counted import count
from rubrics.errors import RudeError
from rubrics.scratch import scratch_folder

if TYPE_CHECKING:
    from engine.candidates.find import Candidate
    from engine.machine.devices import Device

__all__ = ["PlannedTraces", "TraceJob", "plan_traces"]


@dataclass(frozen=True)
class PlannedTraces:
    """One candidate over a trace file."""

    run: TraceRun
    candidate: Candidate
    device: str
    key: Mapping[str, Any]
    """Everything that produces the numbers; the run's id is its hash."""
    traces: TraceSet
    done: Mapping[int, str | None]
    """Positions from earlier, and why those were skipped that were."""

    @property
    def left(self) -> list[int]:
        """Positions still to score."""
        return [position for position in range(len(self.traces.records)) if position not in self.done]

    @property
    def state(self) -> RunState:
        """Its first snapshot."""
        return RunState(
            key=self.run.run_id, run_id=self.run.run_id, candidate=self.candidate.name, suite=self.traces.name,
            protocol="traces", precision=self.run.precision, device=self.device, total=len(self.traces.records),
            phase=Phase.QUEUED if self.left else Phase.UP_TO_DATE, **self.account(self.done),
        )  # fmt: skip

    def account(self, done: Mapping[int, str | None]) -> dict[str, Any]:
        """How much is done, as changes of a state."""
        reasons = tuple(f"{self.traces.records[at].id}: {why}" for at, why in sorted(done.items()) if why)
        stage = count(len(done), "trace") if done else ""
        return {"done": len(done) - len(reasons), "skipped": len(reasons), "notes": reasons, "stage": stage}


@dataclass(frozen=True)
class TraceJob(Job):
    """Every candidate over one trace file, one at a time."""

    request: ReadingRequest
    traces: TraceSet
    runs: tuple[PlannedTraces, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        """See `Job`."""
        return tuple(run.state for run in self.runs)

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        """See `Job`."""
        for run in self.runs:
            if run.left:
                yield TraceTurn(store, self.request, run, states)


def plan_traces(
    store: Store,
    request: ReadingRequest,
    traces: TraceSet,
    progress: Progress | None = None,
    *,
    fetch: Callable[[str], Path] | None = None,
) -> TraceJob:
    """What would be done. What is stored for the same weights, traces and options is not scored again.

    Args:
        progress: told which candidate's weights are hashed.
        fetch: gets a hub id that is not in the cache; None: such a model is an error.

    Raises:
        BadInput: a path or device that does not exist, or no candidate that can be scored.
    """

    def plan_one(candidate: Candidate, device: Device) -> tuple[str, PlannedTraces]:
        one = _planned(store, request, traces, candidate, device)
        return one.run.run_id, one

    return TraceJob(request, traces, *plan_each(store, request, progress, fetch, plan_one))


def _planned(
    store: Store, request: ReadingRequest, traces: TraceSet, candidate: Candidate, device: Device
) -> PlannedTraces:
    precision = usable_precision(candidate, device, request.precision, request.memory)
    key = {"traces_hash": traces.hash, **model_causes(candidate, precision, device, request.attention)}
    run = TraceRun(
        key_hash(key), traces.hash, key["weights_hash"], candidate.name, precision, key["tokenizer_hash"],
        key["config_hash"],
    )  # fmt: skip
    return PlannedTraces(run, candidate, device.spec, key, traces, done_traces(store, run.run_id))


class TraceTurn(WorkerTurn):
    """One candidate, in a process of its own; what it had sent is stored however it ends."""

    KEPT: ClassVar[Collection[str]] = ("traces", "cost")

    def __init__(self, store: Store, request: ReadingRequest, planned: PlannedTraces, states: States) -> None:
        super().__init__([planned.run.run_id], states)
        self._store, self._request, self._planned = store, request, planned
        self._run_id = planned.run.run_id
        self._notes: tuple[str, ...] = ()
        self._pending: list[TraceScore] = []
        self._committed = self._began = time.monotonic()
        self._scored = 0
        self._cost: Mapping[str, float] = {}

    def claim(self) -> bool:
        """See `Turn`."""
        owner = open_trace_run(self._store, self._planned.run, self._planned.key, take_over=self.take_over)
        if owner is not None:
            self.states.update(self._run_id, phase=Phase.BUSY, error=str(owner.busy("reading these traces")))
            return False
        traces = self._planned.traces
        add_traces(
            self._store,
            StoredTraces(traces.hash, traces.name, traces.weighted, traces.masked),
            [record.to_json() for record in traces.records],
        )
        save_candidate(self._store, self._planned.candidate, self._planned.run.weights_hash)
        # What was stored when it was planned may have been forgotten since; from now on it cannot be.
        self._planned = replace(self._planned, done=done_traces(self._store, self._run_id))
        return True

    @contextmanager
    def message(self) -> Iterator[dict[str, Any]]:
        """See `WorkerTurn`."""
        planned, request = self._planned, self._request
        records = planned.traces.records
        with scratch_folder() as folder:
            file = folder / "traces.jsonl"
            lines = (json.dumps([at, records[at].prompt, records[at].trace]) for at in planned.left)
            file.write_text("\n".join(lines), encoding="utf-8")
            yield {
                "kind": "traces", "model": str(planned.candidate.path), "precision": planned.run.precision,
                "device": planned.device, "attention": request.attention, "threads": request.threads,
                "memory": request.memory,
                "context": planned.candidate.context, "vocabulary": planned.candidate.vocab_size or None,
                "parameters": planned.candidate.parameters, "traces_file": str(file),
                "trust_remote_code": planned.candidate.runs_own_code,
                "hashes": file_hashes(planned.key), "concurrency": request.concurrency,
                "served": asdict(planned.candidate.served) if planned.candidate.served is not None else None,
            }  # fmt: skip

    def handle(self, event: Mapping[str, Any]) -> None:
        """See `WorkerTurn`."""
        match event["event"]:
            case "notes":
                self._notes += tuple(event["notes"])
            case "traces":
                self._take(event)
            case "cost":
                self._cost = event["cost"]
            case "phase":
                self._began = time.monotonic()
                super().handle(event)

    def close(self, phase: Phase, failure: RudeError | None) -> None:
        """Store what has come, and say how much there is now."""
        self._commit()
        account = self._planned.account(done_traces(self._store, self._run_id))
        self.states.update(self._run_id, **{**account, "notes": (*self._notes, *self.warnings, *account["notes"])})
        close_trace_run(self._store, self._run_id, Status(str(phase)), self._cost, error=str(failure or ""))
        super().close(phase, failure)

    def _take(self, event: Mapping[str, Any]) -> None:
        rows = [
            TraceScore(position, None if packed is None else base64.b64decode(packed), tuple(lengths), why)
            for position, packed, lengths, why in event["rows"]
        ]
        self._pending += rows
        self._scored += len(rows)
        pace = self._scored / max(1e-9, time.monotonic() - self._began)
        done = len(self._planned.done) + self._scored
        of_all = f"{done:,} of {len(self._planned.traces.records):,} traces"
        self.states.update(self._run_id, done=done, stage=f"{of_all}, {pace:.0f} a second")
        if time.monotonic() - self._committed > COMMIT_SECONDS:
            self._commit()

    def _commit(self) -> None:
        add_trace_scores(self._store, self._run_id, self._pending)
        self._pending, self._committed = [], time.monotonic()
