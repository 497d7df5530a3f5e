"""Controls: how much of a likelihood accuracy survives without the prompt, or with a wrong one.

What survives is fluency, not understanding: a suite on which it is more than chance can be won by a reader who never
sees the prompt.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.planning import RunRequest, plan
from engine.progress import Progress
from engine.results.pairs import pair_index, scopes
from engine.runs import execute
from engine.stats.matrix import ScoreMatrix
from engine.stats.metrics import HEADLINE, METRICS
from engine.stats.ranking import Ranking, rank_many
from engine.store.connection import Store
from engine.store.verdicts import load_verdicts
from engine.wording import PromptShown
from rubrics.errors import WorkerError

__all__ = ["SHOWN", "controls"]

SHOWN: Final[dict[PromptShown, str]] = {
    "own": "with the prompt",
    "none": "without it",
    "other": "with another pair's prompt",
}


def controls(
    store: Store,
    model: str,
    suite: str,
    progress: Progress | None = None,
    *,
    device: str = "auto",
    by: str = "subcategory",
) -> dict[str, Ranking]:
    """Score one candidate on one suite by likelihood, with the prompt, without it, and with another pair's.

    Returns:
        By scope, `overall` first, a ranking whose candidates are the three names in `SHOWN`.

    Raises:
        BadInput: no such model or suite.
        WorkerError: a run did not finish.
    """
    found = {}
    for shown, name in SHOWN.items():
        request = RunRequest((model,), (suite,), ("likelihood",), device=device, prompt=shown)
        planned = plan(store, request)
        for state in execute(store, planned, progress):
            if state.error:
                raise WorkerError(state.error)
        run = planned.runs[0]
        index = pair_index(store, run.suite.hash)
        columns = load_verdicts(store, "likelihood", [run.run_id])[run.run_id]
        scores = np.full(len(index.pair_id), np.nan, dtype=np.float32)
        scores[columns.position] = METRICS[HEADLINE["likelihood"]].score(columns)
        found[name] = scores
    matrix = ScoreMatrix(tuple(found), index.pair_id, index.group, index.cluster, np.stack(list(found.values())))
    rankings = rank_many(matrix, scopes(index, by), chance=0.5, resamples=2_000)
    return {ranking.scope: ranking for ranking in rankings}
