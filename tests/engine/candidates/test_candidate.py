"""What is said of a folder that holds a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_folders import CONFIG, WEIGHTS, make_model, tensors

from engine.candidates.find import find, inspect


def test_a_good_folder(tmp_path: Path) -> None:
    found = inspect(make_model(tmp_path / "tiny"))
    assert found.usable
    assert found.problems == ()
    assert (found.name, found.architecture, found.model_type) == ("tiny", "LlamaForCausalLM", "llama")
    assert found.parameters == 32 * 8 + 16 * 8 + 8
    assert found.weight_bytes == 2 * found.parameters
    assert (found.dtype, found.context, found.vocab_size, found.tokenizer) == ("fp16", 128, 32, "GPT2Tokenizer")
    assert (found.shape.layers, found.shape.kv_heads, found.shape.head_dim) == (1, 2, 2)
    assert found.linear_parameters == 16 * 8
    assert found.largest_tensor == 32 * 8
    assert found.revision is None


def test_a_real_model(shared: Path) -> None:
    (found,) = find([str(shared / "models" / "stories260K")])
    assert found.usable
    assert (found.parameters, found.weight_bytes, found.dtype) == (260_032, 1_040_128, "fp32")
    assert (found.name, found.architecture, found.context, found.vocab_size) == (
        "stories260K",
        "LlamaForCausalLM",
        512,
        512,
    )
    assert (found.shape.layers, found.shape.kv_heads, found.shape.head_dim) == (5, 4, 8)


def test_gpt2_spelling_and_stored_masks(tmp_path: Path) -> None:
    weights = tensors({"wte.weight": (32, 8), "h.0.attn.bias": (1, 1, 64, 64), "h.0.attn.c_attn.weight": (8, 24)})
    weights |= {"h.0.attn.masked_bias": np.zeros((), np.float32), "rotary.inv_freq": np.zeros(4, np.float32)}
    folder = tmp_path / "gpt2"
    make_model(folder, weights)
    config = {"model_type": "gpt2", "n_embd": 8, "n_head": 2, "n_layer": 3, "n_positions": 64, "vocab_size": 32}
    (folder / "config.json").write_text(json.dumps(config))
    found = inspect(folder)
    assert found.usable
    assert found.parameters == 32 * 8 + 8 * 24
    assert (found.shape.layers, found.shape.kv_heads, found.shape.head_dim, found.context) == (3, 2, 4, 64)


def test_a_tied_head_that_is_stored_too_counts_once(tmp_path: Path) -> None:
    found = inspect(make_model(tmp_path / "m", tensors(WEIGHTS | {"lm_head.weight": (32, 8)})))
    assert found.parameters == 32 * 8 + 16 * 8 + 8


def test_a_head_that_differs_is_used_whatever_the_config_says(tmp_path: Path) -> None:
    weights = tensors(WEIGHTS) | {"lm_head.weight": np.ones((32, 8), np.float16)}
    found = inspect(make_model(tmp_path / "m", weights))
    assert found.parameters == 2 * 32 * 8 + 16 * 8 + 8


def test_parts_beside_the_decoder_are_not_counted(tmp_path: Path) -> None:
    parts = {"vision_tower.layers.0.w": (9, 9), "mtp.layers.0.w": (9, 9), "model.layers.1.mlp.up_proj.weight": (16, 8)}
    found = inspect(make_model(tmp_path / "m", tensors(WEIGHTS | parts), num_nextn_predict_layers=1))
    assert found.parameters == 32 * 8 + 16 * 8 + 8
    assert found.beside == 2 * 9 * 9


def test_text_part_of_a_multimodal_config(tmp_path: Path) -> None:
    text = {"num_hidden_layers": 7, "max_position_embeddings": 99, "vocab_size": 32}
    found = inspect(make_model(tmp_path / "m", model_type="gemma3", text_config=text))
    assert (found.shape.layers, found.context) == (7, 99)


@pytest.mark.parametrize(
    "mix, dtype", [((100, 1), "fp16"), ((1, 100), "fp32"), ((2, 1), "mixed")], ids=["fp16", "fp32", "mixed"]
)
def test_dtype_by_bytes(tmp_path: Path, mix: tuple[int, int], dtype: str) -> None:
    weights = {"a": np.zeros(mix[0], np.float16), "b": np.zeros(mix[1], np.float32)}
    assert inspect(make_model(tmp_path / "m", weights)).dtype == dtype


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.long
@given(
    st.dictionaries(
        st.sampled_from([*CONFIG, "auto_map", "text_config", "quantization_config", "is_encoder_decoder", "n_embd"]),
        JSON,
    )
)
def test_any_config_gives_a_candidate(tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]) -> None:
    folder = tmp_path_factory.getbasetemp() / "any-config"
    if not folder.exists():
        make_model(folder)
    (folder / "config.json").write_text(json.dumps(CONFIG | changes))
    (folder / "tokenizer_config.json").write_text(json.dumps(changes))
    found = inspect(folder)
    assert found.parameters > 0
    assert found.context is None or 0 < found.context < 2**40


@pytest.mark.parametrize("kind", ["mistral3", "qwen2_vl", "llava", "idefics3"])
def test_a_decoder_among_other_parts_is_a_candidate(kind: str, tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m", model_type=kind, text_config={**CONFIG, "model_type": "mistral"})
    assert inspect(folder).usable
