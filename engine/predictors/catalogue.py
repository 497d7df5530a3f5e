"""Every predictor there is: those that follow from verdicts, from token scores, from traces, from weights, and own."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.predictors.interface import Evidence, Predictor
from engine.predictors.spectral import SPECTRAL
from engine.predictors.stored import STORED
from engine.predictors.tokens import PROXIES
from engine.predictors.traced import trace_predictors
from engine.stats.intervals import Estimate
from engine.store.connection import Store
from engine.store.predictors import StoredPredictor, stored_predictors

__all__ = ["COMPUTED", "catalogue"]

COMPUTED: Mapping[str, Predictor] = {**STORED, **SPECTRAL, **PROXIES}
"""Those that are there whatever is stored, by name, the headline first."""


def catalogue(store: Store | None = None) -> dict[str, Predictor]:
    """By name, the headline first; with a store also those of its trace files and the person's own columns."""
    found = dict(COMPUTED)
    if store is None:
        return found
    with store.snapshot():
        found |= trace_predictors(store)
        columns: dict[str, list[StoredPredictor]] = {}
        for one in stored_predictors(store):
            columns.setdefault(one.predictor, []).append(one)
    return found | {name: _own(name, given) for name, given in columns.items() if name not in found}


def _own(name: str, given: list[StoredPredictor]) -> Predictor:
    def compute(evidence: Evidence) -> Mapping[str, Estimate]:
        by_name = {one.candidate: one for one in given}
        found = {}
        for entrant in evidence.board.entrants:
            one = by_name.get(entrant.label) or by_name.get(entrant.name)
            if one is not None:
                low, high = (math.nan if end is None else end for end in (one.ci_low, one.ci_high))
                found[entrant.label] = Estimate(one.value, low, high, "given")
        return found

    files = ", ".join(sorted({one.note for one in given if one.note}))
    return Predictor(
        name, "a column of your own", "a CSV, by rude-tui predictors add", "nothing",
        not any(one.lower_is_better for one in given), compute, files or "own",
    )  # fmt: skip
