"""Training after pre-training: what counts in the loss, what is kept of a model's own answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from engine.posttrain.ladder2 import tuning
from engine.posttrain.ladder2.tuning import fine_tune, own_answers
from engine.posttrain.tasks import Task
from rubrics.world.verifiers import Check


@pytest.fixture
def loaded(small_model: Path) -> tuple[Any, Any]:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(small_model, padding_side="left")
    return AutoModelForCausalLM.from_pretrained(small_model, dtype=torch.float32), tokenizer


def test_the_loss_is_that_of_the_response_and_its_end(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    examples = [("Request:\nName a tool.\n\nResponse:\n", "A rope."), ("Request:\nGreet.\n\nResponse:\n", "Ahoy, Tom!")]
    rows = [tuning.encoded(tokenizer, *example) for example in examples]
    got = tuning._loss(model, rows, tokenizer.pad_token_id)
    nats, count = 0.0, 0
    for prompt, response in examples:
        ids = [*tokenizer(prompt + response)["input_ids"], tokenizer.eos_token_id]
        start = len(tokenizer(prompt)["input_ids"])
        with torch.no_grad():
            logs = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        for n in range(start, len(ids)):
            nats, count = nats - float(logs[n - 1, ids[n]]), count + 1
    assert got.item() == pytest.approx(nats / count, rel=1e-4)


def test_it_learns_and_the_seed_decides(loaded: tuple[Any, Any], small_model: Path) -> None:
    model, tokenizer = loaded
    again = AutoModelForCausalLM.from_pretrained(small_model, dtype=torch.float32)
    examples = [(f"Request:\nSay {word}.\n\nResponse:\n", f"{word} it is.") for word in ("rope", "lamp", "bell", "net")]
    how = {"steps": 12, "batch": 4, "rate": 3e-3, "seed": 2}
    losses = fine_tune(model, tokenizer, examples, **how)
    assert len(losses) == 12
    assert losses[-1] < losses[0] - 0.5
    assert fine_tune(again, tokenizer, examples, **how) == losses
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_only_right_answers_are_kept_and_each_once(loaded: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    written = ["a rope ", "a rope", "a lamp", "", "no", "rope and net", "rope or bell", "x rope"]
    asked: list[str] = []

    def answers(model: Any, tokenizer: Any, prompts: list[str], **how: Any) -> list[str]:
        asked.extend(prompts)
        return written * 2

    monkeypatch.setattr(tuning, "generate_answers", answers)
    tasks = [Task(name, f"Say {name}.", None, ("Scope",), (Check("says", (name,)),)) for name in ("rope", "lamp")]
    own = own_answers(*loaded, tasks, drawn=8, kept=3, tokens=8, seed=1)
    assert asked == [tasks[0].text] * 8 + [tasks[1].text] * 8
    assert [text for prompt, text in own.examples if prompt == tasks[0].text] == [
        "a rope",
        "rope and net",
        "rope or bell",
    ]
    assert [text for prompt, text in own.examples if prompt == tasks[1].text] == ["a lamp"]
    assert (own.right, own.drawn) == (6, 16)
    control = own_answers(*loaded, tasks, drawn=8, kept=3, tokens=8, seed=1, filtered=False)
    assert [text for prompt, text in control.examples if prompt == tasks[1].text] == ["a rope", "a lamp", "no"]
