"""What is asked of the engine's constructions: plan one, start it, see how it ended, stop it, write its suite.

It runs in a process of its own, so the screen follows it through the store like one that was started elsewhere, and it
outlives the app. Every function blocks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rubrics.counted import count
from rubrics.errors import BadInput, RudeError

if TYPE_CHECKING:
    from engine.construct.estimate import CostEstimate
    from engine.construct.output import Written
    from engine.construct.request import ConstructRequest
    from engine.jobs.detached import Detached
    from engine.jobs.job import LeftElsewhere
    from engine.results.database import Store

__all__ = ["ended", "launch", "left_elsewhere", "plan", "stop", "write_suite"]


def plan(store: Store, request: ConstructRequest) -> CostEstimate:
    """What it would cost.

    Raises:
        RudeError: what was asked for cannot be done.
    """
    return request.estimate(store)


def left_elsewhere(store: Store, request: ConstructRequest) -> list[LeftElsewhere]:
    """Whether a machine out of sight is said to be at it.

    Raises:
        RudeError: what was asked for cannot be done.
    """
    from engine.construct.job import ConstructJob

    return ConstructJob(request.construction(), request.running).left_elsewhere(store)


def launch(store: Store, request: ConstructRequest, *, take_over: bool = False) -> Detached:
    """Run it in a process and a session of its own.

    Args:
        take_over: see `engine.jobs.job.perform`.

    Raises:
        RudeError: it cannot be started.
    """
    from engine.jobs.detached import start_detached

    return start_detached("engine.construct.job:asked_for", store.path, request.to_json(), take_over=take_over)


def ended(started: Detached) -> tuple[RudeError | None, str] | None:
    """How a construction ended, as an error or in words; None while it goes on."""
    end = started.ended()
    if end is None:
        return None
    if end.error is not None:
        return end.error, ""
    (state,) = end.states
    if state["phase"] in ("failed", "busy elsewhere"):
        what, _, fix = state["error"].partition("\n  → ")
        return RudeError(what, fix=fix), ""
    written = [f"{state['suite']}: {count(state['done'], 'pair')} written"] if state["phase"] != "cancelled" else []
    return None, "\n".join([*written, *state["notes"], *filter(None, [state["error"]])])


def stop(store: Store, run_id: str) -> bool:
    """Ask the process that works on a construction to stop; False where none does any more.

    Raises:
        RudeError: it runs on another machine, or cannot be reached.
    """
    from engine.construct import watching

    return watching.stop(store, run_id)


def write_suite(store: Store, run_id: str, path: Path) -> Written:
    """Write the suite of a construction and its card.

    Raises:
        BadInput: the path is no place for a suite.
        RudeError: nothing came through, or it cannot be written.
    """
    from engine.construct.output import write_construction

    if path.suffix != ".jsonl" or not path.parent.is_dir():
        raise BadInput("is no place for a suite", where=str(path), fix="name a .jsonl file in a folder that is")
    return write_construction(store, run_id, path)
