"""Proxy metrics of traces that candidates have read: against a plain loop over what is stored."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.layout.requests import TokenScores
from engine.predictors.catalogue import catalogue
from engine.predictors.from_traces import tokens_of
from engine.predictors.interface import Evidence
from engine.predictors.proxy_of_traces import hash_of, traces_read
from engine.predictors.solutions import means
from engine.predictors.trace_file import TraceSet, parse_traces
from engine.results.board import Question
from engine.store.connection import Store
from engine.store.runs import Status
from engine.store.traces import (
    StoredTraces,
    TraceRun,
    TraceScore,
    add_trace_scores,
    add_traces,
    close_trace_run,
    done_traces,
    open_trace_run,
    scored_traces,
)
from rubrics.errors import BadInput

QUESTION = Question(protocol="likelihood")
TEXTS = ("ab ab", "ab cd")
LENGTHS = (2, 1, 2)


def expert(writer: str = "") -> TraceSet:
    told = {"writer": writer} if writer else {}
    lines = [json.dumps({"prompt": "Q", "trace": text, **told}).encode() for text in TEXTS]
    return parse_traces(lines, name="expert", where="")


def read(store: Store, traces: TraceSet, name: str, scores: list[TraceScore]) -> None:
    add_traces(store, StoredTraces(traces.hash, traces.name, False, False), [r.to_json() for r in traces.records])
    run = TraceRun(f"{name}-{traces.hash[:4]}", traces.hash, f"w-{name}", name, "fp32", "t", "")
    open_trace_run(store, run, {"tokenizer_hash": "t", "config_hash": ""})
    add_trace_scores(store, run.run_id, scores)
    close_trace_run(store, run.run_id, Status.DONE)


def drawn(rng: np.random.Generator) -> TokenScores:
    return TokenScores(
        -rng.uniform(0.1, 3, 3).astype(np.float32), rng.integers(1, 9, 3).astype(np.int32),
        np.array([0.5, 1, 2], np.float32), np.array([0, 0.25, 0.5], np.float32),
    )  # fmt: skip


def vocabulary(store: Store, folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "vocab_size": 50}))
    with store.writing() as connection:
        connection.execute("update candidates set path = ?", [str(folder)])


def test_features_are_those_of_a_plain_loop(store: Store, scored: Any, tmp_path: Path) -> None:
    vocabulary(store, tmp_path)
    traces, rng = expert(), np.random.default_rng(1)
    told = {name: [drawn(rng), drawn(rng)] for name in "ab"}
    for name, scores in told.items():
        read(store, traces, name, [TraceScore(at, one.to_bytes(), LENGTHS) for at, one in enumerate(scores)])
    evidence = Evidence(store, QUESTION)
    assert hash_of(store, "expert") == traces.hash
    found = means(traces_read(evidence, traces.hash))
    assert set(found) == {"a", "b"}, "c has read none"
    predictors = catalogue(store)
    # "ab| |ab" and "ab| |cd": of six tokens three are ab, two a blank, one cd.
    share = [(3 / 6, 2 / 6, 3 / 6), (3 / 6, 2 / 6, 1 / 6)]
    for name, scores in told.items():
        loss, ranks, flat = [], [], []
        for one, frequency in zip(scores, share, strict=True):
            nll = [-float(value) for value in one.logprob]
            loss.append(sum(n * f for n, f in zip(nll, frequency, strict=True)) / sum(frequency))
            ranks.append(sum(one.rank.tolist()) / 3)
            flat.append(sum(float(e) / math.log(50) for e in one.entropy) / 3)
        for feature, expected in (
            ("cross-entropy, frequency", loss), ("rank, uniform", ranks), ("entropy, uniform", flat),
        ):  # fmt: skip
            value = predictors[f"proxy {feature} (expert)"].of(evidence)[name].value
            assert value == pytest.approx(sum(expected) / 2, rel=1e-3)


def test_losses_alone_are_kept_and_read_again(store: Store, scored: Any, tmp_path: Path) -> None:
    """What an earlier version stored still gives rBridge; for the rest the trace is read again."""
    vocabulary(store, tmp_path)
    traces = expert()
    run = f"a-{traces.hash[:4]}"
    read(store, traces, "a", [TraceScore(0, None, LENGTHS)])
    with store.writing() as connection:
        connection.execute("update trace_scores set logprob = ?", [np.array([-1, -2, -3], "<f4").tobytes()])
    (score,) = scored_traces(store, [run])[run].values()
    assert tokens_of(score).logprob.tolist() == [-1, -2, -3]
    assert np.isnan(tokens_of(score).entropy).all()
    assert done_traces(store, run) == {}
    evidence = Evidence(store, QUESTION)
    assert catalogue(store)["trace NLL (expert)"].of(evidence)["a"].value == 2
    with pytest.raises(BadInput, match="rank, entropy and margin"):
        traces_read(evidence, traces.hash)
    with pytest.raises(BadInput, match="no traces 'other'") as caught:
        hash_of(store, "other")
    assert "expert" in caught.value.fix


def test_a_writer_among_the_candidates_is_warned_of(store: Store, scored: Any) -> None:
    own, others = expert("http://h:1/v1#B"), expert("someone")
    for traces in (own, others):
        read(store, traces, "a", [TraceScore(0, None, LENGTHS, losses=b"")])
    evidence = Evidence(store, QUESTION)
    predictors = catalogue(store)
    assert predictors[f"trace NLL (expert {own.hash[:6]})"].warn(evidence).startswith("b wrote traces of expert")
    assert predictors[f"proxy rank, uniform (expert {own.hash[:6]})"].warn(evidence)
    assert predictors[f"trace NLL (expert {others.hash[:6]})"].warn(evidence) == ""
