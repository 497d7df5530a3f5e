"""GGUF files, described without being loaded: metadata, the table of tensors, the vocabulary."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Final

import numpy as np

from tests.fuzz.family import Case, Family
from tests.fuzz.mutation import Mutator
from tests.support.gguf_writing import gguf_bytes

__all__ = ["FAMILIES"]

_TOKENS: Final = ["</s>", "A", "B", "AB"]
_METADATA: Final[dict[str, Any]] = {
    "general.architecture": "llama",
    "general.alignment": 32,
    "llama.context_length": 64,
    "llama.embedding_length": 8,
    "llama.block_count": 1,
    "llama.feed_forward_length": 16,
    "llama.attention.head_count": 2,
    "llama.attention.head_count_kv": 1,
    "llama.attention.layer_norm_rms_epsilon": 1e-6,
    "llama.rope.freq_base": 10000.0,
    "llama.rope.dimension_count": 4,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "smollm",
    "tokenizer.ggml.tokens": _TOKENS,
    "tokenizer.ggml.token_type": [3, 1, 1, 1],
    "tokenizer.ggml.merges": ["A B"],
    "tokenizer.ggml.eos_token_id": 0,
    "tokenizer.ggml.add_bos_token": False,
}
_SHAPES: Final = {
    "token_embd.weight": (4, 8), "output_norm.weight": (8,), "blk.0.attn_norm.weight": (8,),
    "blk.0.ffn_norm.weight": (8,), "blk.0.attn_q.weight": (8, 8), "blk.0.attn_k.weight": (4, 8),
    "blk.0.attn_v.weight": (4, 8), "blk.0.attn_output.weight": (8, 8), "blk.0.ffn_gate.weight": (16, 8),
    "blk.0.ffn_up.weight": (16, 8), "blk.0.ffn_down.weight": (8, 16),
}  # fmt: skip


class GgufFiles(Family):
    """`find`, as `models` and `run` look at a file, and what its hashes are."""

    name = "GGUF files"
    share = 2.0

    def make(self, change: Mutator) -> Case:
        spoilt = change.chance.choice(["metadata", "bytes", "both", "none"])
        metadata = change.value(_METADATA, 5) if spoilt in ("metadata", "both") else _METADATA
        try:
            raw = _written(metadata)
        except (TypeError, AttributeError, LookupError, ArithmeticError, ValueError, RecursionError, struct.error):
            # Not every value is one that the format has.
            spoilt, raw = "bytes", _written(_METADATA)
        return Case({"m.gguf": change.raw(raw) if spoilt in ("bytes", "both") else raw}, {"spoilt": spoilt})

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.candidates.find import find
        from engine.candidates.hashing import config_hash, stamp, tokenizer_hash, weights_hash

        (candidate,) = find([str(folder / "m.gguf")])
        if candidate.usable:
            config_hash(candidate.path)
            stamp(candidate.path)
            weights_hash(candidate.path)
            tokenizer_hash(candidate.path)
        return candidate

    def judge(self, case: Case, got: Any) -> str:
        if not got.usable:
            return "refused, though nothing was changed: " + self.said(got) if case.asked["spoilt"] == "none" else ""
        raw = case.files["m.gguf"]
        if raw[:4] != b"GGUF" or struct.unpack("<I", raw[4:8])[0] not in (2, 3):
            return "usable, though it does not begin as the format does"
        return "usable, though it is shorter than its numbers" if len(raw) < 4 * got.parameters else ""

    def said(self, got: Any) -> str:
        words = [got.name, got.architecture, got.model_type, got.tokenizer, got.dtype, got.stored]
        return "\n".join([*words, *(f"{problem.what} {problem.fix}" for problem in got.problems)])


def _written(metadata: Any) -> bytes:
    tensors = [(name, "F32", np.zeros(shape, np.float32)) for name, shape in _SHAPES.items()]
    return gguf_bytes(metadata, tensors)


FAMILIES: list[type[Family]] = [GgufFiles]
