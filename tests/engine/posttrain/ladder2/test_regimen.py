"""What all models meet: three sets of families apart from each other, prompts that are in no suite."""

from __future__ import annotations

import pytest

from engine.posttrain.ladder2.regimen import SETS, Common, Regimen, common, outcome_families
from rubrics.errors import BadInput
from rubrics.world.corpus import documents
from rubrics.world.requests import pool, reserved

pytestmark = pytest.mark.long

SMALL = Regimen(
    per_family=2, sampled_per_family=1, beside_per_family=2, mirror_sets=20, texts=4, traces=4, demonstrations=82,
    round_per_family=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def shared() -> Common:
    return common(SMALL)


def test_no_family_is_in_two_sets(shared: Common) -> None:
    families = {name: {task.family for task in shared.prompts[name]} for name in SETS}
    trained = {task.family for tasks in (shared.demonstrations, *shared.rounds) for task in tasks}
    of_suite = {criterion.id for pair in shared.suite.pairs for criterion in pair.criteria}
    pools = {name: {family.name for family in pool(name)} for name in ("unseen", "held", "taught")}
    assert families["outcome"] <= pools["unseen"]
    assert families["suite"] | of_suite <= pools["held"]
    assert families["taught"] | trained <= pools["taught"]
    assert sum(map(len, pools.values())) == len(set.union(*pools.values()))
    assert len(families["outcome"]) == SMALL.outcome_families == 60


def test_categories_come_evenly(shared: Common) -> None:
    from engine.posttrain.ladder2.rows import _category
    from rubrics.taxonomy import Subcategory

    categories = {t.family: _category(Subcategory(t.subcategories[0])) for t in shared.prompts["outcome"]}
    assert {name: list(categories.values()).count(name) for name in set(categories.values())} == dict.fromkeys(
        ("Competence", "Content", "Control", "Compliance"), 15
    )


def test_no_prompt_twice_and_none_of_a_suite(shared: Common) -> None:
    lists = [*shared.prompts.values(), shared.demonstrations, *shared.rounds]
    prompts = [task.prompt for tasks in lists for task in tasks]
    assert len(set(prompts)) == len(prompts)
    assert all(reserved(prompt) for prompt in prompts)
    assert not {pair.prompt_text for pair in shared.suite.pairs} & set(prompts)
    assert len(shared.suite.scored) == 40


def test_first_prompts_are_as_many_of_each_family(shared: Common) -> None:
    first = [task.family for task in shared.prompts["outcome"][:60]]
    assert len(set(first)) == 60


def test_clean_texts_are_in_no_training_text(shared: Common) -> None:
    trained = {text for seed in (11, 12) for text in documents(seed * 1_000_003, 4000, dialogue_share=0.5)}
    assert not trained & {*shared.plain, *shared.dialogues}
    assert all("\n\nResponse:\n" in text for text in shared.dialogues)


def test_the_hash_is_of_everything(shared: Common) -> None:
    from dataclasses import replace

    assert SMALL.hash == replace(SMALL).hash != replace(SMALL, sft_rate=1.0).hash
    less = replace(shared, plain=shared.plain[1:])
    assert less.hash != shared.hash


def test_too_few_families_are_an_error() -> None:
    with pytest.raises(BadInput, match="families for the outcome"):
        outcome_families(Regimen(outcome_families=500, outcome_pool="held"))
