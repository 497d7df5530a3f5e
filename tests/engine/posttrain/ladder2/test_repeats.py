"""Post-training done again in small: what is shared is the same to the digit, and each repeat differs in one thing."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_ladder import TINY
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from engine.posttrain.ladder2 import reinforcement
from engine.posttrain.ladder2.design import Planned
from engine.posttrain.ladder2.reinforcement import reinforce
from engine.posttrain.ladder2.repeats import Repeats, repeats
from engine.posttrain.ladder2.rows import REPEAT_TABLES, finished, read_finished
from engine.posttrain.ladder2.work import finish, work
from engine.posttrain.tasks import Task


@pytest.mark.long
def test_a_repeat_begins_where_the_first_time_did(models: list[Planned], tmp_path: Path) -> None:
    said: list[str] = []
    first, again = tmp_path / "first", tmp_path / "again"
    assert work(models[:1], TINY, first, first / "rows", "c", say=said.append)
    cells = [Repeats(model, TINY, again, again / "rows", "c", (), reinforced=not n) for n, model in enumerate(models)]
    assert finish(cells, say=said.append)
    assert finished(again / "rows") == [model.name for model in models]
    (before,) = read_finished(first / "rows")
    after, other = read_finished(again / "rows", tables=REPEAT_TABLES)
    old, new = before.tables["answers"], after.tables["answers"]
    stages = dict.fromkeys(new["stage"].tolist())
    assert list(stages) == ["sft", "sft_second", "rft_second", "control", "grpo"]
    assert "grpo" not in other.tables["answers"]["stage"]
    assert np.array_equal(new["met"][new["stage"] == "sft"], old["met"][old["stage"] == "sft"])
    rounds = {piece: after.facts["pieces"][piece]["rounds"] for piece in ("rft_second", "control")}
    assert all(note["kept"] >= note["right"] for note in rounds["control"])
    assert all(note["kept"] <= note["right"] for note in rounds["rft_second"])
    assert len(after.facts["pieces"]["grpo"]["updates"]) == 12


def test_the_models_are_small_ones_of_the_design(tmp_path: Path) -> None:
    chosen = repeats(TINY, tmp_path, tmp_path, "c")
    assert [cell.reinforced for cell in chosen] == [True] * 8 + [False] * 4
    assert len({cell.planned.name for cell in chosen}) == 12


class _Told(Task):
    """Right where an answer ends in an even number of letters."""

    def met(self, text: str) -> tuple[bool, ...]:
        return (len(text) % 2 == 0,)


@pytest.fixture
def tasks() -> list[Task]:
    return [_Told("family", f"Say {word}.", None, (), ()) for word in ("tree", "moss", "lake")]


def test_its_gradient_is_that_of_a_loop(small_model: Path, tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """Against GRPO's formula answer by answer, and AdamW's first step, which is the rate times the gradient's sign."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(small_model, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(small_model, dtype=torch.float32)
    answers = ["one", "four", "a", "bb", "no", "yes", "aye", "nay"]
    monkeypatch.setattr(reinforcement, "generate_answers", lambda *_, **__: [*answers[:4], *answers[4:], *["odd"] * 4])
    monkeypatch.setattr(reinforcement, "_ROWS", 3)
    loop = copy.deepcopy(model).train()
    total = torch.zeros(())
    for task, own in zip(tasks[:2], (answers[:4], answers[4:]), strict=True):
        rewards = torch.tensor([float(len(text) % 2 == 0) for text in own])
        for text, advantage in zip(own, (rewards - rewards.mean()) / rewards.std(correction=0), strict=True):
            given, whole = (tokenizer(part)["input_ids"] for part in (task.text, task.text + text))
            ids = torch.tensor([[*whole, tokenizer.eos_token_id]])
            logs = loop(ids[:, :-1]).logits.log_softmax(-1)[0].gather(1, ids[0, 1:, None])[:, 0]
            total = total - advantage * logs[len(given) - 1 :].mean() / 4 / 2
    total.backward()
    before = copy.deepcopy(model)
    order = {"sample": lambda self, of, n: [*of]}
    monkeypatch.setattr(reinforcement, "Rng", lambda name: type("InOrder", (), order)())
    (update,) = reinforce(model, tokenizer, tasks, steps=1, prompts=3, drawn=4, tokens=8, rate=1e-3, seed=1)
    assert (update.prompts, update.varied) == (3, 2)
    assert update.right == pytest.approx(3 / 12)
    for old, new, of in zip(before.parameters(), model.parameters(), loop.parameters(), strict=True):
        sure = of.grad.abs() > 1e-5 * of.grad.abs().max()
        step = (new - old).detach()
        assert torch.equal(torch.sign(step)[sure], -torch.sign(of.grad)[sure])
