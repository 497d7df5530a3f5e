"""Doing what is planned: worker → verdicts → store, candidate after candidate."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from engine.jobs.planning import PROTOCOLS, Plan, PlannedRun, RunRequest, plan, protocols_of
from engine.jobs.progress import NoProgress, Phase, Progress, RunState
from engine.jobs.race import race
from engine.jobs.scoring import Board, Signals, score_candidate, worker_job
from engine.store.connection import Store
from rubrics.errors import Exit, RudeError

__all__ = [
    "PROTOCOLS",
    "Plan",
    "PlannedRun",
    "RunRequest",
    "execute",
    "exit_code",
    "plan",
    "protocols_of",
    "worker_job",
]


def execute(
    store: Store,
    plan: Plan,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    pause: threading.Event | None = None,
) -> tuple[RunState, ...]:
    """Do what is planned; blocks. One candidate at a time, each in a process of its own.

    A candidate that fails is reported in its states and the rest go on. Verdicts are stored batch by batch, so
    whatever ends this call early loses at most half a second of work.

    Args:
        cancel: once set, the worker is killed, what it has sent is stored, and this call returns.
        pause: while set, the worker sleeps once the batch at hand is done, its memory held, and no other is started.

    Raises:
        StoreError: nothing can be stored.
    """
    board = Board(plan, progress or NoProgress())
    signals = Signals(cancel or threading.Event(), pause or threading.Event())
    board.start()
    try:
        if plan.request.until is not None:
            race(store, plan, board, signals)
        else:
            _all(store, plan, board, signals)
    except RudeError as error:
        board.finish(Phase.FAILED, str(error))
        raise
    except BaseException:
        board.finish(Phase.FAILED)
        raise
    board.finish()
    return board.states


def exit_code(states: Sequence[RunState], plan: Plan) -> Exit:
    """What a command line should return for these ends."""
    phases = {state.phase for state in states}
    if Phase.CANCELLED in phases:
        return Exit.INTERRUPTED
    if Phase.FAILED in phases:
        bad = all(state.phase is not Phase.FAILED or state.bad_input for state in states)
        return Exit.BAD_INPUT if bad and phases == {Phase.FAILED} else Exit.FAILED
    if plan.refused or any(state.skipped and state.prompt == "own" for state in states) or Phase.BUSY in phases:
        return Exit.SOME_SKIPPED
    return Exit.DONE


def _all(store: Store, plan: Plan, board: Board, signals: Signals) -> None:
    for runs in _by_candidate([run for run in plan.runs if run.left]):
        if not signals.wait(runs, board):
            return
        score_candidate(store, plan.request, runs, board, signals)


def _by_candidate(runs: Sequence[PlannedRun]) -> list[list[PlannedRun]]:
    found: dict[Path, list[PlannedRun]] = {}
    for run in runs:
        found.setdefault(run.candidate.path, []).append(run)
    return list(found.values())
