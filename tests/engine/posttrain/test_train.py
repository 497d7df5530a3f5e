"""Training itself: large candidates get an adapter, and without references there is reward alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from training import EventList, trained
from transformers import AutoModelForCausalLM

from data.bundled import bundled_models
from engine.posttrain.held_out import HELD
from engine.posttrain.recipe import PostTraining

MODEL = next(path for path in bundled_models() if path.name == "neox-puddle-0.2m")


def _recipe(**sections: Any) -> PostTraining:
    small: dict[str, Any] = {
        "name": "small", "response_tokens": 6, "save_every": 9,
        "sft": {"steps": 1, "batch": 2}, "rl": {"steps": 1, "prompts": 1, "generations": 2},
        "evaluation": {"samples": 0},
    }  # fmt: skip
    return PostTraining.of(small | sections)


def _done(recipe: PostTraining, suite: str, folder: Path) -> EventList:
    return trained({
        "model": str(MODEL), "parameters": 149_248, "suite": suite, "recipe": recipe.to_json(), "seed": 1,
        "folder": str(folder), "device": "cpu",
    })  # fmt: skip


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_candidate_above_the_limit_is_given_an_adapter(tmp_path: Path) -> None:
    recipe = _recipe(
        tasks={"train": ["capitals"], "test": ["loud-sign"], "demonstrations": 4, "per_family": 2},
        lora={"above": 1000, "rank": 2},
    )
    _done(recipe, "world", tmp_path)
    for stage in ("sft", "rl"):
        saved = tmp_path / stage / "model"
        assert json.loads((saved / "adapter_config.json").read_text(encoding="utf-8"))["r"] == 2
        assert not (saved / "model.safetensors").exists()
        # Merged it answers as base and adapter do.
        whole = AutoModelForCausalLM.from_pretrained(tmp_path / stage / "merged")
        under = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32), saved)
        ids = torch.arange(9)[None]
        with torch.no_grad():
            torch.testing.assert_close(whole(ids).logits, under(ids).logits, rtol=1e-4, atol=1e-4)


@pytest.mark.long
def test_an_adapter_over_a_trained_model_is_taken_up_over_that_one(tmp_path: Path) -> None:
    """Killed between saving and measuring, a stage is measured and merged as it was trained."""
    recipe = _recipe(
        tasks={"train": ["capitals"], "test": ["loud-sign"], "demonstrations": 8, "per_family": 4},
        sft={"steps": 4, "batch": 4, "rate": 1e-2}, rl={"steps": 1, "prompts": 1, "generations": 2, "rank": 2},
    )  # fmt: skip
    first = _done(recipe, "world", tmp_path)
    merged = load_file(tmp_path / "rl" / "merged" / "model.safetensors")
    (tmp_path / "rl" / "scores.json").unlink()
    shutil.rmtree(tmp_path / "rl" / "merged")
    again = _done(recipe, "world", tmp_path)
    measured = [[f["rows"] for event, f in told if event == "scores" and f["stage"] == "rl"] for told in (first, again)]
    assert measured[0] == measured[1]
    for name, values in load_file(tmp_path / "rl" / "merged" / "model.safetensors").items():
        torch.testing.assert_close(values, merged[name], rtol=1e-5, atol=1e-5)
    tuned = load_file(tmp_path / "sft" / "model" / "model.safetensors")
    embedding = next(name for name in tuned if "embed_in" in name)
    assert torch.equal(tuned[embedding], merged[embedding]), "LoRA leaves embeddings alone"


@pytest.mark.long
def test_prompts_of_ones_own_without_references_are_rewarded_only(tmp_path: Path) -> None:
    rows = [
        {
            "id": f"p{n}", "domain": "notes", "prompt": f"Write note {n}, short.",
            "criteria": [{"id": "c", "text": "Has at most four words.", "subcategory": "Length"}],
            "checks": {"c": {"kind": "at most", "number": 4}},
        }
        for n in range(16)
    ]  # fmt: skip
    file = tmp_path / "own.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    said = _done(_recipe(tasks={"test_share": 0.3}), str(file), tmp_path / "out")
    planned = next(fields for event, fields in said if event == "planned")
    assert planned["steps"] == {"rl": 1}
    assert "no prompt has a reference response" in planned["notes"][1]
    measured = {fields["stage"]: fields["rows"] for event, fields in said if event == "scores"}
    assert set(measured) == {"base", "sft", "rl"}
    assert {row["subcategory"] for row in measured["rl"]} == {"Length"}


@pytest.mark.long
def test_looking_on_the_way_changes_nothing_and_preferences_come_between(tmp_path: Path) -> None:
    sections: dict[str, Any] = {
        "tasks": {"train": ["capitals"], "test": ["loud-sign"], "demonstrations": 6, "per_family": 3},
        "sft": {"steps": 3, "batch": 2}, "dpo": {"steps": 2, "suite": "core", "batch": 2, "rate": 1e-3},
    }  # fmt: skip
    plain, looked = (
        _recipe(**sections, evaluation={"samples": 1, "every": every, "batch": 3}) for every in (0, 1)
    )  # fmt: skip
    assert plain.hash == looked.hash
    unseen, seen = _done(plain, "world", tmp_path / "a"), _done(looked, "world", tmp_path / "b")
    for stage in ("sft", "dpo", "rl"):
        one, other = (load_file(tmp_path / way / stage / "model" / "model.safetensors") for way in "ab")
        assert all(torch.equal(one[name], other[name]) for name in one), stage
    before, after = (load_file(tmp_path / "a" / stage / "model" / "model.safetensors") for stage in ("sft", "dpo"))
    assert any(not torch.equal(before[name], after[name]) for name in before)
    told = [fields for event, fields in seen if event == "step" and HELD in (fields["metrics"] or {})]
    assert {(step["stage"], step["step"]) for step in told} == {
        ("sft", 1), ("sft", 2), ("sft", 3), ("dpo", 1), ("dpo", 2), ("rl", 1)
    }  # fmt: skip
    scores = next(fields["rows"] for event, fields in seen if event == "scores" and fields["stage"] == "sft")
    greedy = [row for row in scores if (row["part"], row["how"]) == ("held", "greedy")]
    share = sum(row["met"] for row in greedy) / sum(row["judged"] for row in greedy)
    assert [step["metrics"][HELD] for step in told if (step["stage"], step["step"]) == ("sft", 3)][-1] == share
    assert not [fields for event, fields in unseen if event == "step" and HELD in (fields["metrics"] or {})]


NESTED: dict[str, dict[str, Any]] = {
    "mistral3": {
        "vision_config": {"model_type": "pixtral", "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
                          "num_attention_heads": 2, "head_dim": 8, "image_size": 28, "patch_size": 14},
        "spatial_merge_size": 1, "text_config": {"model_type": "mistral", "head_dim": 16, "sliding_window": None},
    },
    "qwen2_vl": {
        "vision_config": {"depth": 1, "embed_dim": 16, "num_heads": 2, "hidden_size": 32, "patch_size": 14,
                          "mlp_ratio": 2},
        "image_token_id": 3, "video_token_id": 4, "vision_start_token_id": 5, "vision_end_token_id": 6,
        "text_config": {"model_type": "qwen2_vl_text", "rope_parameters": {
            "rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]}},
    },
}  # fmt: skip


def _nested(kind: str, folder: Path) -> Path:
    """A model in which a decoder stands beside what sees, with the bundled model's tokenizer."""
    from transformers import AutoConfig, AutoModelForMultimodalLM

    sizes = {
        "vocab_size": 1024, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 512, "rms_norm_eps": 1e-6,
        "tie_word_embeddings": False,
    }  # fmt: skip
    made = {**NESTED[kind], "text_config": {**sizes, **NESTED[kind]["text_config"]}, "tie_word_embeddings": False}
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **made)
    AutoModelForMultimodalLM.from_config(config, dtype=torch.float32).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(MODEL / name, folder / name)
    return folder


@pytest.mark.long
@pytest.mark.parametrize("above", [1000, 10**9], ids=["adapter", "whole"])
@pytest.mark.parametrize("kind", sorted(NESTED))
def test_of_a_decoder_among_other_parts_the_decoder_alone_is_trained(kind: str, above: int, tmp_path: Path) -> None:
    model = _nested(kind, tmp_path / "base")
    recipe = _recipe(
        tasks={"train": ["capitals"], "test": ["loud-sign"], "demonstrations": 4, "per_family": 2},
        lora={"above": above, "rank": 2}, sft={"steps": 2, "batch": 2},
    )  # fmt: skip
    said = trained({
        "model": str(model), "parameters": 40_000, "suite": "world", "recipe": recipe.to_json(), "seed": 1,
        "folder": str(tmp_path / "out"), "device": "cpu",
    })  # fmt: skip
    assert [fields["stage"] for event, fields in said if event == "scores"] == ["base", "sft", "rl"]
    saved = tmp_path / "out" / "sft" / "model"
    if above == 1000:
        names = load_file(saved / "adapter_model.safetensors")
        assert names
        assert not [name for name in names if "vis" in name or "lm_head" in name]
        return
    before, after = load_file(model / "model.safetensors"), load_file(saved / "model.safetensors")
    assert set(before) == set(after)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert not [name for name in moved if "vis" in name or "projector" in name]
    assert [name for name in moved if "layers.0.mlp.up_proj" in name]
