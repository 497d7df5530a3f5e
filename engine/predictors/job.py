"""Scoring candidates over a trace file: planned, done in the worker, stored as it comes, never done twice."""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from engine.jobs.process import WorkerProcess
from engine.jobs.progress import NoProgress, Phase, Progress, RunState
from engine.predictors.trace_file import TraceSet
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.traces import (
    StoredTraces,
    TraceRun,
    TraceScore,
    add_trace_scores,
    add_traces,
    done_traces,
    open_trace_run,
)
from rubrics.errors import CandidateError, Interrupted, RudeError

if TYPE_CHECKING:
    from engine.candidates.find import Candidate
    from engine.machine.devices import Device

__all__ = ["TraceRequest", "score_candidates"]

_LIBRARIES: Final = ("torch", "transformers", "tokenizers", "bitsandbytes", "flash-attn")
_COMMIT_SECONDS: Final = 0.5


@dataclass(frozen=True)
class TraceRequest:
    """What a person asks for."""

    models: tuple[str, ...]
    """Folders, folders of folders, or hub ids."""
    precision: str = "auto"
    device: str = "auto"
    threads: int | None = None
    attention: str = "auto"
    """As in `engine.jobs.planning.RunRequest`."""
    allow_remote_code: frozenset[str] = frozenset()


def score_candidates(
    store: Store,
    request: TraceRequest,
    traces: TraceSet,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    *,
    fetch: Callable[[str], Path] | None = None,
) -> tuple[RunState, ...]:
    """Score every candidate over the traces, one at a time in a process of its own; blocks.

    What is stored for the same weights, traces and options is not scored again. A candidate that fails is reported in
    its state and the rest go on.

    Raises:
        BadInput: a path or device that does not exist.
        StoreError: nothing can be stored.
        Interrupted: `cancel` was set; what was scored is kept.
    """
    from engine.candidates.find import find
    from engine.machine.devices import resolve_device

    device = resolve_device(request.device)
    candidates = find(request.models, allow_remote_code=request.allow_remote_code, fetch=fetch)
    progress, cancel = progress or NoProgress(), cancel or threading.Event()
    waiting = [
        RunState(key=str(c.path), candidate=c.name, suite=traces.name, protocol="traces", total=len(traces.records))
        for c in candidates
    ]
    progress.started(tuple(waiting))
    add_traces(
        store,
        StoredTraces(traces.hash, traces.name, traces.weighted, traces.masked),
        [record.to_json() for record in traces.records],
    )
    states = []
    for candidate, state in zip(candidates, waiting, strict=True):
        if cancel.is_set():
            break
        try:
            state = _score(store, request, traces, candidate, device, _Shown(state, progress), cancel)
        except RudeError as error:
            bad = isinstance(error, CandidateError)
            state = replace(state, phase=Phase.FAILED, error=str(error), bad_input=bad)
        progress.advanced(state)
        states.append(state)
    progress.finished(tuple(states))
    if cancel.is_set():
        raise Interrupted("stopped", where=traces.name, fix="run the same command again: it goes on where it stopped")
    return tuple(states)


class _Shown:
    """A state and whom to tell when it changes."""

    def __init__(self, state: RunState, progress: Progress) -> None:
        self.state = state
        self._progress = progress

    def change(self, **changes: Any) -> RunState:
        self.state = replace(self.state, **changes)
        self._progress.advanced(self.state)
        return self.state


def _score(
    store: Store, request: TraceRequest, traces: TraceSet, candidate: Candidate, device: Device, shown: _Shown,
    cancel: threading.Event,
) -> RunState:  # fmt: skip
    from engine.machine.precision import fits

    problem = next((problem for problem in candidate.problems if problem.refused), None)
    if problem is not None:
        raise CandidateError(problem.what, where=candidate.name, fix=problem.fix)
    fit = fits(candidate, device, request.precision)
    if fit.precision is None:
        raise CandidateError(fit.reason, where=candidate.name, fix="free memory, or choose a smaller precision")
    shown.change(phase=Phase.HASHING, precision=fit.precision, device=device.spec)
    key = _key(candidate, fit.precision, device, request, traces)
    run_id = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:24]
    save_candidate(store, candidate, key["weights_hash"])
    run = TraceRun(run_id, traces.hash, key["weights_hash"], candidate.name, fit.precision)
    open_trace_run(store, run, key)
    done = done_traces(store, run_id)
    left = [position for position in range(len(traces.records)) if position not in done]
    notes: list[str] = []
    if left:
        with _job(request, candidate, fit.precision, device, traces, left) as job:
            notes = _follow(store, run_id, job, shown, len(done), cancel)
        done = done_traces(store, run_id)
    reasons = [f"{traces.records[at].id}: {why}" for at, why in sorted(done.items()) if why]
    ended = Phase.CANCELLED if cancel.is_set() else Phase.DONE if left else Phase.UP_TO_DATE
    return replace(
        shown.state, run_id=run_id, phase=ended, stage=f"{len(done):,} traces", done=len(done) - len(reasons),
        skipped=len(reasons),
        notes=(*notes, *reasons),
    )  # fmt: skip


def _key(
    candidate: Candidate, precision: str, device: Device, request: TraceRequest, traces: TraceSet
) -> dict[str, Any]:
    from engine.candidates.hashing import config_hash, tokenizer_hash, weights_hash
    from engine.machine.kernels import attention_for, matmul_for
    from engine.machine.paths import digest_dir

    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "traces_hash": traces.hash, "weights_hash": weights_hash(candidate.path, remembered=digest_dir()),
        "tokenizer_hash": tokenizer_hash(candidate.path), "config_hash": config_hash(candidate.path),
        "precision": precision, "device": device.kind, "attention": attention_for(request.attention),
        "matmul": matmul_for(device.kind, precision), "versions": versions,
    }  # fmt: skip


@contextmanager
def _job(
    request: TraceRequest, candidate: Candidate, precision: str, device: Device, traces: TraceSet, left: Sequence[int]
) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="rude-tui-") as folder:
        file = Path(folder) / "traces.jsonl"
        lines = (json.dumps([at, traces.records[at].prompt, traces.records[at].trace]) for at in left)
        file.write_text("\n".join(lines), encoding="utf-8")
        yield {
            "mode": "traces", "model": str(candidate.path), "precision": precision, "device": device.spec,
            "attention": request.attention, "threads": request.threads, "context": candidate.context,
            "traces_file": str(file),
            "trust_remote_code": any(problem.code == "remote_code" for problem in candidate.problems),
        }  # fmt: skip


def _follow(
    store: Store, run_id: str, job: Mapping[str, Any], shown: _Shown, before: int, cancel: threading.Event
) -> list[str]:
    """One worker's life; what it had sent is stored however it ends. Gives what a reader should know."""
    notes: list[str] = []
    pending: list[TraceScore] = []
    committed = time.monotonic()
    began, count = committed, 0
    with WorkerProcess(job) as worker:
        try:
            for event in worker.events(cancel):
                if event["event"] == "phase":
                    shown.change(phase=Phase(event["phase"]))
                    began = time.monotonic()
                elif event["event"] == "notes":
                    notes += event["notes"]
                elif event["event"] == "traces":
                    rows = _rows(event)
                    pending += rows
                    count += len(rows)
                    pace = count / max(1e-9, time.monotonic() - began)
                    of_all = f"{before + count:,} of {shown.state.total:,} traces"
                    shown.change(done=before + count, stage=f"{of_all}, {pace:.0f} a second")
                if time.monotonic() - committed > _COMMIT_SECONDS:
                    add_trace_scores(store, run_id, pending)
                    pending, committed = [], time.monotonic()
        finally:
            pending += [row for event in worker.drain() if event["event"] == "traces" for row in _rows(event)]
            add_trace_scores(store, run_id, pending)
    return notes


def _rows(event: Mapping[str, Any]) -> list[TraceScore]:
    return [
        TraceScore(
            position, None if packed is None else np.frombuffer(base64.b64decode(packed), "<f4"), tuple(lengths), why
        )
        for position, packed, lengths, why in event["rows"]
    ]
