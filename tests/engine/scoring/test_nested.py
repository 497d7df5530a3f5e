"""A decoder among other parts is scored as the same decoder alone, by transformers' own forward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.candidates.find import inspect
from engine.scoring.backend import LocalBackend
from engine.scoring.load import LoadedModel, load_model
from engine.scoring.weights import assert_complete
from rubrics.errors import CandidateError

VISION: dict[str, dict[str, Any]] = {
    "mistral3": {
        "vision_config": {"model_type": "pixtral", "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
                          "num_attention_heads": 2, "head_dim": 8, "image_size": 28, "patch_size": 14},
        "spatial_merge_size": 1,
    },
    "qwen2_vl": {
        "vision_config": {"depth": 1, "embed_dim": 16, "num_heads": 2, "hidden_size": 64, "patch_size": 14,
                          "mlp_ratio": 2},
        "image_token_id": 3, "video_token_id": 4, "vision_start_token_id": 5, "vision_end_token_id": 6,
    },
    "llava": {
        "vision_config": {"model_type": "clip_vision_model", "hidden_size": 16, "intermediate_size": 32,
                          "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 28, "patch_size": 14},
        "image_token_index": 3,
    },
}  # fmt: skip
DECODERS = {"mistral3": "mistral", "qwen2_vl": "qwen2", "llava": "llama"}
"""What each decoder is called alone."""
OWN: dict[str, dict[str, Any]] = {
    # For text alone, rotary sections are plain rotary positions.
    "qwen2_vl": {"model_type": "qwen2_vl_text", "rope_parameters": {
        "rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]}},
    "mistral3": {"model_type": "mistral", "head_dim": 16, "sliding_window": None},
}  # fmt: skip


@pytest.fixture(params=sorted(VISION))
def pair(request: pytest.FixtureRequest, build: Any, tmp_path: Path) -> tuple[Path, LoadedModel]:
    """A folder of a whole model, and its decoder alone in memory."""
    from transformers import AutoConfig, AutoModelForMultimodalLM

    kind = request.param
    changes = {"sliding_window": None, "head_dim": 16} if kind == "mistral3" else {}
    changes |= {"rms_norm_eps": 1e-6, "tie_word_embeddings": False}
    alone = build(DECODERS[kind], **changes)
    text = {**alone.model.config.to_dict(), **OWN.get(kind, {})}
    config = AutoConfig.for_model(kind, text_config=text, tie_word_embeddings=False, **VISION[kind])
    whole = AutoModelForMultimodalLM.from_config(config, dtype=torch.float32)
    decoder = whole.get_decoder()
    decoder.load_state_dict(alone.model.model.state_dict())
    whole.get_output_embeddings().load_state_dict(alone.model.lm_head.state_dict())
    whole.save_pretrained(tmp_path)
    return tmp_path, alone


def test_equal_to_the_decoder_alone(pair, requests, assert_exact):
    folder, alone = pair
    loaded = load_model(folder, "fp32", "cpu")
    backend = LocalBackend(loaded)
    assert_exact(alone.model, requests, dict(backend.score(requests)))
    assert loaded.facts["sharing"] == "prefix tree"


def test_parts_beside_it_are_named_and_not_counted(pair):
    folder, alone = pair
    found = inspect(folder)
    assert found.parameters == sum(p.numel() for p in alone.model.parameters())
    assert found.beside > 0
    (note,) = assert_complete(folder).notes
    assert note.startswith("left out, as parts beside the decoder")
    assert any(part in note for part in ("vision", "visual"))


@pytest.mark.long
def test_saved_without_the_parts_beside_it(pair, requests, assert_exact):
    folder, alone = pair
    tensors = load_file(folder / "model.safetensors")
    beside = ("visual", "vision", "projector")
    kept = {k: v for k, v in tensors.items() if not any(part in k for part in beside)}
    assert len(kept) < len(tensors)
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    backend = LocalBackend(load_model(folder, "fp32", "cpu"))
    assert_exact(alone.model, requests[:6], dict(backend.score(requests[:6])))


def test_a_tensor_of_the_decoder_that_is_missing_is_no_part_beside_it(pair):
    folder, _ = pair
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in tensors if "layers.1.mlp.up_proj" in name and "vision" not in name)
    save_file({k: v for k, v in tensors.items() if k != name}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(CandidateError, match="missing") as caught:
        assert_complete(folder)
    assert "up_proj" in caught.value.what
