"""Runs of post-training: planned with faults first, recorded from events, resumed by whoever comes next."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from data.bundled import bundled_models
from engine.jobs.job import perform
from engine.jobs.progress import NoProgress, Phase
from engine.jobs.states import States
from engine.posttrain.job import PostTrainJob, PostTrainTurn, asked_for, outcomes_in, plan_post_training
from engine.posttrain.stored import resume_training, training_rows
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.owners import Owner
from engine.store.posttrain import (
    StageScore,
    add_scores,
    add_step,
    close_posttrain,
    open_posttrain,
    stored_posttrain,
    stored_scores,
)
from engine.store.runs import Status
from rubrics.errors import BadInput, CandidateError, RudeError

RECIPE = """
name = "try"
seeds = [1, 2]
[tasks]
train = ["capitals"]
test = ["loud-sign"]
[sft]
steps = 5
[rl]
steps = 3
"""
ROW = {"stage": "rl", "part": "held", "how": "greedy", "family": "loud-sign", "subcategory": "Format"}


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    file = tmp_path / "recipe.toml"
    file.write_text(RECIPE, encoding="utf-8")
    return file


@pytest.fixture
def job(store: Store, recipe: Path, tmp_path: Path) -> PostTrainJob:
    return plan_post_training(store, [str(bundled_models()[0])], "world", recipe, device="cpu", folder=tmp_path / "out")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "x.duckdb")


def test_a_plan_has_a_run_and_a_folder_for_every_seed(
    job: PostTrainJob, store: Store, recipe: Path, tmp_path: Path
) -> None:
    runs = [planned.run for planned in job.planned]
    assert [run.seed for run in runs] == [1, 2]
    assert len({run.run_id for run in runs}) == len({run.folder for run in runs}) == 2
    again = plan_post_training(
        store, [str(bundled_models()[0])], "world", recipe, seeds=[7], device="cpu", folder=tmp_path / "out"
    )
    assert [planned.run.seed for planned in again.planned] == [7]
    assert again.asked is not None
    assert again.asked.function == "engine.posttrain.job:asked_for"
    told = asked_for(store, json.loads(json.dumps(again.asked.request)))
    assert told.planned == again.planned, "another process is asked for the same"


def test_faults_come_before_any_work(store: Store, recipe: Path, tmp_path: Path) -> None:
    model = str(bundled_models()[0])
    with pytest.raises(BadInput, match="cannot be read"):
        plan_post_training(store, [model], str(tmp_path / "no.jsonl"), recipe, folder=tmp_path)
    with pytest.raises(BadInput):
        plan_post_training(store, [str(tmp_path / "nobody")], "world", recipe, folder=tmp_path)
    recipe.write_text(RECIPE.replace("loud-sign", "no-such"), encoding="utf-8")
    with pytest.raises(BadInput, match="no template family 'no-such'"):
        plan_post_training(store, [model], "world", recipe, folder=tmp_path)


def test_a_pickled_model_is_refused(store: Store, recipe: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
    (folder / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(CandidateError):
        plan_post_training(store, [str(folder)], "world", recipe, device="cpu", folder=tmp_path)


def test_without_the_extra_the_fix_is_named(
    store: Store, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.posttrain.extra.find_spec", lambda name: None if name == "trl" else object())
    with pytest.raises(RudeError, match="post-training needs trl") as caught:
        plan_post_training(store, [str(bundled_models()[0])], "world", recipe, folder=tmp_path)
    assert "rude-tui[posttrain]" in caught.value.shell


def test_events_become_rows_and_states(job: PostTrainJob, store: Store) -> None:
    one = job.planned[0]
    states = States(job.states, NoProgress())
    turn = PostTrainTurn(store, one, states)
    assert turn.claim()
    turn.handle({"event": "planned", "steps": {"sft": 5, "rl": 3}, "notes": ["12 prompts"]})
    turn.handle({"event": "step", "stage": "rl", "step": 2, "metrics": {"reward": 0.5}})
    turn.handle({"event": "scores", "stage": "rl", "rows": [{**ROW, "met": 3, "judged": 4}]})
    state = states[one.run.run_id]
    assert (state.phase, state.done, state.total) == (Phase.TRAINING, 8, 8)
    assert state.notes == ("12 prompts", "rl: 3 of 4 criteria met on what is held out (30–95 %)")
    assert [(s.met, s.judged) for s in stored_scores(store, one.run.run_id)] == [(3, 4)]
    with store.reading() as connection:
        rows = connection.execute("select stage, step, metrics from posttrain_steps").fetchall()
    assert rows == [("rl", 2, '{"reward": 0.5}')]
    # Nothing counts before the run is done.
    assert outcomes_in(store, one.run.recipe_hash) == []
    turn.close(Phase.DONE, None)
    assert states[one.run.run_id].phase is Phase.DONE
    assert {o.outcome: o.score for o in outcomes_in(store, one.run.recipe_hash)}["rl_met"] == 0.75


def test_only_one_process_works_on_a_run(job: PostTrainJob, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = job.planned[0].run
    assert open_posttrain(store, run) is None
    assert open_posttrain(store, run) is None  # by the same process
    me = Owner.this()
    monkeypatch.setattr(Owner, "this", classmethod(lambda cls: Owner(1, 0.0, me.host)))
    assert open_posttrain(store, run) == me
    assert {state.phase for state in perform(store, replace(job, planned=job.planned[:1]))} == {Phase.BUSY}
    monkeypatch.setattr(Owner, "alive", property(lambda self: False))
    assert [found.status for found in stored_posttrain(store)] == [Status.CRASHED]
    assert open_posttrain(store, run) is None


def test_what_is_done_is_left_alone_and_a_stop_is_heeded(
    job: PostTrainJob, store: Store, recipe: Path, tmp_path: Path
) -> None:
    cancel = threading.Event()
    cancel.set()
    assert [state.phase for state in perform(store, job, cancel=cancel)] == [Phase.CANCELLED] * 2
    for planned in job.planned:
        open_posttrain(store, planned.run)
        close_posttrain(store, planned.run.run_id, Status.DONE)
    model = str(bundled_models()[0])
    again = plan_post_training(store, [model], "world", recipe, device="cpu", folder=tmp_path / "out")
    assert [state.phase for state in perform(store, again)] == [Phase.UP_TO_DATE] * 2


def test_a_run_is_listed_while_another_process_trains_and_can_be_taken_up(job: PostTrainJob, store: Store) -> None:
    planned = job.planned[0]
    run = planned.run
    save_candidate(store, planned.candidate, run.weights_hash)
    open_posttrain(store, run)
    add_step(store, run.run_id, "sft", 5, {"loss": 0.5})
    add_step(store, run.run_id, "rl", 1, {"reward": 0.25, "loss": 0.01})
    add_step(store, run.run_id, "rl", 2, {"reward": 0.5, "loss": 0.0})
    add_scores(store, run.run_id, [StageScore(**(ROW | {"stage": "sft"}), met=3, judged=4)])
    (row,) = training_rows(store)
    assert (row.status, row.n_scored, row.n_wanted, row.suite) == (Status.STARTED, 7, 8, "world")
    assert row.facts["notes"] == (
        "sft: step 5, loss 0.500, 3 of 4 criteria met on what is held out (30–95 %)",
        "rl: step 2, loss 0.000, reward 0.500",
    )  # fmt: skip
    close_posttrain(store, run.run_id, Status.CANCELLED)
    (again,) = resume_training(store, training_rows(store)[0]).planned
    assert (again.run.run_id, again.recipe.hash, again.candidate.path) == (
        run.run_id, planned.recipe.hash, planned.candidate.path,
    )  # fmt: skip


@pytest.mark.long
def test_prompts_that_have_changed_are_not_gone_on_with(recipe: Path, tmp_path: Path, store: Store) -> None:
    own = tmp_path / "own.jsonl"
    rows = [
        {"id": f"p{n}", "domain": "notes", "prompt": f"Write note {n}.",
         "criteria": [{"id": "c", "text": "Short.", "subcategory": "Length"}],
         "checks": {"c": {"kind": "at most", "number": 4}}}
        for n in range(16)
    ]  # fmt: skip
    own.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    model = str(bundled_models()[0])
    one, *_ = plan_post_training(store, [model], str(own), recipe, device="cpu", folder=tmp_path / "out").planned
    assert Path(one.run.suite).is_absolute()
    save_candidate(store, one.candidate, one.run.weights_hash)
    open_posttrain(store, one.run)
    close_posttrain(store, one.run.run_id, Status.CANCELLED)
    own.write_text(own.read_text(encoding="utf-8").replace("Write", "Draw"), encoding="utf-8")
    with pytest.raises(BadInput, match="prompts are gone"):
        resume_training(store, training_rows(store)[0])
