"""The request that takes up a stored run where it stopped."""

from __future__ import annotations

import os
from typing import cast

from engine.jobs.runs import RunRequest
from engine.layout.protocols import Protocol
from engine.layout.wording import PromptShown
from engine.layout.wordings import PLAIN, Wording
from engine.machine.kernels import SERVED
from engine.store.candidates import candidate_place
from engine.store.connection import Store
from engine.store.runs import RunRow, asked_besides
from engine.store.suites import suite_source
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
    with store.snapshot():
        besides = asked_besides(store, run.run_id)
        place, source = candidate_place(store, run.weights_hash), suite_source(store, run.suite_hash)
    served = besides.served
    if served is None and (place is None or not os.path.exists(place)):
        raise BadInput("its model folder is gone", where=run.candidate, fix=fix, shell=shell)
    model = str(place) if served is None else served.address
    if source is None:
        raise BadInput("its suite is not stored", where=run.suite, fix=fix, shell=shell)
    named = _same_suite(run, source.path)
    if named is None:
        raise BadInput("its suite file is gone, or holds other pairs now", where=run.suite, fix=fix, shell=shell)
    return RunRequest(
        models=(model,),
        suites=(named,),
        protocols=(cast(Protocol, run.protocol),),
        precision=run.precision if served is None else "auto",
        device=run.device if served is None else "auto",
        served=() if served is None else (served,),
        shots=run.shots,
        show_criteria=run.show_criteria,
        seed=run.seed,
        attention="auto" if run.attention in ("sdpa", SERVED) else run.attention,
        prompt=cast(PromptShown, run.prompt),
        token_scores=besides.token_scores,
        allow_remote_code=frozenset([model] if besides.own_code else []),
        wordings=(PLAIN if besides.wording is None else Wording.of_json(besides.wording),),
        backend=besides.backend,
        limit=run.n_wanted if run.n_wanted < source.n_scored else None,
    )


def _same_suite(run: RunRow, path: str) -> str | None:
    for name in filter(None, (path, run.suite)):
        try:
            if find_suite(name).hash == run.suite_hash:
                return name
        except SuiteError:
            continue
    return None
