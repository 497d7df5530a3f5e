"""The same requests through llama.cpp, used as carefully as can be, where its Python package is installed.

The model in memory is written as GGUF in its own precision. Requests are taken in the order of their ids, so that each
keeps in the cache whatever it has in common with the one before; logits are asked for only where they are read;
attention is fused; keys and values are cached in the model's precision. It is built for this very processor where its
package is built here, which is what its index offers.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from workload import score_in_turn

from engine.layout.requests import Request

__all__ = ["LlamaCpp", "version"]

_AT_ONCE: Final = 512
"""Tokens in one pass; llama.cpp's own choice."""
_LAYER: Final = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
_WHOLE: Final = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def version() -> str:
    """Of the installed package; empty where there is none."""
    try:
        return metadata.version("llama-cpp-python")
    except metadata.PackageNotFoundError:
        return ""


class LlamaCpp:
    """llama.cpp around a copy of a model in memory.

    Args:
        longest: tokens of the longest request.
        half: multiply and cache in half precision (F16), whatever the model's own is.
    """

    def __init__(self, model: Any, threads: int, longest: int, *, half: bool = False) -> None:
        import llama_cpp

        self._library = llama_cpp
        kind = "F16" if half else "F32" if model.dtype == torch.float32 else "BF16"
        self._log = llama_cpp.llama_log_callback(lambda *_: None)
        llama_cpp.llama_log_set(self._log, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.gguf"
            _write(model, path, kind)
            asked = llama_cpp.llama_model_default_params()
            asked.use_mmap = False
            self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), asked)
        if not self._model:
            raise RuntimeError("llama.cpp cannot read the model")
        told = llama_cpp.llama_context_default_params()
        told.n_ctx = -(-(longest + 1) // 256) * 256
        told.n_batch = told.n_ubatch = _AT_ONCE
        told.n_threads = told.n_threads_batch = threads
        told.type_k = told.type_v = {"F32": 0, "F16": 1, "BF16": 30}[kind]
        if hasattr(told, "flash_attn_type"):
            told.flash_attn_type = 1
        else:
            told.flash_attn = True
        self._context = llama_cpp.llama_init_from_model(self._model, told)
        if not self._context:
            raise RuntimeError("llama.cpp cannot make a context")
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(_AT_ONCE, 0, 1)
        self._words = int(model.config.vocab_size)

    def score(self, requests: Sequence[Request]) -> list[float]:
        """Label log-odds, or sums over the response, in nats."""
        self._library.llama_memory_clear(self._memory, True)
        return score_in_turn(requests, self._logits)

    def _logits(self, ids: Sequence[int], keep: int, first: int) -> np.ndarray:
        """Of every position from `first`, float32 (positions, vocabulary); the cache holds the first `keep` ids, and
        forgets what comes after."""
        self._library.llama_memory_seq_rm(self._memory, 0, keep, -1)
        rows = np.empty((len(ids) - first, self._words), np.float32)
        for begin in range(keep, len(ids), _AT_ONCE):
            part = ids[begin : begin + _AT_ONCE]
            batch = self._batch
            batch.n_tokens = len(part)
            for place, token in enumerate(part):
                batch.token[place] = token
                batch.pos[place] = begin + place
                batch.n_seq_id[place] = 1
                batch.seq_id[place][0] = 0
                batch.logits[place] = begin + place >= first
            if code := self._library.llama_decode(self._context, batch):
                raise RuntimeError(f"llama.cpp could not compute a batch ({code})")
            for place in range(max(first - begin, 0), len(part)):
                logits = self._library.llama_get_logits_ith(self._context, place)
                rows[begin + place - first] = np.ctypeslib.as_array(logits, (self._words,))
        return rows


def _write(model: Any, path: Path, kind: str) -> None:
    """As GGUF; matrices of `kind`, the rest in single precision, as its own converter does."""
    import gguf

    config = model.config
    name = config.model_type
    sort = gguf.GGMLQuantizationType[kind]
    file = gguf.GGUFWriter(str(path), name)
    heads = config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    file.add_context_length(config.max_position_embeddings)
    file.add_embedding_length(config.hidden_size)
    file.add_block_count(config.num_hidden_layers)
    file.add_feed_forward_length(config.intermediate_size)
    file.add_head_count(heads)
    file.add_head_count_kv(config.num_key_value_heads)
    file.add_layer_norm_rms_eps(config.rms_norm_eps)
    file.add_key_length(width)
    file.add_value_length(width)
    file.add_rope_dimension_count(width)
    file.add_rope_freq_base(float(config.rope_parameters["rope_theta"]))
    file.add_vocab_size(config.vocab_size)
    # Ids are given, so it needs no words.
    file.add_tokenizer_model("none")
    for key, tensor in model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        values = tensor.float().numpy()
        if name == "llama" and (".q_proj." in key or ".k_proj." in key):
            # It turns neighbours where the original turns halves.
            groups = heads if ".q_proj." in key else config.num_key_value_heads
            values = values.reshape(groups, 2, width // 2, -1).swapaxes(1, 2).reshape(values.shape)
        own = sort if values.ndim > 1 else gguf.GGMLQuantizationType.F32
        file.add_tensor(_renamed(key), gguf.quants.quantize(values, own), raw_dtype=own)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def _renamed(key: str) -> str:
    if key in _WHOLE:
        return _WHOLE[key]
    _, _, layer, *parts, sort = key.split(".")
    return f"blk.{layer}.{_LAYER['.'.join(parts)]}.{sort}"
