"""The same requests through OpenVINO, where it is installed: the model in memory, compiled for this processor.

The model is traced with keys and values as inputs, so that requests, taken in the order of their ids, each keep what
they have in common with the one before; the head is computed only where it is read. Its precision is a hint to
OpenVINO's plugin: bf16 is multiplied with units for it where the processor has them.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from importlib import metadata
from typing import Any, Final

import numpy as np
import torch
from transformers.cache_utils import DynamicCache, DynamicLayer
from workload import score_in_turn

from engine.layout.requests import Request

__all__ = ["OpenVino", "version"]

_AT_ONCE: Final = 512
"""Tokens in one pass."""
_FORBIDDEN: Final = -30_000.0
"""Added to a score that may not count; finite, so that no precision makes anything else of it."""


def version() -> str:
    """Of the installed package; empty where there is none."""
    try:
        return metadata.version("openvino")
    except metadata.PackageNotFoundError:
        return ""


class _Step(torch.nn.Module):
    """New ids after kept keys and values: logits of some positions, and all keys and values."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor, places: torch.Tensor, kept: torch.Tensor, read: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """ids, places (1, new); mask (1, 1, new, kept + new); kept (layers, 2, heads, kept, width); read (rows,)."""
        cache = DynamicCache()
        for number in range(kept.shape[0]):
            # As its own update does it, but without joining anything to an empty tensor that has no shape.
            layer = DynamicLayer()
            layer.keys, layer.values = kept[number, :1], kept[number, 1:]
            layer.dtype, layer.device, layer.is_initialized = kept.dtype, kept.device, True
            cache.layers.append(layer)
        hidden = self.model.model(
            input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=cache, use_cache=True
        ).last_hidden_state
        logits = self.model.lm_head(hidden[0].index_select(0, read))
        return logits, torch.stack([torch.cat([layer.keys, layer.values]) for layer in cache.layers])


class OpenVino:
    """OpenVINO around a copy of a model in memory."""

    def __init__(self, model: Any, threads: int) -> None:
        import openvino

        config = model.config
        heads = config.num_key_value_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self._empty = np.zeros((config.num_hidden_layers, 2, heads, 0, width), np.float32)
        # Stored weights are the same; the plugin rounds them to its own precision again.
        step = _Step(copy.deepcopy(model).float().eval())
        step.model.set_attn_implementation("sdpa")
        example = (
            torch.ones(1, 3, dtype=torch.int64), torch.zeros(1, 1, 3, 5), torch.tensor([[2, 3, 4]]),
            torch.zeros(*self._empty.shape[:3], 2, width), torch.tensor([1, 2]),
        )  # fmt: skip
        shapes = [(1, -1), (1, 1, -1, -1), (1, -1), (*self._empty.shape[:3], -1, width), (-1,)]
        with torch.inference_mode():
            converted = openvino.convert_model(step, example_input=example, input=shapes)
        hint = "f32" if model.dtype == torch.float32 else "bf16"
        told = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
        self._compiled = openvino.Core().compile_model(converted, "CPU", told)

    def score(self, requests: Sequence[Request]) -> list[float]:
        """Label log-odds, or sums over the response, in nats."""
        self._kept = self._empty
        return score_in_turn(requests, self._logits)

    def _logits(self, ids: Sequence[int], keep: int, first: int) -> np.ndarray:
        """Of every position from `first`, (positions, vocabulary); the first `keep` ids are kept from the last time."""
        kept = self._kept[..., :keep, :]
        found = list[np.ndarray]()
        for begin in range(keep, len(ids), _AT_ONCE):
            end = min(begin + _AT_ONCE, len(ids))
            places = np.arange(begin, end)
            mask = np.where(np.arange(end)[None, :] > places[:, None], np.float32(_FORBIDDEN), np.float32(0))
            read = np.arange(max(first, begin), end) - begin
            inputs = (np.array(ids[begin:end])[None], mask[None, None], places[None], np.ascontiguousarray(kept), read)
            out = self._compiled(inputs, share_inputs=True, share_outputs=False)
            found.append(out[0])
            kept = out[1]
        self._kept = kept
        return np.concatenate(found)
