"""An assay as a job and as predictors: kept, taken up again, forgotten, and compared only where it was the same."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from assaying import do_assay, items_of, of_first

from engine.annotations.forgetting import Subject, forget
from engine.correlation.names import predictor_names
from engine.jobs.progress import Phase
from engine.predictors.assays.base import BASE
from engine.predictors.assays.catalogue import ASSAYED, ASSAYS
from engine.predictors.assays.described import DESCRIBED
from engine.predictors.assays.measured import measured, said_of
from engine.predictors.catalogue import catalogue
from engine.predictors.interface import Evidence
from engine.results.board import Question
from engine.store.assays import AssayItem, AssayRun, add_assay_items, assay_runs, close_assay_run, open_assay_run
from engine.store.connection import Store
from engine.store.runs import Status
from engine.worker import WORK


def keep(store: Store, name: str, asked: str, values: list[float], *, status: Status = Status.DONE) -> str:
    """A run of the assay `base` in which prose costs so many bits a byte more than replies."""
    run = AssayRun(f"{name}-{asked}", "base", asked, "", f"w-{name}", name, "fp32", "t", "", {})
    open_assay_run(store, run, {"tokenizer_hash": "t", "config_hash": ""})
    measures = [{"plain": 10 + 10 * value, "plain bytes": 10.0, "reply": 10.0, "reply bytes": 10.0} for value in values]
    add_assay_items(store, run.run_id, [AssayItem(i, f"i{i}", f"i{i}", m) for i, m in enumerate(measures)])
    close_assay_run(store, run.run_id, status, {"seconds": 2.0, "peak_bytes": 5.0})
    return run.run_id


def test_every_assay_is_described_done_and_a_predictor() -> None:
    assert list(ASSAYS) == list(DESCRIBED)
    assert {f"assay {name}" for name in ASSAYS} == {kind for kind in WORK if kind.startswith("assay ")}
    known = catalogue()
    for name, about in ASSAYED.items():
        assert known[name] is about
        assert about.needs.startswith("candidates measured by `rude-tui predictors ")
        assert about.cost
        assert about.source


def test_nothing_is_shown_until_it_is_asked_for(scored: object, store: Store) -> None:
    evidence = Evidence(store, Question("made", "likelihood"))
    assert not any(about.is_stored(evidence) for about in ASSAYED.values())
    assert "dialogue lean" not in predictor_names(store, Question("made", "likelihood"))
    keep(store, "a", "q", [1.0, 2.0, 3.0])
    assert "dialogue lean" in predictor_names(store, Question("made", "likelihood"))


@pytest.mark.long
def test_candidates_are_compared_on_what_all_were_asked(scored: object, store: Store) -> None:
    keep(store, "a", "old", [9.0, 9.0])
    keep(store, "c", "old", [9.0, 9.0])
    keep(store, "a", "new", [1.0, 2.0, 3.0])
    keep(store, "b", "new", [1.0, 4.0])
    keep(store, "c", "new", [7.0, 7.0], status=Status.CANCELLED)
    evidence = Evidence(store, Question("made", "likelihood"))
    values = catalogue()["dialogue lean"].of(evidence)
    # The third item is left out, since b lacks it; c's run was not finished, its earlier one is another question's.
    assert {label: value.value for label, value in values.items()} == pytest.approx({"a": 1.5, "b": 2.5})
    assert catalogue()["dialogue lean"].warn(evidence) == (
        "base: c measured on another question than the others; measure again"
    )
    assert math.isnan(catalogue()["dialogue lean"].chance)
    assert catalogue()["turn-taking"].chance == 0


def test_costs_of_several_goes_are_added(store: Store) -> None:
    keep(store, "a", "q", [1.0])
    keep(store, "a", "q", [1.0])
    (run,) = assay_runs(store, "base")
    assert run.facts == {"seconds": 4.0, "peak_bytes": 5.0}


def test_what_was_measured_on_a_suite_is_forgotten_with_it(scored: Any, store: Store) -> None:
    keep(store, "a", "q", [1.0])
    kept = keep(store, "a", "of the suite", [1.0])
    with store.writing() as connection:
        connection.execute("update assay_runs set suite_hash = ? where run_id = ?", [scored.suite.hash, kept])
    forgotten = forget(store, Subject("suite", scored.suite.hash, "made"))
    assert forgotten.counts["assay_runs"] == forgotten.counts["assay_items"] == 1
    assert [run.asked_hash for run in assay_runs(store, "base")] == ["q"]


@pytest.mark.long
def test_a_stop_keeps_what_is_done_and_the_rest_is_taken_up(store: Store, small_model: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    two = of_first(BASE, 2)
    assert [state.phase for state in do_assay(store, two, small_model, cancel=cancel)] == [Phase.CANCELLED]
    (state,) = do_assay(store, two, small_model)
    assert (state.phase, state.done) == (Phase.DONE, 2)
    before = items_of(store, state)
    with store.writing() as connection:
        connection.execute("delete from assay_items where position = 1")
        connection.execute("update assay_runs set status = 'cancelled'")
    (state,) = do_assay(store, two, small_model)
    assert items_of(store, state) == before
    assert do_assay(store, two, small_model)[0].phase is Phase.UP_TO_DATE
    # Another version of the same, or other items, are another run.
    assert do_assay(store, replace(two, version=2), small_model)[0].run_id != state.run_id
    (row,) = measured(store, two, [state])
    assert (row.candidate, row.items, row.clusters) == (small_model.name, 2, 2)
    assert row.cost["seconds"] > 0
    assert row.cost["tokens"] > 0
    assert list(said_of(store, two)) == [assay_runs(store, "base")[0].weights_hash]
