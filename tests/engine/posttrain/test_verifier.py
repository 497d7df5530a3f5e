"""A verifier model as the reward: only after its trial, by its verdicts, and never where a program can measure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from scripted import Script, said, scripted
from training import trained

from data.bundled import bundled_models
from engine.construct.wording import wording_hash
from engine.posttrain.job import plan_post_training
from engine.posttrain.recipe import PostTraining
from engine.posttrain.tasks import Task, split
from engine.posttrain.verifier import allowed, judge_of
from engine.store.connection import Store
from engine.store.construct import TrialRow, add_trial
from rubrics.errors import BadInput, RudeError
from rubrics.schema import Criterion
from rubrics.taxonomy import Subcategory
from rubrics.world.verifiers import Check

MODEL = next(path for path in bundled_models() if path.name == "neox-puddle-0.2m")
SHORT = Criterion(id="short", text="Has at most three words.", subcategory=Subcategory.LENGTH)
KIND = Criterion(id="kind", text="Is kind.", subcategory=Subcategory.PERSONA)


@pytest.fixture
def sage() -> Iterator[Script]:
    """Says that a criterion is met where the response has an `e`."""
    with scripted() as script:
        script.answer = lambda asked: verdict("e" in response_in(asked))
        yield script


def verdict(met: bool) -> dict[str, Any]:
    return said(json.dumps({"quote": "", "reason": "So it is.", "met": met}))


def response_in(asked: dict[str, Any]) -> str:
    found = re.search(r"<<<response (\w+)\n(.*?)\nresponse \1>>>", asked["messages"][-1]["content"], re.DOTALL)
    assert found is not None
    return found[2]


def spec_of(script: Script) -> str:
    return f"{script.address.url}#{script.address.model}"


def tried(store: Store, spec: str, *, wrong: int, of: int = 100, wording: str = "") -> None:
    """A trial with so many errors on either side, of as many clusters as labels."""
    readings = [
        [f"{met} {n}", "Length", met, [met if n >= wrong else not met]] for met in (True, False) for n in range(of)
    ]
    add_trial(store, TrialRow("trial-1", spec, 1, wording or wording_hash(), "some", json.dumps(readings), 0))


def test_without_a_trial_of_today_s_wording_it_may_not_be_a_reward(tmp_path: Path) -> None:
    store, spec = Store(tmp_path / "x.duckdb"), "http://there:1/v1#sage"
    with pytest.raises(BadInput, match="has not been on trial"):
        allowed(store, spec)
    tried(store, spec, wrong=2, wording="another")
    with pytest.raises(BadInput, match="has not been on trial") as error:
        allowed(store, spec)
    assert error.value.shell == f"rude-tui trial --verifier {spec}"


def test_who_does_not_surely_tell_met_from_violated_may_not_either(tmp_path: Path) -> None:
    spec = "http://there:1/v1#sage"
    good, poor = (Store(tmp_path / f"{name}.duckdb") for name in ("good", "poor"))
    tried(good, spec, wrong=10)
    assert re.search(r"granted 10 % \(\d+–1\d\) of what is not so and denied 10 % \(\d+–1\d\)", allowed(good, spec))
    tried(poor, spec, wrong=46)
    with pytest.raises(BadInput, match=r"does not surely tell met from violated: on trial it granted 46 %"):
        allowed(poor, spec)


def test_the_plan_asks_for_the_trial_and_says_what_it_showed(tmp_path: Path) -> None:
    store, spec, recipe = Store(tmp_path / "x.duckdb"), "http://there:1/v1#sage", tmp_path / "recipe.toml"
    recipe.write_text(
        f'name = "v"\nseeds = [1]\n[tasks]\ntrain = ["capitals"]\ntest = ["loud-sign"]\n[rl]\nverifier = "{spec}"\n',
        encoding="utf-8",
    )
    with pytest.raises(BadInput, match="has not been on trial"):
        plan_post_training(store, [str(MODEL)], "world", recipe, device="cpu", folder=tmp_path)
    tried(store, spec, wrong=2)
    (planned,) = plan_post_training(store, [str(MODEL)], "world", recipe, device="cpu", folder=tmp_path).planned
    assert planned.reward.startswith(f"reward by {spec}: on trial it granted 2 %")


def test_who_rewards_is_part_of_the_recipe_and_where_its_key_is_is_not() -> None:
    plain = PostTraining.of({"name": "a"})
    named, keyed = (
        PostTraining.of({"name": "a", "rl": {"verifier": "local:x", "verifier_key": key}}) for key in ("", "K")
    )
    assert plain.hash != named.hash == keyed.hash
    assert PostTraining.of({"name": "a", "rl": {"verifier_key": "K"}, "keep": 5}).hash == plain.hash


def test_rewards_are_its_verdicts_and_measures_are_programs_where_there_are_some(sage: Script) -> None:
    task = Task("notes", "Write.", None, ("Length", "Persona"), (Check("at most", number=3), None), (SHORT, KIND))
    with closing(judge_of(spec_of(sage), "")) as judge:
        assert judge.rewards([task, task], ["one", "two a b c"]) == [1.0, 0.0]
        assert len(sage.asked) == 4
        assert judge.rewards([task], ["one"]) == [1.0]
        assert len(sage.asked) == 4, "what has been asked is not asked again"
        assert judge.met([task, task], ["see the four words", "no"]) == [(False, True), (True, False)]
        assert len(sage.asked) == 6, "a program is not asked about"


def test_verdicts_that_cannot_be_had_count_as_not_met_until_most_are_missing(sage: Script) -> None:
    task = Task("notes", "Write.", None, ("Length",), (None,), (SHORT,))
    usable = sage.answer
    sage.answer = lambda asked: said("Hm.") if "odd" in str(asked) else usable(asked)
    with closing(judge_of(spec_of(sage), "")) as judge:
        assert judge.rewards([task] * 3, ["e", "odd e", "ee"]) == [1.0, 0.0, 1.0]
        assert judge.unusable == 1
        with pytest.raises(RudeError, match="no usable verdict on 2 of 3"):
            judge.rewards([task] * 3, ["odd 1", "odd 2", "tree"])


def test_with_a_verifier_prompts_need_no_programs(tmp_path: Path) -> None:
    file = own_prompts(tmp_path)
    with pytest.raises(BadInput, match="no prompt has a criterion that a program decides"):
        split(str(file), PostTraining.of({"name": "a"}).tasks)
    parts = split(str(file), PostTraining.of({"name": "a"}).tasks, verifier=True)
    assert len(parts.train) + len(parts.held) == 16
    assert {(task.checks, task.criteria) for task in parts.train} == {((None,), (KIND,))}


def own_prompts(folder: Path) -> Path:
    file = folder / "own.jsonl"
    rows = [
        {"id": f"p{n}", "domain": "notes", "prompt": f"Write note {n}.", "criteria": [KIND.model_dump(mode="json")]}
        for n in range(16)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


@pytest.mark.long
def test_training_is_rewarded_by_it(sage: Script, tmp_path: Path) -> None:
    recipe = PostTraining.of({
        "name": "small", "response_tokens": 6, "tasks": {"test_share": 0.3},
        "rl": {"steps": 2, "prompts": 2, "generations": 2, "verifier": spec_of(sage)}, "evaluation": {"samples": 0},
    })  # fmt: skip
    told = trained({
        "model": str(MODEL), "parameters": 149_248, "suite": str(own_prompts(tmp_path)), "recipe": recipe.to_json(),
        "seed": 1, "folder": str(tmp_path / "out"), "device": "cpu",
    })  # fmt: skip
    metrics = [fields["metrics"] or {} for event, fields in told if event == "step"]
    rewards = [own["reward"] for own in metrics if "reward" in own]
    assert rewards
    assert all(0 <= reward <= 1 for reward in rewards)
    scores = {fields["stage"]: fields["rows"] for event, fields in told if event == "scores"}
    assert {row["subcategory"] for row in scores["rl"]} == {"Persona"}
    assert len(sage.asked) > 8
