"""The sizes in a model's config.json that decide how much memory a forward pass takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Shape", "read_shape"]

_LARGEST = 2**40
"""No size of a real model is above this; what is above comes from a broken or hostile file."""


class Shape(NamedTuple):
    """Sizes of a decoder; 0 where the config does not say."""

    layers: int = 0
    heads: int = 0
    kv_heads: int = 0
    """Heads that keep keys and values (grouped-query attention); 0 for a recurrent model, which keeps none."""
    head_dim: int = 0
    hidden: int = 0
    intermediate: int = 0
    """Width of the feed-forward part that one token passes: for a mixture of experts, of all experts it visits."""
    context: int | None = None
    """Longest sequence in tokens; None where there is no limit or none is stated."""
    vocab: int = 0


def read_shape(config: Mapping[str, Any]) -> Shape:
    """The sizes in a config of transformers; a multimodal model's text part is taken.

    Names differ between architectures (GPT-2 says n_embd, MPT d_model): the first one present counts.
    """
    text = config.get("text_config")
    layers = [text, config] if isinstance(text, Mapping) else [config]

    def first(*names: str) -> int:
        for layer in layers:
            for name in names:
                value = layer.get(name)
                if type(value) is int and 0 < value < _LARGEST:
                    return value
        return 0

    hidden = first("hidden_size", "n_embd", "d_model")
    heads = first("num_attention_heads", "n_head", "n_heads", "num_heads")
    kv_heads = first("num_key_value_heads", "num_kv_heads", "multi_query_group_num") or heads
    if any(layer.get("multi_query") is True and not layer.get("new_decoder_architecture") for layer in layers):
        kv_heads = 1
    # Multi-head latent attention expands its keys to both parts before it stores them.
    latent = first("qk_nope_head_dim") + first("qk_rope_head_dim") if first("kv_lora_rank") else 0
    head_dim = max(latent, first("v_head_dim")) if latent else first("head_dim") or (hidden // heads if heads else 0)
    visited = first("num_experts_per_tok", "moe_top_k", "num_experts_per_token")
    expert = first("moe_intermediate_size") or (first("intermediate_size") if visited else 0)
    dense = first("intermediate_size", "n_inner", "ffn_hidden_size", "ffn_dim") or 4 * hidden
    return Shape(
        layers=first("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        hidden=hidden,
        intermediate=max(dense, visited * expert),
        context=first("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx") or None,
        vocab=first("vocab_size", "padded_vocab_size"),
    )
