"""Model folders, described without being loaded: config, tokenizer, headers and indexes of safetensors."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any, Final

from tests.fuzz.family import DEEP, Case, Family, NotValid, Unsure, _depth
from tests.fuzz.mutation import Mutator

__all__ = ["FAMILIES"]

_CONFIG: Final = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 8,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 64,
    "vocab_size": 4,
    "tie_word_embeddings": True,
    "torch_dtype": "float32",
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "hidden_act": "silu",
    "quantization_config": None,
}
_TOKENIZER: Final = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [
        {
            "id": 3,
            "content": "</s>",
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
    ],
    "normalizer": None,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    "post_processor": None,
    "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
    "model": {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": {"A": 0, "B": 1, "AB": 2},
        "merges": [["A", "B"]],
    },
}
_SETTINGS: Final = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "eos_token": "</s>",
    "model_max_length": 64,
    "chat_template": "{{ x }}",
    "added_tokens_decoder": {"3": {"content": "</s>", "special": True}},
}
_SHAPES: Final = {
    "model.embed_tokens.weight": [4, 8],
    "model.norm.weight": [8],
    "model.layers.0.input_layernorm.weight": [8],
    "model.layers.0.post_attention_layernorm.weight": [8],
    "model.layers.0.self_attn.q_proj.weight": [8, 8],
    "model.layers.0.self_attn.k_proj.weight": [4, 8],
    "model.layers.0.self_attn.v_proj.weight": [4, 8],
    "model.layers.0.self_attn.o_proj.weight": [8, 8],
    "model.layers.0.mlp.gate_proj.weight": [16, 8],
    "model.layers.0.mlp.up_proj.weight": [16, 8],
    "model.layers.0.mlp.down_proj.weight": [8, 16],
}
_SIZES: Final = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E5M2": 1,
    "F8_E4M3": 1,
    "I16": 2,
    "U16": 2,
    "F16": 2,
    "BF16": 2,
    "I32": 4,
    "U32": 4,
    "F32": 4,
    "F64": 8,
    "I64": 8,
    "U64": 8,
}


def header(shapes: dict[str, list[int]], dtype: str = "F32") -> tuple[dict[str, Any], int]:
    """What a safetensors file says of such tensors, and how many bytes they take."""
    table: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, shape in shapes.items():
        size = _SIZES[dtype] * math.prod(shape)
        table[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    return table, at


def _weights(change: Mutator, shapes: dict[str, list[int]], spoil: bool) -> bytes:
    table, size = header(shapes, change.chance.choice(["F32", "F32", "BF16"]))
    raw = change.json(change.value(table) if spoil else table)
    length = len(raw)
    if spoil and change.chance.random() < 0.2:
        length = change.chance.choice([0, 1, length - 1, length + 1, 2**31, 2**63, 2**64 - 1, length + size + 9])
    body = b"\0" * (size + (change.chance.choice([0, 0, 0, -1, 1, 4096]) if spoil else 0))
    whole = struct.pack("<Q", length) + raw + body
    return change.raw(whole) if spoil and change.chance.random() < 0.2 else whole


class Folders(Family):
    """`find`, as `models` and `run` look at a folder, and what its hashes are."""

    name = "model folders"
    share = 5.0

    def make(self, change: Mutator) -> Case:
        spoilt = change.chance.choice(
            ["config.json", "tokenizer.json", "tokenizer_config.json", "weights", "index", "adapter", "none"]
        )
        files: dict[str, bytes] = {}
        for name, value in (
            ("config.json", _CONFIG),
            ("tokenizer.json", _TOKENIZER),
            ("tokenizer_config.json", _SETTINGS),
        ):
            raw = change.json(change.value(value, 5) if spoilt == name else value)
            files[f"m/{name}"] = change.raw(raw) if spoilt == name and change.chance.random() < 0.3 else raw
        if spoilt == "adapter":
            raw = change.json(change.value({"base_model_name_or_path": "org/base", "peft_type": "LORA"}))
            files["m/adapter_config.json"] = raw
        if spoilt != "index":
            files["m/model.safetensors"] = _weights(change, _SHAPES, spoilt == "weights")
        else:
            names = list(_SHAPES)
            for part, held in (("1", names[:5]), ("2", names[5:])):
                shard = f"m/model-0000{part}-of-00002.safetensors"
                files[shard] = _weights(change, {name: _SHAPES[name] for name in held}, change.chance.random() < 0.2)
            place = {name: f"model-0000{1 + (at > 4)}-of-00002.safetensors" for at, name in enumerate(names)}
            raw = change.json(change.value({"metadata": {"total_size": 1}, "weight_map": place}))
            files["m/model.safetensors.index.json"] = change.raw(raw) if change.chance.random() < 0.2 else raw
        return Case(files, {"spoilt": spoilt})

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.candidates.find import find
        from engine.candidates.hashing import config_hash, stamp, tokenizer_hash, weights_hash

        (candidate,) = find([str(folder / "m")])
        if candidate.usable:
            config_hash(folder / "m")
            tokenizer_hash(folder / "m")
            stamp(folder / "m")
            weights_hash(folder / "m")
        return candidate

    def judge(self, case: Case, got: Any) -> str:
        if not got.usable:
            return "refused, though nothing was changed: " + self.said(got) if case.asked["spoilt"] == "none" else ""
        try:
            config, tokenizer = (_object(case.files[f"m/{name}"]) for name in ("config.json", "tokenizer.json"))
            if not isinstance(config.get("model_type"), str):
                raise NotValid("no model_type")
            if not isinstance(tokenizer.get("model"), dict):
                raise NotValid("no vocabulary")
            tensors: dict[str, list[int]] = {}
            for name, raw in case.files.items():
                if name.endswith(".safetensors") and (name == "m/model.safetensors" or case.asked["spoilt"] == "index"):
                    tensors.update(_tensors(raw))
        except NotValid as fault:
            return f"usable, though {fault}"
        except Unsure:
            return ""
        plain = set(tensors) == set(_SHAPES)
        count = sum(math.prod(shape) for shape in tensors.values())
        return f"{got.parameters} parameters, not {count}" if plain and got.parameters != count else ""

    def said(self, got: Any) -> str:
        words = [got.name, got.architecture, got.model_type, got.tokenizer, got.dtype]
        return "\n".join([*words, *(f"{problem.what} {problem.fix}" for problem in got.problems)])


def _object(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode()
        if _depth(text) > DEEP:
            raise Unsure("deep")
        value = json.loads(text)
    except ValueError as error:
        raise NotValid(str(error)) from None
    if not isinstance(value, dict):
        raise NotValid("no object")
    return value


def _tensors(raw: bytes) -> dict[str, list[int]]:
    """By the format's own page: a length, a JSON object, and bytes that the offsets cover without gaps."""
    if len(raw) < 8:
        raise NotValid("too short")
    (length,) = struct.unpack("<Q", raw[:8])
    if length > len(raw) - 8:
        raise NotValid("cut short")
    table = _object(raw[8 : 8 + length])
    spans = []
    shapes: dict[str, list[int]] = {}
    for name, entry in table.items():
        if name == "__metadata__":
            continue
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("shape"), list)
            or not isinstance(entry.get("data_offsets"), list)
        ):
            raise NotValid("no tensor")
        if entry.get("dtype") not in _SIZES:
            raise Unsure("a type of tensor")
        start, stop = entry["data_offsets"]
        if math.prod(entry["shape"]) * _SIZES[entry["dtype"]] != stop - start:
            raise NotValid("size")
        spans.append((start, stop))
        shapes[name] = entry["shape"]
    at = 0
    for start, stop in sorted(spans):
        if start != at:
            raise NotValid("a gap")
        at = stop
    if at != len(raw) - 8 - length:
        raise NotValid("bytes left over")
    return shapes


FAMILIES: list[type[Family]] = [Folders]
