"""Runs: what is planned is done once, stored batch by batch, resumed, cancelled and reported."""

from __future__ import annotations

import itertools
import json
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from data.bundled import bundled_models
from engine.jobs.child import in_words, is_out_of_memory
from engine.jobs.job import exit_code, perform
from engine.jobs.planning import plan
from engine.jobs.process import WorkerProcess
from engine.jobs.progress import NoProgress, Phase, RunState
from engine.jobs.resuming import resume_request
from engine.jobs.runs import RunRequest
from engine.jobs.score import ScoreTurn
from engine.jobs.states import States
from engine.layout.wordings import wordings_asked
from engine.machine.devices import Device
from engine.store.connection import Store
from engine.store.runs import Status, stored_runs
from engine.store.verdicts import done_pairs, load_verdicts
from rubrics.errors import BadInput, CandidateError, Exit, WorkerError
from rubrics.reading import write_suite
from rubrics.schema import Suite


class Recorder:
    """Keeps every snapshot; sets `event` when `until` is true of one."""

    def __init__(self, until: object = None) -> None:
        self.seen: list[RunState] = []
        self.until = until
        self.event = threading.Event()
        self.times: list[float] = []

    def started(self, states: tuple[RunState, ...]) -> None:
        self.first = states

    def advanced(self, state: RunState) -> None:
        self.seen.append(state)
        self.times.append(time.monotonic())
        if callable(self.until) and self.until(state):
            self.event.set()

    def finished(self, states: tuple[RunState, ...]) -> None:
        self.last = states


def asked(model: Path | str, **changes: object) -> RunRequest:
    values: dict[str, object] = {
        "models": (str(model),), "suites": ("world",), "protocols": ("likelihood",), "limit": 24, "threads": 1,
        "device": "cpu", "precision": "fp32", **changes,
    }  # fmt: skip
    return RunRequest(**values)  # type: ignore[arg-type]


def test_a_run_is_stored_and_a_second_one_finds_nothing_to_do(
    store: Store, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = plan(store, asked(small_model, protocols=("choice", "likelihood")))
    assert [(run.requested, run.done, run.left) for run in planned.runs] == [(24, 0, 24)] * 2
    recorder = Recorder()
    states = perform(store, planned, recorder)
    assert [(s.phase, s.done, s.total, s.error) for s in states] == [(Phase.DONE, 24, 24, "")] * 2
    assert exit_code(states, planned.refused) is Exit.DONE
    phases = [state.phase for state in recorder.seen]
    assert [p for p in (Phase.TOKENISING, Phase.LOADING, Phase.SCORING, Phase.DONE) if p in phases] == [
        Phase.TOKENISING, Phase.LOADING, Phase.SCORING, Phase.DONE,
    ]  # fmt: skip
    rows = stored_runs(store)
    assert {(row.status, row.n_scored, row.n_wanted) for row in rows} == {(Status.DONE, 24, 24)}
    again = plan(store, asked(small_model, protocols=("choice", "likelihood")))
    assert [run.left for run in again.runs] == [0, 0]
    nobody: Any = None
    assert {state.phase for state in perform(store, again, runner=nobody)} == {Phase.UP_TO_DATE}


@pytest.mark.long
def test_a_larger_limit_scores_only_what_is_missing(store: Store, small_model: Path) -> None:
    perform(store, plan(store, asked(small_model, limit=10)))
    first = done_pairs(store, stored_runs(store)[0].run_id)
    planned = plan(store, asked(small_model, limit=16))
    assert (planned.runs[0].done, planned.runs[0].left) == (10, 6)
    state = perform(store, planned)[0]
    assert (state.done, state.judged) == (16, 6)
    assert first < done_pairs(store, planned.runs[0].run_id)


@pytest.mark.long
def test_a_cancelled_run_keeps_its_pairs_and_goes_on(store: Store, small_model: Path, workers) -> None:
    planned = plan(store, asked(small_model, limit=None))
    recorder = Recorder(lambda state: state.judged > 0)
    cancel = threading.Event()
    result: list[tuple[RunState, ...]] = []
    thread = threading.Thread(target=lambda: result.append(perform(store, planned, recorder, cancel)))
    thread.start()
    assert recorder.event.wait(120)
    (worker,) = workers()
    cancel.set()
    thread.join(120)
    assert not thread.is_alive()
    assert not worker.is_running()
    state = result[0][0]
    run_id = planned.runs[0].run_id
    kept = done_pairs(store, run_id)
    assert state.phase is Phase.CANCELLED
    assert exit_code(result[0], planned.refused) is Exit.INTERRUPTED
    assert len(kept) == state.done > 0
    (stopped,) = stored_runs(store)
    assert stopped.status is Status.CANCELLED
    # What it costs is known of work that was broken off, too.
    assert stopped.facts["pairs"] == len(kept)
    assert stopped.facts["seconds"] > 0
    rest = perform(store, plan(store, asked(small_model, limit=None)))[0]
    assert rest.phase is Phase.DONE
    assert rest.judged == rest.total - len(kept)
    (whole,) = stored_runs(store)
    assert whole.facts["pairs"] == whole.n_scored == rest.total
    assert whole.facts["seconds"] > stopped.facts["seconds"]


@pytest.mark.long
def test_one_candidate_that_fails_does_not_stop_the_others(store: Store, small_model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "models" / "a-broken"
    shutil.copytree(small_model, broken)
    tokenizer = json.loads((broken / "tokenizer.json").read_text())
    tokenizer["model"] = {"type": "WordLevel", "vocab": {"<unk>": 0, "the": 1}, "unk_token": "<unk>"}
    (broken / "tokenizer.json").write_text(json.dumps(tokenizer))
    shutil.copytree(small_model, tmp_path / "models" / "b-whole")
    planned = plan(store, asked(tmp_path / "models", protocols=("choice",), limit=4))
    states = perform(store, planned)
    assert [state.phase for state in states] == [Phase.REFUSED, Phase.DONE]
    assert "label" in states[0].error
    assert exit_code(states, planned.refused) is Exit.SOME_SKIPPED
    assert {row.status for row in stored_runs(store)} == {Status.REFUSED, Status.DONE}


@pytest.mark.long
@pytest.mark.parametrize("entry, said", [("is_causal", "no causal language model"), ("attention_bias", "no place")])
def test_what_only_the_model_libraries_refuse_is_refused_before_anything_is_stored(
    entry: str, said: str, store: Store, tmp_path: Path
) -> None:
    (llama,) = (folder for folder in bundled_models() if folder.name == "llama-brook-0.2m")
    for name in ("a", "b"):
        shutil.copytree(llama, tmp_path / name)
    config = json.loads((tmp_path / "a" / "config.json").read_text())
    (tmp_path / "a" / "config.json").write_text(json.dumps(config | {entry: False}))
    if entry == "attention_bias":
        tensors = load_file(tmp_path / "a" / "model.safetensors")
        tensors["model.layers.0.self_attn.q_proj.bias"] = torch.ones(4)
        save_file(tensors, tmp_path / "a" / "model.safetensors", {"format": "pt"})
    planned = plan(store, asked(tmp_path, limit=1))
    assert [run.candidate.name for run in planned.runs] == ["b"]
    (refused,) = planned.refused
    assert refused.name == "a"
    assert said in refused.what
    with pytest.raises(CandidateError, match=said):
        plan(store, asked(tmp_path / "a"))
    assert not stored_runs(store)


@pytest.mark.long
def test_pairs_whose_ids_the_embedding_lacks_are_left_out_and_the_rest_is_scored(
    store: Store, small_model: Path, tmp_path: Path, world: Suite
) -> None:
    folder, file = tmp_path / "larger-tokenizer", tmp_path / "few.jsonl"
    shutil.copytree(small_model, folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(["quagga"])
    tokenizer.save(str(folder / "tokenizer.json"))
    reached, *others = world.scored[:4]
    write_suite(file, (reached.model_copy(update={"rejected": "It is a quagga."}), *others))
    planned = plan(store, asked(folder, suites=(str(file),)))
    (problem,) = planned.runs[0].candidate.problems
    assert "quagga" in problem.what
    state = perform(store, planned)[0]
    assert (state.phase, state.done, state.total, state.skipped) == (Phase.DONE, 3, 3, 1)
    assert done_pairs(store, planned.runs[0].run_id) == {pair.id for pair in others}
    assert exit_code((state,)) is Exit.SOME_SKIPPED


@pytest.mark.long
def test_pairs_that_do_not_fit_are_reported_and_left_out(store: Store, small_model: Path, tmp_path: Path) -> None:
    short = tmp_path / "short-context"
    shutil.copytree(small_model, short)
    config = json.loads((short / "config.json").read_text())
    config["max_position_embeddings"] = 90
    (short / "config.json").write_text(json.dumps(config))
    planned = plan(store, asked(short, limit=None))
    state = perform(store, planned)[0]
    assert state.phase is Phase.DONE
    assert 0 < state.done == state.total < planned.runs[0].requested
    assert state.skipped == planned.runs[0].requested - state.total
    assert any("skipped" in note for note in state.notes)
    assert exit_code((state,), planned.refused) is Exit.SOME_SKIPPED
    assert plan(store, asked(short, limit=None)).runs[0].left == 0


def test_another_process_that_already_works_on_it_is_left_alone(
    store: Store, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.store import runs
    from engine.store.owners import Owner

    planned = plan(store, asked(small_model, limit=4))
    first = Owner(1, psutil.Process(1).create_time(), socket.gethostname())
    monkeypatch.setattr(Owner, "this", classmethod(lambda cls: first))
    runs.open_run(store, planned.runs[0].run_id, planned.runs[0].row(planned.request), n_wanted=4)
    monkeypatch.undo()
    state = perform(store, planned)[0]
    assert state.phase is Phase.BUSY
    assert "process 1" in state.error


@pytest.mark.long
def test_weights_that_change_before_they_are_loaded_are_not_scored_under_the_old_hash(
    store: Store, small_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "m"
    shutil.copytree(small_model, folder)
    planned = plan(store, asked(folder, limit=4))
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    states = perform(store, planned)
    assert {state.phase for state in states} == {Phase.FAILED}
    assert "changed since it was hashed" in states[0].error


@pytest.mark.long
def test_same_weights_under_another_name_are_the_same_run(store: Store, small_model: Path, tmp_path: Path) -> None:
    perform(store, plan(store, asked(small_model, limit=4)))
    shutil.copytree(small_model, tmp_path / "renamed")
    assert plan(store, asked(tmp_path / "renamed", limit=4)).runs[0].left == 0


@pytest.mark.long
@pytest.mark.parametrize(
    "changes",
    [{"seed": 1}, {"show_criteria": True}, {"shots": 1}, {"attention": "eager"}, {"precision": "bf16"}],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_could_change_a_number_makes_another_run(
    store: Store, small_model: Path, changes: dict[str, object]
) -> None:
    one = plan(store, asked(small_model)).runs[0]
    other = plan(store, asked(small_model, **changes)).runs[0]
    assert one.run_id != other.run_id


def test_the_default_attention_is_the_run_it_always_was(store: Store, small_model: Path) -> None:
    one, other = (plan(store, asked(small_model, attention=name)).runs[0] for name in ("auto", "sdpa"))
    assert one.run_id == other.run_id
    assert one.key["attention"] == "sdpa"


@pytest.mark.long
@pytest.mark.parametrize("attention", ["eager", "auto"])
def test_a_run_is_resumed_with_its_attention(store: Store, small_model: Path, attention: str) -> None:
    planned = plan(store, asked(small_model, limit=2, attention=attention))
    perform(store, planned)
    request = resume_request(store, stored_runs(store)[0])
    assert request.attention == attention
    assert plan(store, request).runs[0].run_id == planned.runs[0].run_id


@pytest.mark.long
def test_a_run_is_resumed_with_its_tokens(store: Store, small_model: Path) -> None:
    perform(store, plan(store, asked(small_model, limit=2)))
    assert not resume_request(store, stored_runs(store)[0]).token_scores
    perform(store, plan(store, asked(small_model, limit=4, token_scores=True)))
    perform(store, plan(store, asked(small_model, limit=6)))
    (run,) = stored_runs(store)
    request = resume_request(store, run)
    assert request.token_scores
    (state,) = perform(store, plan(store, request))
    assert (state.done, state.judged) == (6, 2), "two pairs had no tokens"
    assert len(done_pairs(store, run.run_id, with_tokens=True)) == 6


@pytest.mark.long
def test_tokens_of_an_earlier_version_are_asked_for_again(store: Store, small_model: Path) -> None:
    perform(store, plan(store, asked(small_model, limit=2, token_scores=True)))
    with store.writing() as connection:
        connection.execute("update runs set run_key = replace(run_key, '\"token_scores\": true, ', '')")
    assert resume_request(store, stored_runs(store)[0]).token_scores


@pytest.mark.long
def test_a_run_is_resumed_with_the_leave_to_run_the_models_own_code(
    store: Store, small_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "own-code"
    shutil.copytree(small_model, folder)
    config = json.loads((folder / "config.json").read_text())
    kind = {"gpt_neox": "GPTNeoX", "llama": "Llama", "qwen3": "Qwen3"}[config["model_type"]]
    own = {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "my-own", "auto_map": own}))
    (folder / "own.py").write_text(
        f"from transformers import {kind}Config, {kind}ForCausalLM\n"
        f"class Config({kind}Config):\n    model_type = 'my-own'\n"
        f"class Model({kind}ForCausalLM):\n    config_class = Config\n"
    )
    with pytest.raises(CandidateError):
        plan(store, asked(folder, limit=2))
    first = plan(store, asked(folder, limit=2, allow_remote_code=frozenset([str(folder)])))
    run = first.runs[0]
    ScoreTurn(store, first.request, first.runs, States(first.states, NoProgress())).claim()
    (stored,) = stored_runs(store)
    request = resume_request(store, stored)
    assert request.allow_remote_code == {str(folder)}
    assert plan(store, request).runs[0].run_id == run.run_id


@pytest.mark.long
def test_an_attention_that_cannot_be_had_fails_the_run_with_its_error(store: Store, small_model: Path) -> None:
    planned = plan(store, asked(small_model, limit=2, attention="flash_attention_2"))
    (state,) = perform(store, planned)
    assert state.phase is Phase.REFUSED
    assert "its attention cannot be flash_attention_2 here" in state.error
    assert exit_code([state], planned.refused) is Exit.BAD_INPUT
    assert [run.status for run in stored_runs(store)] == [Status.REFUSED]


@pytest.mark.parametrize("library", ["onednn", "default"])
def test_the_library_that_multiplies_is_part_of_the_key(
    store: Store, small_model: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = plan(store, asked(small_model)).runs[0]
    monkeypatch.setattr("engine.machine.kernels.matmul_for", lambda *_: library)
    there = plan(store, asked(small_model)).runs[0]
    assert there.key["matmul"] == library
    assert (here.run_id == there.run_id) == (here.key["matmul"] == library)


def test_a_candidate_too_large_for_any_one_gpu_is_spread_over_all(
    store: Store, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus = [Device("cuda", n, "GPU", 1 << 30, 700 << 20) for n in range(2)]
    monkeypatch.setattr("engine.machine.devices.devices", lambda: [Device("cpu", 0, "CPU", 8 << 30, 8 << 30), *gpus])
    monkeypatch.setattr("engine.machine.devices._FURTHER_GPU", 64 << 20)
    for wanted in ("auto", "cuda"):
        run = plan(store, asked(small_model, device=wanted)).runs[0]
        assert (run.device, run.key["device"], run.precision) == ("cuda:all", "cuda", "fp32")
    with pytest.raises(CandidateError, match="cuda:1"):
        plan(store, asked(small_model, device="cuda:1"))


def test_a_changed_suite_is_another_run(store: Store, small_model: Path, world: Suite, tmp_path: Path) -> None:
    write_suite(tmp_path / "world.jsonl", world.pairs[:-1])
    one = plan(store, asked(small_model)).runs[0]
    other = plan(store, asked(small_model, suites=(str(tmp_path / "world.jsonl"),))).runs[0]
    assert one.run_id != other.run_id


def test_what_does_not_exist_is_bad_input_before_anything_runs(store: Store, small_model: Path, tmp_path: Path) -> None:
    for request in (
        asked(tmp_path / "nowhere"),
        asked(tmp_path),
        asked(small_model, suites=("no-such-suite",)),
        asked(small_model, device="cuda:9"),
    ):
        with pytest.raises(BadInput):
            plan(store, request)


def test_what_the_scoring_process_notes_reaches_the_reader_at_once_and_is_stored(
    store: Store, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halved = "out of memory with 2048 tokens at once; going on with 1024"
    planned = plan(store, asked(small_model, limit=1))
    row = {"pair_id": planned.runs[0].suite.scored[0].id}
    row |= {
        f"{name}_{view}": n
        for name, n in (("tokens", 1), ("bytes", 2), ("ll", -3.0))
        for view in ("chosen", "rejected")
    }
    facts = {"tokens": 1, "memory": 1, "notes": [halved]}

    class Scripted:
        log = "log"

        def __init__(self, message: object) -> None: ...
        def __enter__(self) -> Scripted:
            return self

        def __exit__(self, *_: object) -> None: ...
        def drain(self) -> tuple[()]:
            return ()

        def events(self, *_: object) -> object:
            yield {"event": "laid", "task": 0, "total": 1, "left": 1, "notes": ["of the layout"], "skipped": []}
            yield {"event": "verdicts", "task": 0, "rows": [{"verdict": row, "tokens": []}], "facts": facts}
            assert seen.seen[-1].notes == ("of the layout", halved)
            yield {"event": "task_done", "task": 0, "facts": {**facts, "notes": [halved, "later"]}}

    monkeypatch.setattr("engine.jobs.progress.Throttle.ready", lambda _: True)
    seen = Recorder()
    runner: Any = Scripted
    (state,) = perform(store, planned, seen, runner=runner)
    assert state.notes == ("of the layout", halved, "later")
    with store.reading() as connection:
        (kept,) = connection.execute("select facts from runs").fetchone()  # type: ignore[misc]
    assert json.loads(kept)["notes"] == list(state.notes)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:130] DefaultCPUAllocator: can't allocate memory: you tried …"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("could not create a primitive"),
    ],
    ids=["python", "cpu", "cuda", "cublas", "system", "onednn"],
)
def test_running_out_of_memory_is_called_that(error: Exception) -> None:
    assert is_out_of_memory(error)
    assert in_words(error).startswith("out of memory")
    assert not in_words(error).rstrip().endswith(":")


def test_a_product_that_onednn_has_no_code_for_is_another_thing() -> None:
    assert not is_out_of_memory(RuntimeError("could not create a primitive descriptor for a matmul primitive"))


@pytest.mark.long
def test_a_worker_that_cannot_start_its_job_says_why(tmp_path: Path) -> None:
    with WorkerProcess({"kind": "score", "model": str(tmp_path), "tasks": [], "trust_remote_code": False}) as worker:
        with pytest.raises(Exception, match="tokenizer"):
            list(worker.events(threading.Event()))
        assert list(worker.drain()) == []


def test_a_worker_that_is_killed_is_reported_with_its_signal(small_model: Path) -> None:
    with WorkerProcess({"kind": "score", "model": str(small_model), "tasks": [], "trust_remote_code": False}) as worker:
        worker.kill()
        with pytest.raises(WorkerError, match="SIGKILL"):
            list(worker.events(threading.Event()))


@pytest.mark.long
def test_snapshots_come_at_most_twenty_times_a_second(store: Store, small_model: Path) -> None:
    recorder = Recorder()
    perform(store, plan(store, asked(small_model, limit=200)), recorder)
    scoring = [t for t, s in zip(recorder.times, recorder.seen, strict=True) if s.phase is Phase.SCORING]
    assert all(b - a >= 0.045 for a, b in itertools.pairwise(scoring[1:]))
    columns = load_verdicts(store, "likelihood", [recorder.seen[-1].run_id])[recorder.seen[-1].run_id]
    assert len(columns.position) == 200


@pytest.mark.long
def test_a_run_is_made_in_every_wording_and_taken_up_in_its_own(store: Store, small_model: Path) -> None:
    wordings = wordings_asked(["likelihood"], "bare", draws=2)
    request = asked(small_model, protocols=("likelihood",), limit=4, controls=2, wordings=wordings)
    planned = plan(store, request)
    # Other draws of no exemplars are nothing else; controls are those of the plain wording.
    assert [(run.wording.label, run.prompt) for run in planned.runs] == [
        ("", "own"), ("bare", "own"), ("", "none"), ("", "other"),
    ]  # fmt: skip
    assert RunRequest.of_json(request.to_json()) == request
    perform(store, planned)
    rows = {(row.wording, row.prompt): row for row in stored_runs(store)}
    assert rows.keys() == {("", "own"), ("bare", "own"), ("", "none"), ("", "other")}
    found = load_verdicts(store, "likelihood", [rows["", "own"].run_id, rows["bare", "own"].run_id]).values()
    plain, bare = (list(each.ll_chosen) for each in found)
    assert plain != bare
    again = plan(store, resume_request(store, rows["bare", "own"])).runs
    assert [(run.run_id, run.left) for run in again] == [(rows["bare", "own"].run_id, 0)]
    assert plan(store, request).runs[1].left == 0


def test_a_race_is_run_in_one_wording(store: Store, small_model: Path) -> None:
    wordings = wordings_asked(["likelihood"], "bare")
    with pytest.raises(BadInput, match="one wording"):
        plan(store, asked(small_model, protocols=("likelihood",), until="best", wordings=wordings))
