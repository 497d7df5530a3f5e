"""Prompts for post-training: kept apart from suites and from each other, and judged by their own verifiers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.posttrain.recipe import Tasks
from engine.posttrain.tasks import WORLD, Task, _world, in_turn, split
from rubrics.errors import BadInput
from rubrics.reading import find_suite

TASKS = Tasks(train=("key-either", "capitals"), test=("letter-either",), demonstrations=12, per_family=4)


def test_parts_share_no_prompt_and_no_family_with_what_is_held_out() -> None:
    found = split(WORLD, TASKS)
    assert (len(found.train), len(found.seen), len(found.held)) == (12, 8, 4)
    prompts = [task.prompt for task in (*found.train, *found.seen, *found.held)]
    assert len(set(prompts)) == len(prompts)
    assert {task.family for task in found.held} == {"letter-either"}
    assert {task.family for task in found.train} == {task.family for task in found.seen} == set(TASKS.train)


def test_no_prompt_is_one_of_the_suite() -> None:
    suite = {pair.prompt_text for pair in find_suite("world").pairs}
    found = split(WORLD, replace(TASKS, demonstrations=60))
    assert not suite & {task.prompt for task in (*found.train, *found.held)}


def test_the_same_arguments_give_the_same_tasks() -> None:
    first = split(WORLD, TASKS)
    _world.cache_clear()
    assert split(WORLD, TASKS) == first
    assert split(WORLD, TASKS) != split(WORLD, replace(TASKS, seed=2))


def test_demonstrations_earn_the_whole_reward_and_nonsense_none_of_it() -> None:
    found = split(WORLD, replace(TASKS, criteria=2))
    assert all(task.response and task.reward(task.response) == 1.0 for task in found.train)
    assert all(task.reward("") == 0.0 for task in found.train)


@pytest.mark.parametrize("wrong", [{"train": ("nobody",)}, {"train": ()}, {"test": ()}])
def test_families_must_exist(wrong: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(BadInput):
        split(WORLD, replace(TASKS, **wrong))


def test_families_take_turns_in_an_order_of_the_seed() -> None:
    tasks = [
        Task(family, f"{family}{n}", None, (), ())
        for family, count in (("a", 5), ("b", 5), ("c", 3))
        for n in range(count)
    ]
    order = in_turn(tasks, 1)
    assert sorted(task.prompt for task in order) == sorted(task.prompt for task in tasks)
    assert [task.family for task in order] == list("abc" * 3 + "ab" * 2)
    assert order == in_turn(tasks, 1) != in_turn(tasks, 2)


def _prompts(path: Path, count: int, *, checks: bool = True) -> str:
    rows = [
        {
            "id": f"p{n}",
            "domain": "notes",
            "prompt": f"Write note {n} in at most four words.",
            "criteria": [
                {"id": "short", "text": "Has at most four words.", "subcategory": "Length"},
                {"id": "kind", "text": "Is kind.", "subcategory": "Persona"},
            ],
            "reference": "All is well." if n % 2 else None,
            "checks": {"short": {"kind": "at most", "number": 4}} if checks else None,
        }
        for n in range(count)
    ]
    rows = [{key: value for key, value in row.items() if value is not None} for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_prompts_of_ones_own_are_rewarded_by_criteria_that_have_a_check(tmp_path: Path) -> None:
    found = split(_prompts(tmp_path / "own.jsonl", 40), Tasks(test_share=0.25))
    assert len(found.train) + len(found.held) == 40
    assert 2 <= len(found.held) <= 20
    assert all(task.subcategories == ("Length",) for task in found.train)
    assert found.train[0].reward("one two three four") == 1.0
    assert found.train[0].reward("one two three four five") == 0.0
    assert 0 < len(found.demonstrations) < len(found.train)


def test_a_file_without_a_check_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no prompt has a criterion that a program decides"):
        split(_prompts(tmp_path / "own.jsonl", 5, checks=False), Tasks())


def test_a_file_too_small_to_hold_prompts_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="too few"):
        split(_prompts(tmp_path / "own.jsonl", 1), Tasks())
