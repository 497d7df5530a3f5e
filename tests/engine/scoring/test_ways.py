"""The check at the start: sharing held against fp32, beside the model's own rounding."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from engine.layout.requests import Score, TokenScores
from engine.scoring import attention, check
from engine.scoring.backend import LocalBackend, Stats
from engine.scoring.model import plain_logits
from engine.scoring.wide import in_fp32
from engine.scoring.work import _Sender

NAMES = ("llama", "gemma3_text", "qwen3_moe", "gpt2", "gpt_oss", "mamba")


def narrow(build, name, **changes):
    loaded = replace(build(name, **changes), precision="bf16")
    loaded.model.bfloat16()
    return loaded


@pytest.mark.parametrize("name", ["llama", *(pytest.param(name, marks=pytest.mark.long) for name in NAMES[1:])])
def test_in_fp32_a_model_is_the_one_its_weights_are_copied_to(name, build):
    model = narrow(build, name).model
    ids = torch.arange(5, 45)
    places = torch.arange(40)
    with torch.inference_mode():
        with in_fp32(model):
            found = plain_logits(model, ids, places)
        rounded = plain_logits(model, ids, places)
    exact = build(name).model.bfloat16().float()
    with torch.inference_mode():
        expected = plain_logits(exact, ids, places)
    assert found.dtype == torch.float32
    assert float((found - expected).abs().max()) <= 1e-4
    # Afterwards it is as it was.
    assert float((rounded.float() - expected).abs().max()) > 1e-3


def test_a_model_that_rounds_much_shares_all_the_same(build):
    # Weights so large that two ways of rounding part by more than a tolerance would put down to it.
    loaded = narrow(build, "llama", num_hidden_layers=8)
    with torch.no_grad():
        for weight in loaded.model.parameters():
            if weight.dim() > 1:
                weight.mul_(8)
    backend = LocalBackend(loaded)
    assert loaded.facts["sharing_error_nats"] > check.TOLERANCE["bf16"]
    assert loaded.facts["sharing"] == "prefix tree"
    assert "where the model alone is" in loaded.facts["sharing_error"]
    assert backend.stats.notes == []


def test_in_bf16_a_leak_of_siblings_is_found(build, monkeypatch):
    monkeypatch.setattr(attention, "visible", lambda keys, ends, queries: keys[None, :] <= queries[:, None])
    loaded = narrow(build, "llama")
    backend = LocalBackend(loaded)
    assert loaded.facts["sharing"] == "the model's own cache"
    assert "off fp32" in backend.stats.notes[0]


def test_sharing_less_is_a_note_with_its_cost_once_a_task_is_done():
    backend = SimpleNamespace(stats=Stats(tokens=50, distinct_tokens=40, tree_tokens=20, notes=["why"]))
    sender = _Sender(0, backend, SimpleNamespace())  # type: ignore[arg-type]
    backend.stats.tokens, backend.stats.distinct_tokens, backend.stats.tree_tokens = 1050, 840, 340
    assert sender.facts()["notes"] == ["why"]
    # 800 tokens beyond the first 40, where 320 would have done.
    cost = "2.5 times as many tokens went through the model as with all prefixes shared"
    assert sender.facts(done=True)["notes"] == ["why", cost]
    backend.stats.tree_tokens = 20
    assert sender.facts(done=True)["notes"] == ["why"]


def scores(*logprobs):
    none = np.zeros(len(logprobs), np.float32)
    return [Score(0.0, TokenScores(np.asarray(logprobs, np.float32), none.astype(np.int32), none, none))]


def test_what_is_compared_by_hand():
    exact = scores(-1.0, -2.0, -3.0, -4.0)
    alone = scores(-1.1, -2.1, -3.1, -4.3)  # off by .1 .1 .1 .3: √.03 = .1732
    found = check.compared(scores(-1.2, -2.2, -3.2, -4.2), alone, exact, "bf16")
    assert (found.typical, found.worst) == (pytest.approx(0.2, abs=1e-6), pytest.approx(0.2, abs=1e-6))
    assert not found.wrong
    assert found.text == "0.2 nats a token off fp32, 0.2 at most, where the model alone is 0.17 off, 0.3 at most"
    assert check.compared(scores(-1.35, -2.35, -3.35, -4.35), alone, exact, "bf16").wrong  # .35 > 2 × .1732
    assert check.compared(scores(-1.0, -2.0, -3.0, -5.21), alone, exact, "bf16").wrong  # 1.21 > 4 × .3
    assert check.compared(scores(np.nan, -2.0, -3.0, -4.0), alone, exact, "bf16").wrong
    assert not check.compared(scores(-1.0005, -2.0, -3.0, -4.0), exact, exact, "bf16").wrong
    assert check.compared(scores(-1.002, -2.0, -3.0, -4.0), exact, None, "fp32").wrong
