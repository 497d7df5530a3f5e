"""What the Run screen asks of the engine: plans, what they take, what is stored. All of it blocks."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from screens.run.forecast import Expected

if TYPE_CHECKING:
    from engine.jobs.job import Job
    from engine.jobs.runs import Plan, PlannedRun, RunRequest
    from engine.results.database import LeftOver, Store
    from engine.results.runs import RunRow
    from rubrics.errors import RudeError

__all__ = [
    "expect", "going_on", "is_elsewhere", "lay_out", "left_over", "make_plan", "resume", "stop", "stored_work",
    "take_up",
]  # fmt: skip


def make_plan(store: Store, request: RunRequest) -> Plan:
    """The plan for a request.

    Raises:
        RudeError: nothing of it can be run.
    """
    from engine.jobs.planning import plan

    return plan(store, request)


def resume(store: Store, run: RunRow) -> Job:
    """What takes up a stored run again, of scoring or of post-training.

    Raises:
        RudeError: the model, the suite or the recipe is no longer where it was.
    """
    from engine.jobs.progress import TRAINING
    from engine.jobs.resuming import resume_request
    from engine.posttrain.stored import resume_training

    return resume_training(store, run) if run.protocol == TRAINING else make_plan(store, resume_request(store, run))


def left_over(store: Store) -> LeftOver | None:
    """What was asked for last and has not come to its end.

    Raises:
        StoreError: the store cannot be read.
    """
    from engine.results.database import last_asked

    return last_asked(store)


def take_up(store: Store, left: LeftOver) -> Job:
    """The job again, which does what is left of it; what can no longer be done is not offered again.

    Raises:
        RudeError: nothing of it can be done any more.
    """
    from engine.jobs.job import asked_again

    return asked_again(store, left)


def stored_work(store: Store) -> list[RunRow]:
    """Every run of scoring and of post-training, newest first.

    Raises:
        StoreError: the store cannot be read.
    """
    from engine.posttrain.stored import training_rows
    from engine.results.runs import stored_runs

    return sorted([*stored_runs(store), *training_rows(store)], key=lambda run: run.created_at, reverse=True)


def is_elsewhere(run: RunRow) -> bool:
    """Whether another process of this machine is at work on a stored run."""
    from engine.jobs.stopping import is_another

    return run.status == "started" and is_another(run.owner)


def going_on(store: Store) -> list[RunRow]:
    """The stored runs that another process of this machine is at work on.

    Raises:
        StoreError: the store cannot be read.
    """
    return [run for run in stored_work(store) if is_elsewhere(run)]


def stop(run: RunRow) -> bool:
    """Ask the process that is at work on a stored run to stop; False where none is any more.

    Raises:
        RudeError: it runs on another machine, or belongs to somebody else.
    """
    from engine.jobs.stopping import ask_to_stop

    return ask_to_stop(run.owner)


def expect(store: Store, plan: Plan) -> list[Expected]:
    """What a plan will take, as far as it is known before anything is laid out.

    Raises:
        StoreError: the store cannot be read.
    """
    from engine.jobs.run_cost import paces, run_cost

    measured = paces(store)
    return [Expected(run, run_cost(run, None, measured), run.needed_bytes or None) for run in plan.runs]


def lay_out(store: Store, plan: Plan, portion: Sequence[Expected], cancel: threading.Event) -> list[Expected]:
    """The same with their requests laid out: a second or more, as tokenizers run in a process of their own.

    Raises:
        StoreError: the store cannot be read.
    """
    from engine.jobs.preview import preview
    from engine.jobs.run_cost import paces, run_cost

    measured = paces(store)
    faults: dict[str, str] = {}

    def failed(run: PlannedRun, error: RudeError) -> None:
        faults[run.run_id] = f"{error.what} → {error.fix}" if error.fix else error.what

    part = replace(plan, runs=tuple(expected.run for expected in portion))
    laid = {run.run_id: requests for run, requests in preview(part, cancel, failed)}
    return [
        replace(
            expected,
            laid=laid.get(expected.run.run_id),
            outlook=run_cost(expected.run, laid.get(expected.run.run_id), measured),
            fault=faults.get(expected.run.run_id, ""),
        )
        for expected in portion
    ]
