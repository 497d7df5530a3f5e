"""What came of an assay, candidate by candidate, for whoever asked for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.jobs.progress import RunState
from engine.predictors.assays.assay import Assay, common_items
from engine.stats.intervals import Estimate
from engine.store.assays import assay_items, assay_runs
from engine.store.connection import Store

__all__ = ["AssayResult", "measured", "said_of"]


@dataclass(frozen=True)
class AssayResult:
    """One candidate."""

    assay: str
    candidate: str
    precision: str
    values: Mapping[str, Estimate]
    """By predictor."""
    chances: Mapping[str, float]
    """Of each predictor; NaN where it has none."""
    details: Mapping[str, Estimate]
    """What stands beside them."""
    says: str
    """What it comes to, in a sentence."""
    items: int
    clusters: int
    cost: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """As one JSON object."""
        return asdict(self)


def measured(store: Store, assay: Assay, states: Sequence[RunState]) -> list[AssayResult]:
    """Of the candidates that are done, on the items that all of them could be measured on."""
    runs = {run.run_id: run for run in assay_runs(store, assay.name)}
    wanted = [state.run_id for state in states if state.run_id in runs]
    items = common_items(assay_items(store, wanted))
    found = []
    for run_id in wanted:
        own, run = items[run_id], runs[run_id]
        if own:
            found.append(
                AssayResult(
                    assay.name, run.candidate, run.precision, {m.name: m.of(own) for m in assay.measures},
                    {m.name: m.chance for m in assay.measures}, assay.details(own), assay.read(own), len(own),
                    len({item.cluster for item in own}), run.facts,
                )
            )  # fmt: skip
    return found


def said_of(store: Store, assay: Assay) -> dict[str, str]:
    """What an assay has come to, by hash of the weights: the newest run of each candidate."""
    newest = {run.weights_hash: run.run_id for run in reversed(assay_runs(store, assay.name))}
    items = assay_items(store, list(newest.values()))
    return {weights: assay.read(items[run_id]) for weights, run_id in newest.items() if items[run_id]}
