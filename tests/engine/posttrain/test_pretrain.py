"""A tiny model from a seed: complete, loadable, repeatable, resumable."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from engine.posttrain import pretrain as script
from engine.posttrain.pretrain import Recipe, main, pretrain, read_recipes
from rubrics.errors import BadInput

TINY = Recipe(
    name="tiny",
    shape="llama",
    layers=1,
    hidden=32,
    heads=2,
    feed_forward=64,
    vocabulary=320,
    bos=True,
    tokens=12 * 4 * 32,
    noise=0.1,
    dialogue=0.5,
    seed=3,
    text_seed=4,
    batch=4,
    length=32,
    rote=500,
)


@pytest.fixture(autouse=True)
def _few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.posttrain.byte_tokenizer._WORDS", 4000)
    monkeypatch.setattr(script, "_WORDS_AT_ONCE", 1000)
    monkeypatch.setattr(script, "_SAVE_EVERY", 5)


@pytest.mark.long
@pytest.mark.parametrize(("shape", "bos"), [("llama", True), ("qwen3", False), ("gpt_neox", False)])
def test_model_loads_and_scores(tmp_path: Path, shape: str, bos: bool) -> None:
    folder = pretrain(replace(TINY, shape=shape, bos=bos), tmp_path)
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "training.json"} <= names
    assert "checkpoint.pt" not in names
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer("Rope 42")["input_ids"]
    assert (ids[0] == tokenizer.bos_token_id) is bos
    assert tokenizer.decode(ids, skip_special_tokens=True) == "Rope 42"
    assert tokenizer.convert_ids_to_tokens(ids)[-2:] == ["4", "2"]
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.config.model_type == shape
    assert model.config.max_position_embeddings >= 2048
    with torch.no_grad():
        assert torch.isfinite(model(torch.tensor([ids])).logits.float()).all()
    assert json.loads((folder / "training.json").read_text())["tokens"] == TINY.tokens


@pytest.mark.long
def test_seed_decides_and_a_stopped_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load_file(pretrain(TINY, tmp_path / "whole") / "model.safetensors")

    def stop(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(TINY, tmp_path / "broken", say=stop)
    assert (tmp_path / "broken" / "tiny" / "checkpoint.pt").is_file()
    begun: list[int] = []
    batches = script._batches

    def watched(rows: Any, recipe: Recipe, first: int) -> Any:
        begun.append(first)
        return batches(rows, recipe, first)

    monkeypatch.setattr(script, "_batches", watched)
    again = load_file(pretrain(TINY, tmp_path / "broken") / "model.safetensors")
    assert begun == [5]
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    pretrain(TINY, tmp_path / "broken")
    assert begun == [5]


def test_no_document_is_cut_or_seen_from_another(tmp_path: Path) -> None:
    recipe = replace(TINY, length=200, tokens=6 * 4 * 200, rote=0, dialogue=1.0)
    folder = pretrain(recipe, tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = script._text(recipe, tokenizer)
    assert rows.ids.shape == rows.weights.shape == rows.positions.shape == (24, 201)
    for ids, weights, positions in zip(rows.ids, rows.weights, rows.positions, strict=True):
        assert positions[0] == 0
        assert weights[positions == 0].sum() == 0
        starts = [n for n, position in enumerate(positions) if position == 0]
        assert all(tokenizer.decode(ids[n : n + 40]).startswith("<s>Request:\n") for n in starts)
        counted = tokenizer.decode(ids[weights == 1.0])
        assert "Request" not in counted
        assert "Response" not in counted
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    row = next(r for r in range(24) if (rows.positions[r] == 0).sum() > 1)
    start = [n for n, position in enumerate(rows.positions[row]) if position == 0][1]
    ids = torch.tensor(rows.ids[row].astype("int64"))[None]
    places = torch.tensor(rows.positions[row].astype("int64"))[None]
    with torch.no_grad():
        packed = model(input_ids=ids, position_ids=places, use_cache=False).logits[0, start : start + 10]
        alone = model(input_ids=ids[:, start : start + 10], use_cache=False).logits[0]
    assert torch.allclose(packed, alone, atol=1e-4)


@pytest.mark.long
def test_training_lowers_the_loss(tmp_path: Path) -> None:
    notes = [
        json.loads((pretrain(replace(TINY, name=str(n), tokens=n * 4 * 32), tmp_path) / "training.json").read_text())
        for n in (2, 80)
    ]
    assert notes[1]["final_loss"] < notes[0]["final_loss"] - 0.5


def test_shipped_recipes_differ_in_more_than_size() -> None:
    recipes = read_recipes()
    assert {recipe.shape for recipe in recipes} == {"llama", "qwen3", "gpt_neox"}
    assert {recipe.bos for recipe in recipes} == {True, False}
    for field in ("name", "tokens", "noise", "dialogue", "hidden"):
        assert len({getattr(recipe, field) for recipe in recipes}) > 1, field
    assert min(recipe.positions for recipe in recipes) >= 2048


def test_unusable_recipes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("[[model]]\nname = 3\nsize = 9\n", "not toml", "[common]\n"):
        path = tmp_path / "recipes.toml"
        path.write_text(text)
        with pytest.raises(BadInput, match="recipes cannot be read"):
            read_recipes(path)
    with pytest.raises(BadInput, match="no shape"):
        pretrain(replace(TINY, shape="round"), tmp_path)
    assert main(["--out", str(tmp_path), "--only", "nobody"]) == 3
    assert "nobody" in capsys.readouterr().err


@pytest.mark.long
def test_comparisons_among_documents_count_where_they_answer(tmp_path: Path) -> None:
    recipe = replace(TINY, length=400, tokens=8 * 4 * 400, rote=0, dialogue=0.5, comparisons=0.4)
    folder = pretrain(recipe, tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = script._text(recipe, tokenizer)
    answers, documents, comparing = [], 0, 0
    for ids, weights, positions in zip(rows.ids, rows.weights, rows.positions, strict=True):
        starts = [n for n, position in enumerate(positions) if position == 0]
        for start, end in zip(starts, [*starts[1:], len(ids)], strict=True):
            text = tokenizer.decode(ids[start:end], skip_special_tokens=True)
            documents += 1
            if text.startswith("Each request below has two responses"):
                comparing += 1
                counted = tokenizer.decode(ids[start:end][weights[start:end] == 1.0], skip_special_tokens=True)
                assert set(counted) <= set(" AB")
                answers += counted.split()
    assert answers
    assert 0.2 < comparing / documents < 0.6
    # Without them, the text is what it was.
    plain = script._text(replace(recipe, comparisons=0.0), tokenizer)
    assert "two responses" not in tokenizer.decode(plain.ids.ravel())
