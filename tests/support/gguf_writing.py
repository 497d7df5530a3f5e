"""Writes GGUF files from model folders, as the format's converters do; from its description, not from a reader."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["from_folder", "gguf_bytes", "of_folder", "q8_0", "split", "write_gguf"]

_TYPES = {"F32": 0, "F16": 1, "Q8_0": 8}
Written = Sequence[tuple[str, str, np.ndarray]]
"""Name, type and numbers in single precision of each tensor."""

_ARCHITECTURES = {"gemma3_text": "gemma3"}
_LAYER = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
_GEMMA = {
    "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}  # fmt: skip


def q8_0(values: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Blocks of 32 whole numbers with one scale each, in half precision; and the numbers that they stand for."""
    blocks = values.reshape(-1, 32).astype(np.float32)
    scale = (np.abs(blocks).max(1, keepdims=True) / 127).astype(np.float16)
    divisor = np.where(scale == 0, 1, scale.astype(np.float32))
    whole = np.clip(np.rint(blocks / divisor), -127, 127).astype(np.int8)
    content = b"".join(s.tobytes() + w.tobytes() for s, w in zip(scale, whole, strict=True))
    return content, (whole.astype(np.float32) * scale.astype(np.float32)).reshape(values.shape)


def _stored(values: np.ndarray, kind: str) -> bytes:
    if kind == "Q8_0":
        return q8_0(values)[0]
    return values.astype({"F32": "<f4", "F16": "<f2"}[kind]).tobytes()


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _typed(value: Any) -> tuple[int, bytes]:
    match value:
        case bool():
            return 7, struct.pack("<?", value)
        case int():
            return 4, struct.pack("<I", value)
        case float():
            return 6, struct.pack("<f", value)
        case str():
            return 8, _string(value)
    inner = _typed(value[0])[0]
    # Whole numbers in lists are signed.
    return 9, struct.pack("<IQ", {4: 5}.get(inner, inner), len(value)) + b"".join(_typed(item)[1] for item in value)


def gguf_bytes(metadata: Mapping[str, Any], tensors: Written) -> bytes:
    """The content of one file."""
    content = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(metadata))]
    for name, value in metadata.items():
        kind, packed = _typed(value)
        content.append(_string(name) + struct.pack("<I", kind) + packed)
    data = bytearray()
    for name, kind, values in tensors:
        sides = values.shape[::-1]
        place = struct.pack(f"<I{len(sides)}QIQ", len(sides), *sides, _TYPES[kind], len(data))
        content.append(_string(name) + place)
        data += _stored(values, kind)
        data += bytes(-len(data) % 32)
    head = b"".join(content)
    return head + bytes(-len(head) % 32) + data


def write_gguf(path: Path, metadata: Mapping[str, Any], tensors: Written) -> Path:
    """One file."""
    path.write_bytes(gguf_bytes(metadata, tensors))
    return path


def of_folder(folder: Path, kind: str = "F32") -> tuple[dict[str, Any], list[tuple[str, str, np.ndarray]]]:
    """Metadata and tensors of a model folder; matrices of `kind`, all else in single precision."""
    from safetensors.torch import load_file

    config = json.loads((folder / "config.json").read_text())
    architecture = _ARCHITECTURES.get(config["model_type"], config["model_type"])
    metadata = {"general.architecture": architecture, "general.name": folder.name}
    metadata |= {f"{architecture}.{name}": value for name, value in _sizes(config, architecture).items()}
    metadata |= _vocabulary(folder, config)
    tensors = []
    for name, tensor in load_file(folder / "model.safetensors").items():
        if name == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue
        values = _turned(name, tensor.float().numpy(), config, architecture)
        tensors.append((_renamed(name, architecture), kind if values.ndim > 1 else "F32", values))
    return metadata, tensors


def from_folder(folder: Path, path: Path, kind: str = "F32", **changes: Any) -> Path:
    """A GGUF file of a model folder; `changes` are entries of its metadata, with __ for dots, None to leave one out."""
    metadata, tensors = of_folder(folder, kind)
    metadata |= {name.replace("__", "."): value for name, value in changes.items()}
    return write_gguf(path, {name: value for name, value in metadata.items() if value is not None}, tensors)


def _sizes(config: Mapping[str, Any], architecture: str) -> dict[str, Any]:
    heads = config["num_attention_heads"]
    width = config.get("head_dim") or config["hidden_size"] // heads
    rotary = config["rope_parameters"]
    sizes = {
        "context_length": config["max_position_embeddings"], "embedding_length": config["hidden_size"],
        "block_count": config["num_hidden_layers"], "feed_forward_length": config["intermediate_size"],
        "attention.head_count": heads, "attention.head_count_kv": config["num_key_value_heads"],
        "attention.layer_norm_rms_epsilon": config["rms_norm_eps"], "attention.key_length": width,
        "attention.value_length": width, "vocab_size": config["vocab_size"],
        "rope.freq_base": float(rotary.get("full_attention", rotary)["rope_theta"]),
    }  # fmt: skip
    if not architecture.startswith("gemma"):
        return sizes | {"rope.dimension_count": width}
    caps = {name: config.get(f"{name}_logit_softcapping") for name in ("attn", "final")}
    sizes |= {f"{name}_logit_softcapping": float(cap) for name, cap in caps.items() if cap}
    return sizes | {"attention.sliding_window": config["sliding_window"]}


def _vocabulary(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    if not (folder / "tokenizer.json").exists():
        return {}
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    ids = tokenizer["model"]["vocab"]
    special = {token["content"] for token in tokenizer["added_tokens"]}
    tokens = sorted(ids, key=ids.__getitem__)
    ends = {name: config.get(f"{name}_token_id") for name in ("bos", "eos")}
    return {
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "smollm", "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3 if token in special else 1 for token in tokens],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in tokenizer["model"]["merges"]],
        "tokenizer.ggml.add_bos_token": tokenizer["post_processor"] is not None,
        **{f"tokenizer.ggml.{name}_token_id": number for name, number in ends.items() if number is not None},
    }  # fmt: skip


def _renamed(name: str, architecture: str) -> str:
    whole = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
             "lm_head.weight": "output.weight"}  # fmt: skip
    if name in whole:
        return whole[name]
    _, _, layer, *parts, sort = name.split(".")
    names = {**_LAYER, **_GEMMA} if architecture.startswith("gemma") else _LAYER
    return f"blk.{layer}.{names['.'.join(parts)]}.{sort}"


def _turned(name: str, values: np.ndarray, config: Mapping[str, Any], architecture: str) -> np.ndarray:
    if architecture.startswith("gemma") and name.endswith("norm.weight"):
        return values + np.float32(1)
    if architecture != "llama" or not (".q_proj." in name or ".k_proj." in name):
        return values
    heads = config["num_attention_heads" if ".q_proj." in name else "num_key_value_heads"]
    # The first and the second number of each rotation are put side by side.
    halves = values.reshape(heads, 2, len(values) // heads // 2, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)


def split(path: Path, metadata: Mapping[str, Any], tensors: Written, cuts: Iterable[int]) -> list[Path]:
    """The same in several files, cut before these tensors."""
    bounds = [0, *cuts, len(tensors)]
    count = len(bounds) - 1
    files = []
    for number in range(count):
        part = {"split.no": number, "split.count": count, "split.tensors.count": len(tensors)}
        name = path.with_name(f"{path.stem}-{number + 1:05d}-of-{count:05d}.gguf")
        own = {**metadata, **part} if number == 0 else {"general.architecture": "llama", **part}
        files.append(write_gguf(name, own, tensors[bounds[number] : bounds[number + 1]]))
    return files
