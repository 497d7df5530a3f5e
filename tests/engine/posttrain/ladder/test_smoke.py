"""The whole ladder in small: two tiny models pre-trained, scored, fine-tuned, rewarded, measured, correlated."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from training import trained

from engine.correlation.predictor_outcome import RUDE
from engine.outcomes.outcomes import read_outcomes
from engine.posttrain.ladder import work as script
from engine.posttrain.ladder.card import report
from engine.posttrain.ladder.export import write_rows
from engine.posttrain.ladder.work import Ladder, work
from engine.posttrain.pretrain import Recipe
from engine.posttrain.recipe import PostTraining
from engine.results.board import Question
from engine.results.rankings import rankings
from engine.store.posttrain import stored_posttrain, stored_scores
from engine.store.runs import Status

TINY = Recipe(
    name="llama-tiny", shape="llama", layers=1, hidden=32, heads=2, feed_forward=64, vocabulary=320, bos=True,
    tokens=12 * 4 * 32, noise=0.1, dialogue=0.5, seed=3, text_seed=4, batch=4, length=32, rote=500,
)  # fmt: skip
RECIPE = {
    "name": "smoke", "seeds": [1], "response_tokens": 8, "save_every": 2,
    "tasks": {
        "train": ["capitals", "key-either"], "demonstrations": 16, "per_family": 4,
        # One of every category: the card compares them.
        "test": ["letter-either", "report-on", "loud-sign", "toast"],
    },
    "sft": {"steps": 4, "batch": 4}, "rl": {"steps": 2, "prompts": 2, "generations": 2}, "evaluation": {"samples": 1},
}  # fmt: skip


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ladder:
    monkeypatch.setattr("engine.posttrain.byte_tokenizer._WORDS", 4000)
    monkeypatch.setattr("engine.posttrain.pretrain._WORDS_AT_ONCE", 1000)
    monkeypatch.setattr(script, "_NAP", 0.01)
    file = tmp_path / "recipe.toml"
    file.write_text(_toml(RECIPE), encoding="utf-8")
    recipes = (TINY, replace(TINY, name="qwen3-tiny", shape="qwen3", bos=False, hidden=16))
    return Ladder(tmp_path / "out", recipes, file, ())


def _toml(recipe: dict[str, object]) -> str:
    plain = [f"{key} = {json.dumps(value)}" for key, value in recipe.items() if not isinstance(value, dict)]
    for key, value in recipe.items():
        if isinstance(value, dict):
            plain += [f"[{key}]", *(f"{name} = {json.dumps(item)}" for name, item in value.items())]
    return "\n".join(plain) + "\n"


@pytest.mark.long
def test_from_nothing_to_a_card(small: Ladder, tmp_path: Path) -> None:
    recipe = PostTraining.of(RECIPE)
    work(small, recipe)
    runs = stored_posttrain(small.store)
    assert {(run.candidate, run.status) for run in runs} == {(r.name, Status.DONE) for r in small.recipes}
    for run in runs:
        scores = stored_scores(small.store, run.run_id)
        assert {(s.stage, s.part) for s in scores} == {(a, b) for a in ("base", "sft", "rl") for b in ("held", "seen")}
        assert sum(s.judged for s in scores if (s.stage, s.part, s.how) == ("rl", "held", "greedy")) == 16
    folder = tmp_path / "card"
    folder.mkdir()
    (folder / "posttrain.toml").write_text(_toml(RECIPE), encoding="utf-8")
    models = "".join("[[model]]\n" + _toml(vars(of)) for of in small.recipes)
    (folder / "ladder.toml").write_text(models, encoding="utf-8")
    write_rows(small.store, recipe, (), {of.name: small.base_reading(of.name) for of in small.recipes}, folder)
    analysis = report(folder)
    assert analysis.n == 2
    # The rows say what the database says.
    table = {row.candidate: row.value for row in rankings(small.store, Question("world", "likelihood")).overall.rows}
    assert dict(zip(analysis.names, analysis.values[RUDE], strict=True)) == pytest.approx(table)
    outcomes = read_outcomes(tmp_path / "card" / "outcomes.csv").outcomes
    assert {outcome.candidate for outcome in outcomes} == {"llama-tiny", "qwen3-tiny"}
    with (tmp_path / "card" / "points.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 2
    card = (tmp_path / "card" / "card.md").read_text(encoding="utf-8")
    assert "not tested yet" in card
    assert "`llama-tiny`" in card

    # A second time there is nothing to do; and what a killed run left is taken up where it was.
    work(small, recipe)
    model, run = small.models[0], next(run for run in runs if run.candidate == "llama-tiny")
    place = Path(run.folder)
    (place / "rl" / "scores.json").unlink()
    before = (place / "sft" / "model" / "model.safetensors").stat().st_mtime_ns
    events = trained({
        "model": str(model), "suite": "world", "recipe": recipe.to_json(), "seed": 1, "folder": str(place),
        "device": "cpu",
    })  # fmt: skip
    assert [fields["stage"] for event, fields in events if event == "scores"] == ["base", "sft", "rl"]
    assert (place / "sft" / "model" / "model.safetensors").stat().st_mtime_ns == before
