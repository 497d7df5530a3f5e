"""The base models that ship: complete, small, made by the shipped recipes, and of truly different ability."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import data
from engine.posttrain.pretrain import Recipe, read_recipes
from rubrics.schema import Pair
from rubrics.world import generate
from rubrics.world.corpus import DIALOGUE

MODELS = Path(data.__file__).parent / "models"
RECIPES = {recipe.name: recipe for recipe in read_recipes()}


def test_they_are_those_of_the_recipes_and_small() -> None:
    assert {path.parent.name for path in MODELS.glob("*/model.safetensors")} == set(RECIPES)
    assert len(RECIPES) >= 4
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) <= 20_000_000
    assert not [path for path in MODELS.rglob("*") if path.suffix in (".pt", ".bin", ".pkl")]


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_each_is_complete(name: str) -> None:
    folder = MODELS / name
    notes = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    recipe = vars(RECIPES[name]) | {"tokens": notes["steps"] * RECIPES[name].batch * RECIPES[name].length}
    # What a recipe could not say then is as it is unless a recipe says it.
    assert {key: notes.get(key, Recipe.__dataclass_fields__[key].default) for key in recipe} == recipe
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["model_type"] == RECIPES[name].shape
    assert config["max_position_embeddings"] >= 2048
    tokenizer = AutoTokenizer.from_pretrained(folder)
    labels = [tokenizer(label, add_special_tokens=False)["input_ids"] for label in (" A", " B")]
    assert [len(ids) for ids in labels] == [1, 1]
    assert (tokenizer("x")["input_ids"][0] == tokenizer.bos_token_id) is RECIPES[name].bos


def _accuracy(name: str, pairs: list[Pair]) -> float:
    """Share of pairs whose chosen response is the likelier per byte, one text at a time."""
    tokenizer = AutoTokenizer.from_pretrained(MODELS / name)
    model = AutoModelForCausalLM.from_pretrained(MODELS / name, dtype=torch.float32)

    def likelihood(pair: Pair, response: str) -> float:
        before = tokenizer(DIALOGUE.format(prompt=pair.prompt_text))["input_ids"]
        ids = tokenizer(response, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logits = model(torch.tensor([before + ids]), use_cache=False).logits[0, len(before) - 1 : -1]
        chosen = torch.log_softmax(logits, -1).gather(-1, torch.tensor(ids)[:, None])
        return float(chosen.sum()) / len(response.encode())

    return sum(likelihood(p, p.chosen) > likelihood(p, p.rejected) for p in pairs) / len(pairs)


@pytest.mark.long
def test_the_ablest_beats_the_least_able_on_fresh_pairs() -> None:
    pairs = list(generate(31, 300))
    assert _accuracy("qwen3-tarn-0.4m", pairs) > _accuracy("neox-puddle-0.2m", pairs) + 0.05
