"""A database with rows in every table, of two models and two suites, and tables compared whole."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from engine.candidates.shape import Shape
from engine.outcomes.outcome import Outcome
from engine.store.annotations import annotate
from engine.store.asked import remember_asked
from engine.store.assays import AssayItem, AssayRun, add_assay_items, close_assay_run, open_assay_run
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.construct import (
    CallRow,
    ConstructRow,
    ExampleRow,
    TrialRow,
    add_trial,
    close_construct,
    exchange,
    open_construct,
)
from engine.store.construct_review import BlindReading, ReviewDecision, add_readings, decide
from engine.store.decisions import StoredDecision, save_decision
from engine.store.kin import say_families
from engine.store.outcomes import add_outcomes, keep_names
from engine.store.posttrain import PostTrainRun, StageScore, add_scores, add_step, close_posttrain, open_posttrain
from engine.store.predictors import StoredPredictor, add_predictors
from engine.store.runs import Status, close_run, open_run
from engine.store.spectra import Spectrum, add_spectra
from engine.store.suites import add_suite
from engine.store.traces import (
    StoredTraces,
    TraceRun,
    TraceScore,
    add_trace_scores,
    add_traces,
    close_trace_run,
    open_trace_run,
)
from engine.store.verdicts import PackedTokens, Skip, Verdict, add_skips, add_verdicts
from rubrics.schema import Criterion, Message, Pair, Suite

MODELS = ("ash", "elm")
SUITES = ("garden", "harbour")


def suite_of(name: str, pairs: int = 6) -> Suite:
    """A small suite; the first pair is an exemplar."""
    criteria = [
        Criterion(id="list", text="Is a list.", subcategory="Format"),
        Criterion(id="true", text="Is true.", subcategory="Factuality"),
    ]
    return Suite(name=name, pairs=tuple(
        Pair(
            id=f"{name}-{i}", domain="d", prompt=[Message(role="user", content=f"héllo \u202e {i}")], chosen="yes\n",
            rejected="[bold]no", criteria=criteria, violated=["true", "list"] if i % 2 else ["list"],
            split="shot" if i == 0 else None,
        )
        for i in range(pairs)
    ))  # fmt: skip


def weights_of(model: str) -> str:
    """Of a model, its hash."""
    return f"{model}-weights"


def run_id_of(model: str, suite: str) -> str:
    """Of the run of a model on a suite."""
    return f"{model}-{suite}-run"


def key_of(model: str, suite: Suite) -> dict[str, Any]:
    """What a run is stored under."""
    return {
        "suite_hash": suite.hash, "suite": suite.name, "weights_hash": weights_of(model), "tokenizer_hash": "t",
        "candidate": model, "protocol": "likelihood", "precision": "fp32", "device": "cpu", "attention": "auto",
        "template_hash": "x", "shots": None, "show_criteria": False, "prompt": "own", "seed": 0,
        "versions": {"torch": "2"},
    }  # fmt: skip


def save(store: Store, model: str) -> None:
    """Remember a model."""
    save_candidate(
        store,
        SimpleNamespace(
            name=model, place=f"/models/{model}", architecture="L", model_type="l", parameters=7, weight_bytes=28,
            dtype="fp32", context=512, tokenizer="BPE", revision=None, path=Path(f"/models/{model}"), shape=Shape(),
            served=None,
        ),
        weights_of(model),
    )  # fmt: skip


def score(store: Store, model: str, suite: Suite, pairs: range, status: Status, wanted: int | None = None) -> None:
    """Some pairs of a run, scored; the numbers follow from model and pair, as they do in truth."""
    add_suite(store, suite)
    save(store, model)
    run_id = run_id_of(model, suite.name)
    open_run(store, run_id, key_of(model, suite), n_wanted=wanted or len(suite.scored))
    verdicts = [
        Verdict(
            suite.pairs[number].id, ll_chosen=-random.Random(f"{model}{number}").random(),
            ll_rejected=float("nan") if number == 3 else -0.0, tokens_chosen=3, tokens_rejected=4, bytes_chosen=5,
            bytes_rejected=6,
        )
        for number in pairs
    ]  # fmt: skip
    tokens = [PackedTokens(suite.pairs[number].id, "chosen", bytes([0, number, 255]), [1, 2]) for number in pairs]
    add_verdicts(store, run_id, verdicts, tokens)
    close_run(store, run_id, status, facts={"model": model})


def fill_everything(store: Store, models: tuple[str, ...] = MODELS, suites: tuple[str, ...] = SUITES) -> None:
    """Rows in every table."""
    remember_asked(store, "engine.jobs.planning:asked_for", {"models": ["of everybody"]}, 2)
    for name in suites:
        suite = suite_of(name)
        add_suite(store, suite, path=f"/suites/{name}.jsonl")
        annotate(store, suite.hash, suite.pairs[1].id, "exclude", "wrong")
        annotate(store, suite.hash, suite.pairs[2].id, "flag", "")
        for model in models:
            score(store, model, suite, range(1, 5), Status.DONE)
            add_skips(store, run_id_of(model, name), [Skip(suite.pairs[5].id, "too long", 900, 512)])
        race = tuple(run_id_of(model, name) for model in models)
        save_decision(store, StoredDecision(
            suite.hash, name, "likelihood", "per_byte", 0, "best", 0.05, "decided", models, (), {}, race, (), 4, 5, 4,
            5, 1, None,
        ))  # fmt: skip
    add_traces(store, StoredTraces("traces-hash", "traces", True, False), ["{}", "{}"])
    for model in models:
        run = TraceRun(f"{model}-traces-run", "traces-hash", weights_of(model), model, "fp32", "t", "c")
        open_trace_run(store, run, {"tokenizer_hash": "t", "config_hash": "c"})
        scores = [
            TraceScore(0, b"packed", (1, 2)),
            TraceScore(1, None, skipped="long"),
        ]
        add_trace_scores(store, run.run_id, scores)
        close_trace_run(store, run.run_id, Status.DONE)
        assay = AssayRun(
            f"{model}-assay-run", "base", "asked", "", weights_of(model), model, "fp32", "t", "c", {},
        )  # fmt: skip
        open_assay_run(store, assay, {"tokenizer_hash": "t", "config_hash": "c"})
        add_assay_items(store, assay.run_id, [AssayItem(0, "tides", "tides", {"plain": 1.5})])
        close_assay_run(store, assay.run_id, Status.DONE, {"seconds": 2.0})
        add_spectra(store, weights_of(model), [Spectrum("a.weight", 4, 5, None, 2.5, None, 0, None)])
        for seed in (0, 1):
            training = f"{model}-training-{seed}"
            open_posttrain(store, PostTrainRun(
                training, model, weights_of(model), "world", "world-tasks", "small", "recipe-hash", {"sft": 1}, seed,
                "/out",
            ))  # fmt: skip
            add_step(store, training, "sft", 1, {"loss": 0.25})
            add_scores(store, training, [StageScore("sft", "held", "greedy", "lists", "Format", 3, 4)])
            close_posttrain(store, training, Status.DONE)
        add_outcomes(store, [
            Outcome(model, "sft_met", 0.75, 0.1, "post-trained by rude-tui, 2 seeds"), Outcome(model, "mmlu", 0.3),
        ])  # fmt: skip
        add_predictors(store, [StoredPredictor(model, "mine", 1.5)])
    for name in ("first", "second"):
        open_construct(store, ConstructRow(
            f"{name}-construction", name, "degrade", "g", "v", {}, "{}", 1, Status.STARTED, "", {}, "", "",
        ))  # fmt: skip
        calls = [
            CallRow(key, f"{name}-construction", "e", "draft", "g", "{}", "answer", "stop", 1, 2, 1, 0.5)
            for key in (f"{name}-own", f"{name}-shared")
        ]
        example = ExampleRow(
            f"{name}-construction", "e", 0, "p", "positive", "accepted", "", "text", "[]", (), 1, "[]",
            (f"{name}-own", "first-shared"),
        )  # fmt: skip
        exchange(store, calls, [example], [])
        decide(store, f"{name}-construction", ReviewDecision("e", "accept", None, ""))
        add_readings(store, f"{name}-construction", [BlindReading("e", "list", "me", True, False)])
        close_construct(store, f"{name}-construction", Status.DONE)
        exchange(store, [], [], [], [(f"{name}-construction", "f", "{}")])
    add_trial(store, TrialRow("trial", "v", 1, "w", "world", "[]", 0))
    keep_names(store, {"acme/ash-it": "ash"})
    say_families(store, {"ash": "acme"})


def tables(store: Store, *, times: bool = True) -> dict[str, list[str]]:
    """Every table of the database as sorted lines, which are equal where rows are, to the bit; but for what is kept
    aside.

    Args:
        times: whether the moments at which rows were stored count.
    """
    found = {}
    with store.reading() as connection:
        columns = connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'main' "
            "and database_name = current_database() and table_name in (select table_name from duckdb_tables() "
            "where database_name = current_database() and schema_name = 'main') order by table_oid, column_index"
        ).fetchall()
        for name in dict.fromkeys(column[0] for column in columns):
            if name in ("schema_version", "forgettings"):
                continue
            shown = [
                f'epoch_us("{column}")' if "TIME ZONE" in kind else f'"{column}"'
                for table, column, kind in columns
                if table == name and (times or "TIME ZONE" not in kind)
            ]
            rows = connection.execute(f"select {', '.join(shown)} from {name}").fetchall()
            # repr tells −0.0 from 0.0 and gives every digit of a double.
            found[name] = sorted(map(repr, rows))
    return found
