"""Small model folders, whole until a test spoils them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from engine.candidates.find import Candidate

__all__ = ["CONFIG", "TOKENIZER", "WEIGHTS", "codes", "make_model", "refused", "tensors"]

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 8,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "tie_word_embeddings": True,
    "vocab_size": 32,
}
WEIGHTS = {
    "model.embed_tokens.weight": (32, 8),
    "model.layers.0.mlp.up_proj.weight": (16, 8),
    "model.norm.weight": (8,),
}

TOKENIZER = {"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1}}, "added_tokens": []}


def tensors(shapes: dict[str, tuple[int, ...]], dtype: Any = np.float16) -> dict[str, Any]:
    """Noughts in these shapes."""
    return {name: np.zeros(shape, dtype) for name, shape in shapes.items()}


def make_model(folder: Path, weights: dict[str, Any] | None = None, **config: Any) -> Path:
    """A small Llama; what the config is to say otherwise, nothing where a value is None."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({k: v for k, v in (CONFIG | config).items() if v is not None}))
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "GPT2Tokenizer"}')
    save_file(tensors(WEIGHTS) if weights is None else weights, folder / "model.safetensors")
    return folder


def codes(candidate: Candidate) -> list[str]:
    """What is said of it."""
    return [problem.code for problem in candidate.problems]


def refused(candidate: Candidate) -> list[str]:
    """What of that keeps it from being scored."""
    return [problem.code for problem in candidate.problems if problem.refused]
