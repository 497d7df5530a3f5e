"""Tiny models with random weights in real shapes, requests that share and branch, and the plainest way to score."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.layout.requests import Request
from engine.scoring.load import LoadedModel

VOCABULARY = 300
_COMMON = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
}
_SHAPES: dict[str, dict[str, Any]] = {
    "llama": {},
    "mistral": {"sliding_window": 24},
    "qwen2": {"use_sliding_window": True, "sliding_window": 24, "max_window_layers": 1},
    "qwen3": {"head_dim": 16},
    "qwen3_moe": {"head_dim": 16, "moe_intermediate_size": 32, "num_experts": 4, "num_experts_per_tok": 2},
    "gemma3_text": {"head_dim": 16, "sliding_window": 16, "num_hidden_layers": 7, "final_logit_softcapping": 20.0},
    "gemma2": {"head_dim": 16, "sliding_window": 16, "query_pre_attn_scalar": 16, "num_hidden_layers": 4},
    "olmo2": {},
    "phi3": {"sliding_window": 20},
    "gpt_neox": {},
    "gpt2": {"n_embd": 64, "n_layer": 3, "n_head": 4, "n_positions": 512},
    "granite": {"logits_scaling": 4.0, "residual_multiplier": 0.7},
    "mamba": {"num_hidden_layers": 2},
    "gpt_oss": {"head_dim": 16, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 16},
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Models this small lose more to waiting for a second thread than it gives; tests run side by side as it is."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def build() -> Callable[..., LoadedModel]:
    """Makes a tiny model of an architecture; weights are drawn large, so that a wrong token changes much."""

    def made(name: str, **changes: Any) -> LoadedModel:
        from transformers import AutoConfig, AutoModelForCausalLM

        config = AutoConfig.for_model(name, **{**_COMMON, **_SHAPES[name], **changes})
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
        with torch.no_grad():
            for weight in model.parameters():
                if weight.dim() > 1:
                    weight.mul_(5)
        return LoadedModel(model, "fp32", model.config._attn_implementation, {})

    return made


@pytest.fixture(scope="session")
def plainly() -> Callable[[Any, Request], float]:
    """Scores one request the way a textbook would: all logits, a whole log-softmax, one pick."""

    def score(model: Any, request: Request) -> float:
        with torch.no_grad():
            logprobs = torch.log_softmax(model(torch.tensor([request.ids])).logits[0].double(), -1)
        if request.labels is not None:
            return float(logprobs[-1, request.labels[0]] - logprobs[-1, request.labels[1]])
        assert request.scored is not None
        return float(sum(logprobs[i - 1, request.ids[i]] for i in range(*request.scored)))

    return score


@pytest.fixture(scope="session")
def requests() -> list[Request]:
    """Both protocols over pairs that share an exemplar block, prompts, and the first words of their responses."""
    draw = np.random.default_rng(3)

    def some(count: int) -> tuple[int, ...]:
        return tuple(draw.integers(0, VOCABULARY, count).tolist())

    made: list[Request] = []
    shots, first, second, cue = some(40), some(3), some(4), some(5)
    for number in range(7):
        prompt = shots + some(int(draw.integers(4, 50)))
        opening = some(int(draw.integers(0, 20)))
        chosen, rejected = (opening + some(int(draw.integers(1, 70))) for _ in range(2))
        for view, a, b, labels in (
            ("chosen_first", chosen, rejected, (7, 9)),
            ("rejected_first", rejected, chosen, (9, 7)),
        ):
            ids = prompt + first + a + second + b + cue
            made.append(Request(f"p{number}", "choice", view, ids, None, labels))
        for view, response in (("chosen", chosen), ("rejected", rejected)):
            ids = prompt + first + response
            made.append(Request(f"p{number}", "likelihood", view, ids, (len(ids) - len(response), len(ids)), None))
    made.append(Request("alone", "likelihood", "chosen", some(30), (1, 30), None))
    return made


@pytest.fixture
def assert_exact(plainly: Callable[[Any, Request], float]) -> Callable[..., None]:
    """Compares scores with the textbook's, to the tolerance that is promised."""

    def check(model: Any, requests: Sequence[Request], scores: dict[int, Any]) -> None:
        assert sorted(scores) == list(range(len(requests)))
        for index, request in enumerate(requests):
            truth = plainly(model, request)
            allowed = 1e-4 if request.labels else 1e-3 + 1e-6 * abs(truth)
            assert scores[index].value == pytest.approx(truth, abs=allowed), (request.pair_id, request.view)

    return check


@pytest.fixture
def save_tokenizer() -> Callable[[Path], None]:
    """Writes a byte-level tokenizer of 300 entries into a folder."""

    def write(folder: Path) -> None:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=VOCABULARY, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        )
        tokenizer.train_from_iterator(
            ["Response A: the cat. Better response: A or B, the better response"] * 9, trainer
        )
        tokenizer.save(str(folder / "tokenizer.json"))
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))

    return write
