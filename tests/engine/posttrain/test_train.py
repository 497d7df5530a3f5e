"""Training itself: large candidates get an adapter, and without references there is reward alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from training import EventList, trained

from data.bundled import bundled_models
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
