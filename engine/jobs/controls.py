"""Controls asked for at once: how much of a likelihood accuracy survives without the prompt, or with a wrong one."""

from __future__ import annotations

from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.progress import Progress
from engine.jobs.runs import RunRequest
from engine.results.controls import SHOWN, compared
from engine.results.pair_index import pair_index
from engine.stats.ranking import Ranking
from engine.store.connection import Store
from rubrics.errors import WorkerError

__all__ = ["controls"]


def controls(
    store: Store,
    model: str,
    suite: str,
    progress: Progress | None = None,
    *,
    device: str = "auto",
    by: str = "subcategory",
    take_over: bool = False,
) -> dict[str, Ranking]:
    """Score one candidate on one suite by likelihood, with the prompt, without it, and with another pair's.

    Args:
        take_over: as of `perform`.

    Returns:
        By scope, `overall` first, a ranking whose candidates are the three names in `engine.results.controls.SHOWN`.

    Raises:
        BadInput: no such model or suite.
        WorkerError: a run did not finish.
    """
    run_ids = {}
    for shown, name in SHOWN.items():
        request = RunRequest((model,), (suite,), ("likelihood",), device=device, prompt=shown)
        planned = plan(store, request)
        for state in perform(store, planned, progress, take_over=take_over):
            if state.error:
                raise WorkerError(state.error)
        run_ids[name] = planned.runs[0].run_id
    return compared(store, pair_index(store, planned.runs[0].suite.hash), run_ids, by)
