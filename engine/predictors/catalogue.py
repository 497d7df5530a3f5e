"""Every predictor there is: from verdicts, from token scores, traces and weights, from assays, and own ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from engine.predictors.assays.catalogue import ASSAYED
from engine.predictors.by_part import parts_of_suites
from engine.predictors.from_token_scores import PROXIES
from engine.predictors.from_traces import trace_predictors
from engine.predictors.from_verdicts import STORED
from engine.predictors.interface import Evidence, Predictor
from engine.predictors.proxy_of_traces import proxies_of_traces
from engine.predictors.spectral import SPECTRAL
from engine.stats.intervals import Estimate
from engine.store.connection import Store
from engine.store.predictors import FITTED_ON, StoredPredictor, stored_predictors
from rubrics.plugins import load, of_group, pass_over

__all__ = ["COMPUTED", "catalogue"]

COMPUTED: Mapping[str, Predictor] = {**STORED, **SPECTRAL, **ASSAYED, **PROXIES}
"""Those that are there whatever is stored, by name, the headline first."""


def catalogue(store: Store | None = None) -> dict[str, Predictor]:
    """By name, the headline first; with a store also those of its trace files and the person's own columns."""
    predictors = {**COMPUTED, **_of_plugins()}
    if store is None:
        return predictors
    with store.snapshot():
        predictors |= {part.name: part for part in parts_of_suites(store) if part.name not in predictors}
        predictors |= trace_predictors(store) | proxies_of_traces(store)
        columns: dict[str, list[StoredPredictor]] = {}
        for stored in stored_predictors(store):
            columns.setdefault(stored.predictor, []).append(stored)
    return predictors | {name: _own(name, given) for name, given in columns.items() if name not in predictors}


def _of_plugins() -> dict[str, Predictor]:
    """Those that other packages bring; each says from which."""
    found: dict[str, Predictor] = {}
    for plugin in of_group("predictors"):
        predictor = load(plugin, Predictor)
        if predictor is not None and predictor.name in {**COMPUTED, **found}:
            pass_over(plugin, f"there is a predictor called {predictor.name!r} already")
        elif predictor is not None:
            source = "; ".join(filter(None, (predictor.source, f"{plugin.package} {plugin.version}")))
            found[predictor.name] = replace(predictor, source=source)
    return found


def _own(name: str, rows: list[StoredPredictor]) -> Predictor:
    def compute(evidence: Evidence) -> Mapping[str, Estimate]:
        by_name = {row.candidate: row for row in rows}
        estimates = {}
        for entrant in evidence.board.entrants:
            row = by_name.get(entrant.label) or by_name.get(entrant.name)
            if row is not None:
                low, high = (math.nan if end is None else end for end in (row.ci_low, row.ci_high))
                estimates[entrant.label] = Estimate(row.value, low, high, "given")
        return estimates

    def warn(evidence: Evidence) -> str:
        here = {name for entrant in evidence.board.entrants for name in (entrant.label, entrant.name)}
        fitted = [row for row in rows if row.candidate in here and FITTED_ON in (row.note or "")]
        if not fitted:
            return ""
        outcomes = (fitted[0].note or "").partition(FITTED_ON)[2]
        return f"{name} was fitted on {outcomes} of {len(fitted)} of these candidates: no test of it"

    notes = sorted({row.note for row in rows if row.note})
    files = ", ".join(dict.fromkeys(note.partition(FITTED_ON)[0] for note in notes))
    fitted = any(FITTED_ON in note for note in notes)
    return Predictor(
        name, "a column of your own", "a CSV that was added", "nothing",
        not any(row.lower_is_better for row in rows), compute, files or "own", variant=fitted, fitted=fitted, warn=warn,
    )  # fmt: skip
