"""Forgetting models, runs and suites, and bringing them back: the one door to it above the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.store.forgetting import Forgotten, Going, bring_back, forget, forgotten, would_go
from engine.store.kept_aside import DAYS
from engine.store.runs import RunRow
from engine.store.subjects import Subject, find_model, find_run, find_suite, models_in
from rubrics.counted import count

__all__ = [
    "DAYS", "Forgotten", "Going", "Subject", "bring_back", "find_model", "find_run", "find_suite", "forget",
    "forgotten", "in_words", "models_in", "subjects_of", "would_go",
]  # fmt: skip

_WORDS: Final = {
    "suites": ("suite",), "pairs": ("pair",), "annotations": ("flag or exclusion", "flags and exclusions"),
    "candidates": ("candidate",), "spectra": ("spectrum", "spectra"), "runs": ("run",), "verdicts_raw": ("verdict",),
    "skips": ("skipped pair",), "token_scores": ("response with token scores", "responses with token scores"),
    "decisions": ("decision of a race", "decisions of races"),
    "trace_runs": ("run over traces", "runs over traces"), "trace_scores": ("scored trace",),
    "assay_runs": ("assay",), "assay_items": ("item of an assay", "items of assays"),
    "posttrain_runs": ("post-training",), "posttrain_steps": ("step of training", "steps of training"),
    "outcomes": ("outcome",), "construct_runs": ("construction",), "construct_examples": ("constructed example",),
    "construct_calls": ("answer of a model", "answers of models"),
    "construct_decisions": ("decision about an example", "decisions about examples"),
    "construct_readings": ("blind reading",), "predictors": ("value of a predictor", "values of predictors"),
}  # fmt: skip
"""What one row of a table is, and several where that is not the same with an s; of tables not named here, rows are
parts of others."""


def in_words(counts: Mapping[str, int]) -> list[str]:
    """Rows by table as a person counts them."""
    return [count(counts[table], *word) for table, word in _WORDS.items() if counts.get(table)]


def subjects_of(run: RunRow) -> list[Subject]:
    """What a stored run lets one forget: itself, its model, and the suite it is on, where that is one of pairs."""
    words = " · ".join(filter(None, [run.candidate, run.suite, run.protocol, run.precision]))
    of_run, of_model = Subject("run", run.run_id, words), Subject("model", run.weights_hash, run.candidate)
    return [of_run, of_model, Subject("suite", run.suite_hash, run.suite)] if run.template_hash else [of_run, of_model]
