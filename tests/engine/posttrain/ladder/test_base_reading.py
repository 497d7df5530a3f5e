"""What a base model is read on: dialogues that break no rule, a loss in bytes, answers prompt by prompt."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from data.bundled import bundled_models
from engine.posttrain.ladder import base_reading
from engine.posttrain.ladder.base_reading import clean_dialogues, read_base
from engine.posttrain.recipe import PostTraining
from rubrics.world import documents

SMALL = {
    "name": "small", "response_tokens": 6, "evaluation": {"batch": 20},
    "tasks": {"train": ["capitals", "key-either"], "test": ["letter-either", "loud-sign"], "demonstrations": 4,
              "per_family": 3, "seen_per_family": 2},
}  # fmt: skip


def test_dialogues_are_fresh_and_the_same_every_time() -> None:
    found = clean_dialogues(60)
    assert found == clean_dialogues(60)
    assert len({request for request, _ in found}) == 60
    assert all(request.startswith("Request:\n") and request.endswith("\n\nResponse:\n") for request, _ in found)
    trained = set(documents(1_000_003, 6000, dialogue_share=1.0))
    shared = [request + response for request, response in found if request + response in trained]
    assert not shared


def test_a_loss_is_that_of_a_plain_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = next(path for path in bundled_models() if path.name == "llama-brook-0.2m")
    chosen = clean_dialogues(3)
    monkeypatch.setattr(base_reading, "clean_dialogues", lambda: chosen)
    read_base(folder, PostTraining.of(SMALL), tmp_path / "read" / "it.json")
    found = json.loads((tmp_path / "read" / "it.json").read_text(encoding="utf-8"))
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder).float(), AutoTokenizer.from_pretrained(folder)
    for (request, response), read in zip(chosen, found["dialogues"], strict=True):
        whole, head = tokenizer(request + response)["input_ids"], tokenizer(request)["input_ids"]
        assert whole[: len(head)] == head
        nats = 0.0
        for n in range(len(head), len(whole)):
            with torch.no_grad():
                logits = model(torch.tensor([whole[:n]])).logits[0, -1].double()
            nats -= float(torch.log_softmax(logits, -1)[whole[n]])
        assert read["nats_response"] == pytest.approx(nats, rel=1e-4)
        assert read["tokens_response"] == len(whole) - len(head)
        assert read["bytes_response"] == len(response.encode())
        assert math.isfinite(read["nats_request"])
    counts = {part: sum(row["part"] == part for row in found["answers"]) for part in ("held", "seen", "fresh")}
    assert (counts["held"], counts["seen"]) == (6, 4)
    assert 0 < counts["fresh"] <= 6
    assert {row["family"] for row in found["answers"] if row["part"] != "seen"} == {"letter-either", "loud-sign"}
