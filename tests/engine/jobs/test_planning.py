"""What is planned beside a run: its controls, on the first pairs of the order of scoring."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine.jobs.planning import plan
from engine.jobs.progress import way_of
from engine.jobs.runs import PlannedRun, RunRequest
from engine.store.connection import Store
from rubrics.reading import write_suite
from rubrics.schema import Suite


@pytest.fixture
def request_(small_model: Path) -> RunRequest:
    return RunRequest((str(small_model),), ("world",), device="cpu", precision="fp32", controls=20)


def shown(runs: tuple[PlannedRun, ...]) -> list[tuple[str, str, int]]:
    return [(run.protocol, run.prompt, run.requested) for run in runs]


def test_controls_are_runs_without_the_prompt(store: Store, request_: RunRequest, world: Suite) -> None:
    every = len(world.scored)
    runs = plan(store, replace(request_, token_scores=True)).runs
    assert shown(runs) == [
        ("choice", "own", every), ("likelihood", "own", every), ("likelihood", "none", 20), ("likelihood", "other", 20),
    ]  # fmt: skip
    assert [run.token_scores for run in runs] == [False, True, False, False]
    assert [run.state.way for run in runs[1:]] == [
        "likelihood", "likelihood, without the prompt", "likelihood, another pair's prompt",
    ]  # fmt: skip
    assert way_of("choice", "own") == "choice"


@pytest.mark.long
def test_a_control_is_the_run_that_one_could_ask_for_by_itself(store: Store, request_: RunRequest) -> None:
    runs = plan(store, replace(request_, protocols=("likelihood",))).runs
    alone = [
        plan(store, replace(request_, protocols=("likelihood",), prompt=prompt)).runs
        for prompt in ("own", "none", "other")
    ]
    assert [len(found) for found in alone] == [3, 1, 1]
    assert [run.run_id for run in runs] == [found[0].run_id for found in alone]
    assert len({run.run_id for run in runs}) == 3
    without = plan(store, replace(request_, protocols=("likelihood",), controls=0)).runs
    assert [run.run_id for run in without] == [runs[0].run_id]


def test_a_limit_holds_for_controls_too(store: Store, request_: RunRequest) -> None:
    runs = plan(store, replace(request_, protocols=("likelihood",), limit=12)).runs
    assert [run.requested for run in runs] == [12, 12, 12]


def test_one_cluster_has_no_other_prompt_to_lend(
    store: Store, request_: RunRequest, world: Suite, tmp_path: Path
) -> None:
    lone = [pair.model_copy(update={"cluster": "one"}) for pair in world.scored[:6]]
    write_suite(tmp_path / "lone.jsonl", tuple(lone))
    asked = replace(request_, suites=(str(tmp_path / "lone.jsonl"),), protocols=("likelihood",))
    assert [run.prompt for run in plan(store, asked).runs] == ["own", "none"]


@pytest.mark.long
def test_one_model_under_two_names_is_planned_once_and_said_to_be_so(
    store: Store, request_: RunRequest, small_model: Path, tmp_path: Path
) -> None:
    places = [tmp_path / place / "alpha" for place in ("here", "there")]
    for place in places:
        shutil.copytree(small_model, place)
    runs = plan(store, replace(request_, models=tuple(map(str, places)), protocols=("choice",))).runs
    assert [run.candidate.name for run in runs] == ["here/alpha"]
    assert "there/alpha" in runs[0].state.notes[0]


@pytest.mark.long
@pytest.mark.parametrize(("named", "anew"), [("PreTrainedTokenizerFast", False), ("GPT2Tokenizer", True)])
def test_only_what_may_have_been_scored_with_other_tokens_is_scored_anew(
    store: Store, request_: RunRequest, small_model: Path, tmp_path: Path, named: str, anew: bool
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(small_model, folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"tokenizer_class": named}))
    run, *_ = plan(store, replace(request_, models=(str(folder),))).runs
    assert ("tokens" in run.key) is anew


def test_of_more_than_is_asked_for_all_is_shown(store: Store, request_: RunRequest) -> None:
    (run, *_) = plan(store, replace(request_, protocols=("likelihood",), limit=12)).runs
    state = replace(run, done=40).state
    assert (state.phase, state.done, state.total) == ("up to date", 40, 40)
