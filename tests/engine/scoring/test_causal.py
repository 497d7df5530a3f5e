"""A model is taken for causal where what comes after a token changes nothing before it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.scoring.backend import LocalBackend
from engine.scoring.causal import leak, reads_ahead
from engine.scoring.load import LoadedModel
from rubrics.errors import CandidateError

AHEAD = {
    "llama": {"is_causal": False},
    "gemma3_text": {"use_bidirectional_attention": True, "tie_word_embeddings": True},
}


@pytest.mark.parametrize("name", ["llama", "gemma3_text", "gpt2", "mamba", "qwen3_moe", "gpt_oss"])
def test_nothing_leaks_from_right_to_left(build, name):
    assert leak(build(name).model, 300, 512).max() < 1e-4


@pytest.mark.parametrize("name", AHEAD)
def test_what_reads_ahead_is_refused_before_anything_is_scored(build, name):
    with pytest.raises(CandidateError, match="causal") as caught:
        LocalBackend(build(name, **AHEAD[name]))
    assert caught.value.fix


def test_one_that_learned_to_predict_from_both_sides_is_refused():
    """XLNet, whose own forward lets every token see all."""
    from transformers import XLNetConfig, XLNetLMHeadModel

    torch.manual_seed(0)
    config = XLNetConfig(vocab_size=300, d_model=32, n_layer=2, n_head=2, d_inner=32, initializer_range=0.3)
    model = XLNetLMHeadModel(config).eval()
    with pytest.raises(CandidateError, match="causal"):
        LocalBackend(LoadedModel(model, "fp32", model.config._attn_implementation, {}))


def test_one_that_cannot_be_run_is_refused_in_words(build):
    loaded = build("llama")
    loaded.model.lm_head.to(torch.bfloat16)
    with pytest.raises(CandidateError, match=r"cannot be run at fp32 \(RuntimeError"):
        LocalBackend(loaded)


@pytest.mark.parametrize("context", [None, -1, 2, 3, 512])
def test_any_length_of_context(build, context):
    assert leak(build("llama", is_causal=False).model, 300, context).max() > 0.1


def test_numbers_that_are_none_are_for_others_to_find(build):
    loaded = build("llama")
    with torch.no_grad():
        loaded.model.lm_head.weight[7] = torch.nan
    assert not leak(loaded.model, 300, 512).any()


@pytest.mark.parametrize(
    "changes, precision, ahead",
    [
        ([0.0] * 22 + [0.002], "fp32", True),
        ([1e-5] * 23, "fp32", False),
        ([0.4] * 3 + [0.0] * 20, "bf16", False),  # a few tokens went to another expert
        ([0.4] * 23, "bf16", True),
        ([0.0] * 22 + [1.5], "bf16", True),  # it looks one token ahead
        ([0.4] * 23, "nf4", False),
    ],
)
def test_rounding_is_no_reading_ahead(changes, precision, ahead):
    assert reads_ahead(np.array(changes, np.float32), precision) is ahead
