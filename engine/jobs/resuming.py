"""The request that takes up a stored run where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from engine.jobs.runs import RunRequest
from engine.layout.requests import Protocol
from engine.layout.wording import PromptShown
from engine.store.connection import Store
from engine.store.runs import RunRow
from rubrics.errors import BadInput, SuiteError
from rubrics.reading import find_suite

__all__ = ["resume_request"]


def resume_request(store: Store, run: RunRow) -> RunRequest:
    """What to ask for so that exactly this run goes on.

    Raises:
        BadInput: the model's folder or the suite is no longer there as it was.
    """
    fix = "score it anew, with the model and the suite from where they are now"
    shell = "rude-tui run --model PATH --suite FILE"
    with store.reading() as connection:
        attention = connection.execute("select attention from runs where run_id = ?", [run.run_id]).fetchone()
        model = connection.execute("select path from candidates where weights_hash = ?", [run.weights_hash]).fetchone()
        suite = connection.execute(
            "select coalesce(path, ''), n_scored from suites where suite_hash = ?", [run.suite_hash]
        ).fetchone()
    if model is None or not Path(model[0]).is_dir():
        raise BadInput("its model folder is gone", where=run.candidate, fix=fix, shell=shell)
    if suite is None:
        raise BadInput("its suite is not stored", where=run.suite, fix=fix, shell=shell)
    named = _same_suite(run, suite[0])
    if named is None:
        raise BadInput("its suite file is gone, or holds other pairs now", where=run.suite, fix=fix, shell=shell)
    return RunRequest(
        models=(model[0],),
        suites=(named,),
        protocols=(cast(Protocol, run.protocol),),
        precision=run.precision,
        device=run.device,
        shots=run.shots,
        show_criteria=run.show_criteria,
        seed=run.seed,
        attention="auto" if attention in (None, ("sdpa",)) else attention[0],
        prompt=cast(PromptShown, run.prompt),
        limit=run.n_wanted if run.n_wanted < suite[1] else None,
    )


def _same_suite(run: RunRow, path: str) -> str | None:
    for name in filter(None, (path, run.suite)):
        try:
            if find_suite(name).hash == run.suite_hash:
                return name
        except SuiteError:
            continue
    return None
