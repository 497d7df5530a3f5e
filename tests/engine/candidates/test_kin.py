"""What tells a candidate's kin, against plain slices of tensors written here."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from data.bundled import bundled_models
from engine.candidates.find import find
from engine.candidates.kin import PER_TENSOR, Kin, kin_of

CONFIG = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4}


def model(folder: Path, tensors: dict[str, Any], vocabulary: dict[str, int] | None = None, **more: Any) -> Kin:
    """The kin of a folder with these weights."""
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({**CONFIG, **more}))
    if vocabulary is not None:
        added = [{"id": 9, "content": "<end>"}]
        content = {"model": {"type": "BPE", "vocab": {**vocabulary, "<end>": 9}}, "added_tokens": added}
        (folder / "tokenizer.json").write_text(json.dumps(content))
    return kin_of(find([str(folder)])[0])


def test_values_are_taken_from_fixed_places(tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(3, 1, (100, 64)).astype(np.float32)
    (sample,) = model(tmp_path / "m", {"model.layers.0.mlp.up_proj.weight": matrix}).samples
    assert (sample.name, sample.shape) == ("layers.0.mlp.up_proj.weight", (100, 64))
    flat = matrix.ravel().astype(float)
    places = [i * (len(flat) - 64) // 15 for i in range(16)]
    taken = np.array([flat[place + k] for place in places for k in range(64)])
    assert len(taken) == PER_TENSOR
    np.testing.assert_allclose(sample.values, taken / np.sqrt(np.mean(taken**2)), atol=2e-3)


def test_of_every_relative_the_same_matrices_are_sampled(tmp_path: Path) -> None:
    square = np.ones((64, 64), np.float32)
    tensors = {f"model.layers.{n}.mlp.up_proj.weight": square + n for n in range(4)}
    tensors |= {f"model.layers.0.mlp.experts.{n}.up_proj.weight": square + 9 + n for n in range(2)}
    tensors |= {
        "model.embed_tokens.weight": square, "model.norm.weight": np.ones(64, np.float32),
        "model.layers.0.small.weight": np.ones((4, 4), np.float32),
        "model.layers.0.quantised.weight": np.ones((64, 64), np.int8),
        "model.vision_tower.patch.weight": square, "model.layers.1.mlp.broken.weight": np.full_like(square, np.nan),
    }  # fmt: skip
    names = {sample.name for sample in model(tmp_path / "m", tensors).samples}
    ups = {f"layers.{n}.mlp.up_proj.weight" for n in (0, 1, 2)}
    assert names == {"embed_tokens.weight", "layers.0.mlp.experts.0.up_proj.weight", *ups}


@pytest.mark.parametrize("kind", ["float16", "float64", "bfloat16"])
def test_types_differ_and_values_do_not(kind: str, tmp_path: Path) -> None:
    matrix = np.random.default_rng(1).normal(0, 1, (64, 64)).astype(np.float32)
    (whole,) = model(tmp_path / "fp32", {"w.weight": matrix}).samples
    if kind == "bfloat16":
        # The upper half of a float32, which numpy has no type for.
        raw = (matrix.view(np.uint32) >> 16).astype("<u2").tobytes()
        header = json.dumps({"w.weight": {"dtype": "BF16", "shape": [64, 64], "data_offsets": [0, len(raw)]}}).encode()
        (tmp_path / "half").mkdir()
        (tmp_path / "half" / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + raw)
        (tmp_path / "half" / "config.json").write_text(json.dumps(CONFIG))
        (half,) = kin_of(find([str(tmp_path / "half")])[0]).samples
    else:
        (half,) = model(tmp_path / "half", {"w.weight": matrix.astype(kind)}).samples
    np.testing.assert_allclose(half.values, whole.values, rtol=1e-2, atol=1e-3)


def test_a_vocabulary_is_its_ordinary_tokens(tmp_path: Path) -> None:
    weights = {"w.weight": np.ones((64, 64), np.float32)}
    words = {"a": 0, "b": 1}
    own = model(tmp_path / "m", weights, words)
    # Another release: other special tokens, the same words.
    other = json.loads((tmp_path / "m" / "tokenizer.json").read_text())
    other["added_tokens"][0]["content"] = "<|turn|>"
    other["model"]["vocab"] = {**words, "<|turn|>": 9}
    shutil.copytree(tmp_path / "m", tmp_path / "n")
    (tmp_path / "n" / "tokenizer.json").write_text(json.dumps(other))
    assert kin_of(find([str(tmp_path / "n")])[0]).vocabulary == own.vocabulary != ""
    # The older pair of files holds the same words.
    (tmp_path / "n" / "tokenizer.json").unlink()
    (tmp_path / "n" / "vocab.json").write_text(json.dumps(words))
    (tmp_path / "n" / "merges.txt").write_text("#version: 0.2\n")
    assert kin_of(find([str(tmp_path / "n")])[0]).vocabulary == own.vocabulary
    (tmp_path / "n" / "vocab.json").write_text(json.dumps({"a": 1, "b": 0}))
    assert kin_of(find([str(tmp_path / "n")])[0]).vocabulary not in ("", own.vocabulary)
    unigram = {"model": {"type": "Unigram", "vocab": [["a", 0.0], ["b", -1.0]]}}
    (tmp_path / "n" / "tokenizer.json").write_text(json.dumps(unigram))
    assert kin_of(find([str(tmp_path / "n")])[0]).vocabulary == own.vocabulary


@pytest.mark.parametrize("content", ["{", "[]", '{"model": 1}', '{"model": {"vocab": 7}}', '{"model": {"vocab": [1]}}'])
def test_what_cannot_be_read_is_left_empty(content: str, tmp_path: Path) -> None:
    kin = model(tmp_path / "m", {"w.weight": np.zeros((64, 64), np.float32)})
    assert (kin.model_type, kin.layers, kin.hidden, kin.heads, kin.vocabulary) == ("llama", 4, 64, 4, "")
    assert not kin.samples[0].values.any()
    candidate = find([str(tmp_path / "m")])[0]
    (tmp_path / "m" / "tokenizer.json").write_text(content)
    assert kin_of(candidate).vocabulary == ""
    (tmp_path / "m" / "model.safetensors").write_bytes(b"no weights")
    assert kin_of(candidate).samples == ()


def test_a_name_that_no_file_can_have_is_left_empty(tmp_path: Path) -> None:
    candidate = find([str(bundled_models()[0])])[0]
    assert kin_of(candidate).samples
    odd = kin_of(dataclasses.replace(candidate, path=tmp_path / ("long" * 100)))
    assert odd == kin_of(candidate)._replace(vocabulary="", samples=())
