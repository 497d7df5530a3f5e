"""Recipes of post-training: read, refused with reasons, told apart by what decides a result."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.bundled import bundled_models
from engine.posttrain.ladder.work import LADDER
from engine.posttrain.pretrain import read_recipes
from engine.posttrain.recipe import PostTraining, read_recipe
from rubrics.errors import BadInput
from rubrics.world.requests import pool


def test_the_shipped_recipe_tests_on_families_nobody_was_taught() -> None:
    recipe = read_recipe(LADDER / "posttrain.toml")
    taught = {family.name for family in pool("taught")}
    held = {family.name: str(family.subcategory) for family in pool("held")}
    assert not set(recipe.tasks.test) & taught
    assert not set(recipe.tasks.test) & set(recipe.tasks.train)
    assert {held[name] for name in recipe.tasks.test} == set(held.values())
    assert len(recipe.seeds) >= 2


def test_a_recipe_survives_the_way_to_the_worker() -> None:
    recipe = read_recipe(LADDER / "posttrain.toml")
    again = PostTraining.of(recipe.to_json())
    assert again == recipe
    assert again.hash == recipe.hash


def test_the_hash_is_of_what_decides_a_result() -> None:
    base = PostTraining("a")
    assert PostTraining("b", seeds=(7,), save_every=3).hash == base.hash
    assert PostTraining("a", response_tokens=49).hash != base.hash


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "name"),
        ("name = 'x'\n[sft]\nstep = 3", "'step' is not known"),
        ("name = 'x'\n[tasks]\ntrain = ['a', 'b']\ntest = ['b']", "b: a family is trained on or tested, not both"),
        ("name = 'x'\nseeds = [1, 1]", "seeds: give one or more, each once"),
        ("name = 'x'\n[rl]\ngenerations = 1", "at least 2"),
        ("name = 'x'\n[sft]\nbatch = 0", "sft.batch: a whole number, at least 1"),
        ("name = ", "TOML"),
        ("name = 'x'\nsft = 3", "recipe cannot be used"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_recipe(file)
    assert said.lower() in str(caught.value).lower() or said == "TOML"
    assert str(file) in str(caught.value)


def test_the_ladder_varies_quality_at_equal_compute() -> None:
    recipes = read_recipes(LADDER / "ladder.toml")
    names = [recipe.name for recipe in recipes]
    bundled = {folder.name for folder in bundled_models()}
    assert len(set(names)) == len(names)
    assert not set(names) & bundled
    assert len(names) + len(bundled) >= 24
    assert {recipe.shape for recipe in recipes} == {"llama", "qwen3", "gpt_neox"}
    assert len({(recipe.vocabulary, recipe.bos) for recipe in recipes}) >= 2
    alike = [recipe for recipe in recipes if (recipe.layers, recipe.hidden, recipe.tokens) == (2, 96, 2_500_000)]
    assert len(alike) >= (len(names) + len(bundled)) / 2
    differing = ("noise", "dialogue", "frame", "order", "vocabulary", "rote")
    assert all(len({getattr(recipe, field) for recipe in alike}) > 1 for field in differing)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        *((f"[sft]\nrate = {value}", "sft.rate") for value in ("nan", "inf", "-0.5", "0", "2026-01-05", "true", "'1'")),
        *((f"[sft]\nsteps = {value}", "sft.steps") for value in ("2.5", "-1", "true", f"1{'0' * 20}", "12:00:00")),
        ("[rl]\ntemperature = nan", "rl.temperature"),
        ("[rl]\ndivergence = -1", "rl.divergence"),
        ("[rl]\nrate = inf", "rl.rate"),
        ("[evaluation]\ntemperature = 0", "evaluation.temperature"),
        ("[evaluation]\nbatch = nan", "evaluation.batch"),
        ("[lora]\nalpha = 1.5", "lora.alpha"),
        ("[tasks]\ntest_share = nan", "tasks.test_share"),
        ("[tasks]\ntrain = [1]", "tasks.train"),
        ("[tasks]\ntrain = 'rhyme'", "tasks.train"),
        ("seeds = [1.5]", "seeds"),
        ("seeds = [-1]", "seeds"),
        ("seeds = 'ab'", "seeds"),
        ("response_tokens = inf", "response_tokens"),
        ("seeds = " + "[" * 3000 + "]" * 3000, "nested too deeply"),
    ],
)
def test_a_value_that_cannot_be_meant_is_named(tmp_path: Path, line: str, name: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(f"name = 'x'\n{line}\n")
    with pytest.raises(BadInput) as caught:
        read_recipe(file)
    assert name in caught.value.what
