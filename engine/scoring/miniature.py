"""A small model of the same kind and settings as a large one, with random weights.

What a kind of model does by its code – read ahead, say – shows in a small one too, within a fraction of a second and
before any weights are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch

__all__ = ["VOCABULARY", "miniature"]

VOCABULARY: Final = 300
_LAYERS: Final = 2
_SIZES: Final[dict[str, int]] = {
    "hidden_size": 64, "n_embd": 64, "d_model": 64, "word_embed_proj_dim": 64,
    "intermediate_size": 96, "ffn_dim": 96, "d_ff": 96, "decoder_ffn_dim": 96, "moe_intermediate_size": 32,
    "shared_intermediate_size": 32, "num_hidden_layers": _LAYERS, "n_layer": _LAYERS, "n_layers": _LAYERS,
    "num_layers": _LAYERS, "decoder_layers": _LAYERS, "num_attention_heads": 4, "n_head": 4, "n_heads": 4,
    "num_heads": 4, "decoder_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "d_kv": 16,
    "rotary_dim": 8, "q_lora_rank": 16, "kv_lora_rank": 16, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8,
    "v_head_dim": 16, "num_experts": 4, "num_local_experts": 4, "n_routed_experts": 4, "moe_num_experts": 4,
    "num_experts_per_tok": 2, "moe_k": 2, "n_shared_experts": 1, "n_group": 1, "topk_group": 1,
    "first_k_dense_replace": 1, "max_position_embeddings": 256, "n_positions": 256, "vocab_size": VOCABULARY,
}  # fmt: skip
"""Names that configs have for their sizes; each is given those it has."""
_MOST: Final = 8_000_000
"""Parameters: what these sizes leave larger is not made."""


def miniature(config: Any, auto: Any) -> Any | None:
    """The model; None where these sizes do not make one, as of configs whose sizes must agree in a way of their own.

    Args:
        config: of transformers.
        auto: the class of transformers that makes a model of it.
    """
    try:
        small = type(config).from_dict(_shrunk(config.to_dict()))
        with torch.device("meta"):
            if sum(p.numel() for p in auto.from_config(small).parameters()) > _MOST:
                return None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = auto.from_config(small, dtype=torch.float32).eval()
        with torch.no_grad():
            for weight in model.parameters():
                # As it starts, a model says nearly the same of every text.
                if weight.dim() > 1:
                    weight.mul_(5)
            model(input_ids=torch.arange(1, 6)[None], use_cache=False)
    except Exception:  # noqa: BLE001 - sizes that do not go together raise almost anything
        return None
    return model


def _shrunk(entries: Mapping[str, Any]) -> dict[str, Any]:
    small: dict[str, Any] = {}
    for name, value in entries.items():
        if name in _SIZES and isinstance(value, int | None):
            small[name] = value and _SIZES[name]
        elif name in ("bos_token_id", "eos_token_id", "pad_token_id"):
            small[name] = None
        elif name == "layer_types" and isinstance(value, list):
            # One of each kind, if there are several.
            kinds = list(dict.fromkeys(value))
            small[name] = (kinds * _LAYERS)[:_LAYERS]
        else:
            small[name] = _shrunk(value) if isinstance(value, Mapping) and "model_type" in value else value
    return small
