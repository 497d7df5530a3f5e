"""What a run would send to the model, found out without loading weights."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.jobs.process import WorkerProcess
from engine.jobs.runs import Plan, PlannedRun, by_candidate
from engine.jobs.score import scoring_message
from engine.store.verdicts import Skip
from rubrics.errors import RudeError

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


def preview(
    plan: Plan,
    cancel: threading.Event | None = None,
    failed: Callable[[PlannedRun, RudeError], object] | None = None,
) -> Iterator[tuple[PlannedRun, LaidRun]]:
    """Tokenise everything that is planned, one worker process for each candidate.

    Args:
        cancel: once set, nothing more comes.
        failed: told of each run that cannot be laid out, in place of an error.

    Raises:
        RudeError: a tokenizer cannot be used, and no `failed` is there to be told.
    """
    cancel = cancel or threading.Event()
    for runs in by_candidate(plan.runs):
        pending = list(runs)
        try:
            for event in _events(plan, runs, "plan", cancel=cancel):
                run = runs[event["task"]] if "task" in event else runs[0]
                if event["event"] == "laid":
                    pending.remove(run)
                    yield run, _laid(event)
                elif event["event"] == "task_failed":
                    pending.remove(run)
                    if failed is None:
                        raise RudeError.of_json(event)
                    failed(run, RudeError.of_json(event))
        except RudeError as error:
            if failed is None:
                raise
            for run in pending:
                failed(run, error)


def requests(plan: Plan, pair_ids: Sequence[str] = ()) -> Iterator[tuple[PlannedRun, LaidRequest | LaidRun]]:
    """Every request of every planned run, then that run's size.

    Args:
        pair_ids: only these; none means all.

    Raises:
        RudeError: a tokenizer cannot be used.
    """
    for run in plan.runs:
        for event in _events(plan, [run], "layout", pair_ids):
            if event["event"] == "task_failed":
                raise RudeError.of_json(event)
            if event["event"] == "request":
                yield run, LaidRequest(event["request"], tuple(event["tokens"]))
            elif event["event"] == "laid":
                yield run, _laid(event)


def _laid(event: Mapping[str, Any]) -> LaidRun:
    skipped = tuple(Skip(*skip) for skip in event["skipped"])
    return LaidRun(event["total"], event["tokens"], skipped, tuple(event["notes"]))


def _events(
    plan: Plan,
    runs: Sequence[PlannedRun],
    kind: str,
    pair_ids: Sequence[str] = (),
    cancel: threading.Event | None = None,
) -> Iterator[dict[str, Any]]:
    with (
        scoring_message(kind, plan.request, runs, [set() for _ in runs], pair_ids=pair_ids) as message,
        WorkerProcess(message) as worker,
    ):
        yield from worker.events(cancel or threading.Event())
