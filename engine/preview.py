"""What a run would send to the model, found out without loading weights."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.process import WorkerProcess, reported
from engine.runs import Plan, PlannedRun, worker_job
from engine.store.verdicts import Skip

__all__ = ["LaidRequest", "LaidRun", "preview", "requests"]


@dataclass(frozen=True)
class LaidRun:
    """The size of one run."""

    total: int
    """Pairs that can be scored."""
    tokens: int
    """In all requests together, shared beginnings counted each time."""
    skipped: tuple[Skip, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class LaidRequest:
    """One request exactly as it will be scored."""

    json: dict[str, Any]
    """The contract's object: pair, protocol, view, ids, scored span, label ids."""
    tokens: tuple[str, ...]
    """Each id as text."""


def preview(plan: Plan) -> Iterator[tuple[PlannedRun, LaidRun]]:
    """Tokenise everything that is planned, in worker processes.

    Raises:
        RudeError: a tokenizer cannot be used.
    """
    for run in plan.runs:
        for event in _events(plan, run, "plan"):
            if event["event"] == "laid":
                skipped = tuple(Skip(*skip) for skip in event["skipped"])
                yield run, LaidRun(event["total"], event["tokens"], skipped, tuple(event["notes"]))


def requests(plan: Plan, pair_ids: Sequence[str] = ()) -> Iterator[tuple[PlannedRun, LaidRequest | LaidRun]]:
    """Every request of every planned run, then that run's size.

    Args:
        pair_ids: only these; none means all.

    Raises:
        RudeError: a tokenizer cannot be used.
    """
    for run in plan.runs:
        for event in _events(plan, run, "layout", pair_ids):
            if event["event"] == "request":
                yield run, LaidRequest(event["request"], tuple(event["tokens"]))
            elif event["event"] == "laid":
                skipped = tuple(Skip(*skip) for skip in event["skipped"])
                yield run, LaidRun(event["total"], event["tokens"], skipped, tuple(event["notes"]))


def _events(plan: Plan, run: PlannedRun, mode: str, pair_ids: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    with (
        worker_job(plan.request, [run], [set()], mode=mode, pair_ids=pair_ids) as job,
        WorkerProcess(job) as worker,
    ):
        for event in worker.events(threading.Event()):
            if event["event"] == "task_failed":
                raise reported(event)
            yield event
