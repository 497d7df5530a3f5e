"""rBridge from a file to a number, against a plain loop over one model's own forward."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file
from transformers import AutoTokenizer

from engine.jobs.child import Events, Gate
from engine.jobs.inside import inside
from engine.jobs.job import perform
from engine.jobs.progress import Phase, RunState
from engine.predictors.catalogue import catalogue
from engine.predictors.from_traces import MODES, stored_traces, trace_values
from engine.predictors.job import plan_traces
from engine.predictors.planning import ReadingRequest
from engine.predictors.proxy import FEATURES
from engine.predictors.trace_file import TraceSet, parse_traces
from engine.store.connection import Store
from engine.store.traces import scored_traces, trace_runs
from rubrics.errors import CandidateError

TEXTS = [
    ("Request:\nName a colour.\n\nResponse:\n", "Blue, as the é sea is.\nThen green.", "a"),
    ("Say which is first.\n", "First tie the rope; then lift the net.", "a"),
    ("", "The hat is red.", "b"),
]


def made(texts: list[tuple[str, str, str]] = TEXTS, name: str = "made") -> TraceSet:
    """Traces cut every three bytes by their frontier, with probabilities that rise, and the second word marked."""
    lines = []
    for prompt, trace, cluster in texts:
        raw = trace.encode()
        pieces = [raw[at : at + 3] for at in range(0, len(raw), 3)]
        tokens = [
            {"bytes": list(piece), "logprob": math.log((i + 1) / (len(pieces) + 1))} for i, piece in enumerate(pieces)
        ]
        start = trace.index(" ") + 1
        span = [start, trace.index(" ", start)]
        value = {"prompt": prompt, "trace": trace, "tokens": tokens, "spans": [span], "cluster": cluster}
        lines.append(json.dumps(value).encode())
    return parse_traces(lines, name=name, where="")


asked_for: list[list[int]] = []
"""Positions, turn by turn."""


def here(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """The worker's part in this process: what is scored is the same, and torch is loaded once for all tests."""
    from engine.scoring.traces import score_traces

    lines = Path(message["traces_file"]).read_text(encoding="utf-8").split("\n")
    asked_for.append([json.loads(line)[0] for line in lines])
    score_traces(message, events, gate)


def score_candidates(
    store: Store, request: ReadingRequest, traces: TraceSet, cancel: threading.Event | None = None
) -> tuple[RunState, ...]:
    return perform(store, plan_traces(store, request, traces), cancel=cancel, runner=inside(here))


def asked(*models: Path) -> ReadingRequest:
    return ReadingRequest(tuple(map(str, models)), "fp32", "cpu", 1)


def plain_loop(folder: Path, prompt: str, trace: str) -> tuple[list[float], list[list[int]]]:
    """Of each token of the trace: its loss by one forward, and the indices of the bytes it covers."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    # Byte-level BPE: a token's characters stand for its bytes, one each.
    head = tokenizer(prompt, add_special_tokens=False).input_ids
    if tokenizer("a").input_ids[0] == tokenizer.bos_token_id:
        head = [tokenizer.bos_token_id, *head]
    tail = tokenizer(trace, add_special_tokens=False).input_ids
    with torch.inference_mode():
        logits = model(torch.tensor([[*head, *tail]])).logits[0].double()
    logprob = torch.log_softmax(logits, dim=-1)
    losses, covered, at = [], [], 0
    for i, token in enumerate(tail):
        losses.append(-float(logprob[len(head) + i - 1, token]))
        size = len(tokenizer.convert_ids_to_tokens(token))
        covered.append(list(range(at, at + size)))
        at += size
    assert at == len(trace.encode())
    return losses, covered


def test_the_whole_way_equals_a_plain_loop(store: Store, small_model: Path) -> None:
    traces = made(TEXTS[:2])
    (state,) = score_candidates(store, asked(small_model), traces)
    assert (state.phase, state.done, state.skipped) == (Phase.DONE, 2, 0)
    scores = scored_traces(store, [state.run_id])
    per_trace, plain, bits, marked = [], [], 0.0, 0
    for record in traces.records:
        losses, covered = plain_loop(small_model, record.prompt, record.trace)
        of_byte = [i for i, character in enumerate(record.trace) for _ in character.encode()]
        ends = np.cumsum(record.lengths)
        first_byte = {c: of_byte.index(c) for c in set(of_byte)}
        p = [
            math.exp(record.logprob[int(np.searchsorted(ends, first_byte[c], side="right"))])
            for c in range(len(record.trace))
        ]
        weights = []
        for places in covered:
            touched = {of_byte[place] for place in places}
            weights.append(sum(p[c] for c in touched) / len(touched))
        low, high = min(weights), max(weights)
        per_trace.append(sum(n * (w - low) / (high - low) for n, w in zip(losses, weights, strict=True)) / len(losses))
        plain.append(sum(losses) / len(losses))
        ((start, stop),) = record.spans
        for loss, places in zip(losses, covered, strict=True):
            if any(start <= of_byte[place] < stop for place in places):
                bits += loss / math.log(2)
                marked += len(places)

    def value(mode: str) -> float:
        return trace_values(traces, scores, mode)[state.run_id].estimate.value

    assert value("trace") == pytest.approx(sum(per_trace) / 2, abs=1e-4)
    assert value("plain") == pytest.approx(sum(plain) / 2, abs=1e-4)
    assert value("masked") == pytest.approx(bits / marked, abs=1e-4)
    assert value("set") != pytest.approx(value("trace"), abs=1e-6)
    found = trace_values(traces, scores, "trace")[state.run_id]
    assert (found.traces, found.clusters) == (2, 1)
    assert found.estimate.method == "none: one cluster"
    # What it took stands with the run: the traces share no beginning, so each token was read once.
    (run,) = trace_runs(store, traces.hash)
    tokenizer = AutoTokenizer.from_pretrained(small_model)
    least = sum(len(tokenizer(record.trace, add_special_tokens=False).input_ids) for record in traces.records)
    parameters = sum(v.numel() for v in load_file(small_model / "model.safetensors").values())
    assert run.facts["tokens"] >= least
    assert run.facts["flops"] == 2 * run.facts["tokens"] * parameters
    assert run.facts["seconds"] > 0
    assert run.facts["peak_bytes"] > 0


@pytest.mark.long
def test_what_is_stored_is_not_scored_again(store: Store, small_model: Path) -> None:
    asked_for.clear()
    traces = made()
    (first,) = score_candidates(store, asked(small_model), traces)
    # A tokenizer without BOS has nothing to read before a trace without a prompt.
    scored = first.done
    assert scored + first.skipped == 3
    before = scored_traces(store, [first.run_id])[first.run_id]
    with store.writing() as connection:
        connection.execute("delete from trace_scores where position = 1")
    score_candidates(store, asked(small_model), traces)
    after = scored_traces(store, [first.run_id])[first.run_id]
    assert {at: one.scores for at, one in before.items()} == {at: one.scores for at, one in after.items()}

    (third,) = score_candidates(store, asked(small_model), traces)
    assert (third.phase, third.done, third.skipped) == (Phase.UP_TO_DATE, scored, first.skipped)
    assert third.run_id == first.run_id
    assert asked_for == [[0, 1, 2], [1]], "the second time only what was missing, the third time nothing"
    assert stored_traces(store, traces.hash).hash == traces.hash


@pytest.mark.long
def test_a_trace_that_is_too_long_is_skipped_and_said(store: Store, small_model: Path) -> None:
    traces = made([*TEXTS[:1], ("Go on.\n", "la da " * 3000, "c")])
    (state,) = score_candidates(store, asked(small_model), traces)
    assert (state.done, state.skipped) == (1, 1)
    assert any("line 2: longer than the candidate's context" in note for note in state.notes)
    scores = scored_traces(store, [state.run_id])
    assert trace_values(traces, scores, "trace")[state.run_id].traces == 1


def test_a_trace_whose_ids_the_embedding_lacks_is_skipped(store: Store, small_model: Path, tmp_path: Path) -> None:
    import shutil

    from tokenizers import Tokenizer

    folder = tmp_path / "larger"
    shutil.copytree(small_model, folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(["quagga"])
    tokenizer.save(str(folder / "tokenizer.json"))
    (state,) = score_candidates(store, asked(folder), made([*TEXTS[:1], ("Go on.\n", "and a quagga came", "c")]))
    assert (state.done, state.skipped) == (1, 1)
    assert any("line 2: needs tokens" in note for note in state.notes)


@pytest.mark.long
def test_one_candidate_that_the_libraries_refuse_leaves_the_rest(
    store: Store, small_model: Path, tmp_path: Path
) -> None:
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(small_model, broken)
    (broken / "tokenizer.json").write_text('{"model": {"vocab": {"a": 0}, "merges": ["b c"]}}')
    states = score_candidates(store, asked(broken, small_model), made(TEXTS[:1]))
    assert [(state.candidate, state.phase) for state in states] == [(small_model.name, Phase.DONE)]
    with pytest.raises(CandidateError, match="tokenizer"):
        score_candidates(store, asked(broken), made(TEXTS[:1]))


def test_a_stop_keeps_what_is_done(store: Store, small_model: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    assert [state.phase for state in score_candidates(store, asked(small_model), made(), cancel)] == [Phase.CANCELLED]


@pytest.mark.long
def test_each_mode_is_a_predictor(store: Store, small_model: Path) -> None:
    assert not any("(made)" in name for name in catalogue(store))
    score_candidates(store, asked(small_model), made(TEXTS[:2]))
    found = {name: about for name, about in catalogue(store).items() if name.endswith("(made)")}
    proxies = {name for name in found if name.startswith("proxy ")}
    assert proxies == {f"proxy {feature} (made)" for feature in FEATURES}
    found = {name: about for name, about in found.items() if name not in proxies}
    assert set(found) == {f"{mode.label} (made)" for mode in MODES.values()}
    assert all(not about.higher_is_better and "2509.21013" in about.source for about in found.values())
    # Another file of the same name is told apart by its hash.
    score_candidates(store, asked(small_model), made(TEXTS[:1]))
    assert not any(name.endswith("(made)") for name in catalogue(store))
    assert sum(name.startswith("trace NLL (made ") for name in catalogue(store)) == 2


def test_candidates_meet_on_the_traces_that_all_could_read() -> None:
    from engine.store.traces import TraceScore

    traces = made(TEXTS[:2])
    sizes = [len(record.trace.encode()) for record in traces.records]

    def score(at: int, loss: float) -> TraceScore:
        return TraceScore(at, None, (1, sizes[at] - 1), losses=np.full(2, -loss, "<f4").tobytes())

    found = trace_values(traces, {"a": {0: score(0, 1.0), 1: score(1, 3.0)}, "b": {1: score(1, 2.0)}}, "plain")
    assert {run: (one.estimate.value, one.traces) for run, one in found.items()} == {"a": (3.0, 1), "b": (2.0, 1)}
    assert math.isnan(trace_values(traces, {"a": {0: score(0, 1.0)}, "b": {}}, "plain")["a"].estimate.value)
    assert trace_values(traces, {}, "plain") == {}


def test_the_same_weights_under_two_paths_are_read_once(store: Store, small_model: Path, tmp_path: Path) -> None:
    import shutil

    again = shutil.copytree(small_model, tmp_path / "again")
    job = plan_traces(store, asked(small_model, Path(again)), made())
    assert [planned.candidate.name for planned in job.runs] == [small_model.name]
