"""The curve of what is held out, preferences, and the bill."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import binomtest

from data.bundled import bundled_models
from engine.candidates.find import find
from engine.jobs.job import perform
from engine.jobs.progress import NoProgress
from engine.jobs.states import States
from engine.posttrain.bill import bill, bill_notes, plan_bill
from engine.posttrain.held_out import HELD, HeldOutCurve, stored_curves
from engine.posttrain.job import PlannedTraining, PostTrainTurn, plan_post_training
from engine.posttrain.recipe import PostTraining
from engine.posttrain.stored import training_rows
from engine.posttrain.tasks import Split, Task, preferences
from engine.results.board import Question
from engine.results.rankings import rankings
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.reading import find_suite, suite_path

MODELS = {path.name: path for path in bundled_models()}
RECIPE = """
name = "try"
seeds = [1]
[tasks]
train = ["capitals"]
test = ["loud-sign"]
[sft]
steps = 5
[dpo]
steps = 4
suite = "core"
[rl]
steps = 3
[evaluation]
every = 2
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "x.duckdb")


@pytest.fixture
def planned(store: Store, tmp_path: Path) -> PlannedTraining:
    file = tmp_path / "recipe.toml"
    file.write_text(RECIPE, encoding="utf-8")
    model = str(MODELS["neox-puddle-0.2m"])
    return plan_post_training(store, [model], "world", file, device="cpu", folder=tmp_path / "out").planned[0]


def test_looks_and_stages_make_one_curve(store: Store, planned: PlannedTraining) -> None:
    states = States((planned.state,), NoProgress())
    turn = PostTrainTurn(store, planned, states)
    assert turn.claim()
    row = {"part": "held", "how": "greedy", "family": "loud-sign", "subcategory": "Format"}
    turn.handle({"event": "planned", "steps": {"sft": 5, "dpo": 4, "rl": 3}, "notes": []})
    turn.handle({"event": "scores", "stage": "base", "rows": [{**row, "stage": "base", "met": 1, "judged": 4}]})
    turn.handle({"event": "step", "stage": "sft", "step": 2, "metrics": {HELD: 0.5}})
    turn.handle({"event": "scores", "stage": "sft", "rows": [{**row, "stage": "sft", "met": 3, "judged": 4}]})
    turn.handle({"event": "step", "stage": "dpo", "step": 2, "metrics": {HELD: 0.6, "loss": 1.0}})
    turn.handle({"event": "step", "stage": "rl", "step": 1, "metrics": {"loss": 1.0}})
    told = states[planned.run.run_id].account
    assert told == HeldOutCurve(((0, 0.25), (2, 0.5), (5, 0.75), (7, 0.6)), 4)
    low, high = binomtest(3, 4).proportion_ci(method="wilson")
    assert HeldOutCurve(((0, 0.25), (5, 0.75)), 4).ends == pytest.approx((low, high))
    assert stored_curves(store, [planned.run]) == {planned.run.run_id: told}
    (listed,) = training_rows(store)
    assert listed.n_wanted == 12
    assert listed.facts["held_out"] == told.points


def test_a_run_stored_before_there_were_preferences_is_listed(store: Store, planned: PlannedTraining) -> None:
    settings = {name: value for name, value in planned.run.settings.items() if name != "dpo"}
    older = replace(planned, run=replace(planned.run, settings=settings))
    assert PostTrainTurn(store, older, States((older.state,), NoProgress())).claim()
    assert training_rows(store)[0].n_wanted == 8


def test_what_is_not_asked_for_changes_no_recipe() -> None:
    plain = PostTraining.of({"name": "a"})
    assert plain.hash == PostTraining.of({"name": "b", "evaluation": {"every": 5}}).hash
    assert plain.hash == PostTraining.of({"name": "a", "dpo": {"beta": 0.5}}).hash
    assert plain.hash != PostTraining.of({"name": "a", "dpo": {"steps": 1, "suite": "core"}}).hash
    with pytest.raises(ValueError, match=r"dpo\.suite: name a suite"):
        PostTraining.of({"name": "a", "dpo": {"steps": 1}})


def test_pairs_about_what_is_measured_are_not_learned_from() -> None:
    pairs = find_suite("core").scored
    measured = tuple(Task("x", pair.prompt_text, None, (), ()) for pair in pairs[:5])
    rows = preferences("core", Split((), measured[:2], measured[2:]))
    prompts = {pair.prompt_text for pair in pairs[:5]}
    assert len(rows) == sum(pair.prompt_text not in prompts for pair in pairs)
    assert rows[0].keys() == {"prompt", "chosen", "rejected"}
    with pytest.raises(BadInput, match="every pair is about a prompt or a family that is measured on"):
        preferences("core", Split((), (), tuple(Task("x", pair.prompt_text, None, (), ()) for pair in pairs)))


def test_families_that_are_measured_on_are_not_learned_from() -> None:
    pairs = find_suite("world").scored
    families = {criterion.id for criterion in pairs[0].criteria} | {pairs[7].cluster}
    held = tuple(Task(family, f"a prompt of {family}", None, (), ()) for family in families)
    rows = preferences("world", Split((), (), held))
    touched = [pair for pair in pairs if families & {pair.cluster, *(c.id for c in pair.criteria)}]
    assert 0 < len(touched) < len(pairs)
    assert len(rows) == len(pairs) - len(touched)


@pytest.mark.long
def test_the_bill_is_what_the_ranking_says_of_every_stage(
    store: Store, planned: PlannedTraining, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="no stage has left a model that stands by itself"):
        plan_bill(store, [planned], "core")
    for stage, like in (("sft", "llama-brook-0.2m"), ("rl", "qwen3-fell-0.3m")):
        place = Path(planned.run.folder) / stage
        shutil.copytree(MODELS[like], place / "model")
        (place / "scores.json").write_text("[]", encoding="utf-8")
    suite = tmp_path / "few.jsonl"
    lines = suite_path("core").read_text(encoding="utf-8").splitlines()
    suite.write_text("\n".join(lines[:41]) + "\n", encoding="utf-8")
    job = plan_bill(store, [planned], str(suite), device="cpu")
    folder = Path(planned.run.folder).name
    assert [state.candidate for state in job.states] == [planned.candidate.name, f"{folder}/sft", f"{folder}/rl"]
    perform(store, job, NoProgress())
    rows = bill(store, [planned], str(suite))
    assert [row.stage for row in rows] == ["base", "sft", "rl"]
    table = {row.candidate: row.value for row in rankings(store, Question(protocol="likelihood")).overall.rows}
    assert [row.rude for row in rows] == [table[planned.candidate.name], table[f"{folder}/sft"], table[f"{folder}/rl"]]
    assert rows[1].change == pytest.approx(rows[1].rude - rows[0].rude)
    assert rows[2].bits_change == pytest.approx(rows[2].bits_per_byte - rows[0].bits_per_byte)
    assert bill_notes([planned], "core") == ["its pairs were learned from by DPO, so that RuDE after it is no test"]
    assert bill_notes([planned], str(suite)) == []
    assert [candidate.name for candidate in find((planned.run.folder,))] == [f"{folder}/rl", f"{folder}/sft"]
