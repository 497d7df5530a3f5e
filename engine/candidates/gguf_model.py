"""A GGUF file in the words of a model folder: the config.json and the names of tensors that say the same.

Only architectures are read of which tests show that the weights come out as they went in. What the metadata says beyond
the entries known here is no detail: it may change every number, so that a file which says more is refused.
"""

from __future__ import annotations

import math
import re
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from engine.candidates.gguf_header import Long, Packed, read_gguf
from engine.candidates.headers import HeaderFault, Tensor
from engine.candidates.untrusted import shown
from rubrics.counted import count

__all__ = ["GgufModel", "Turn", "describe", "stored_as"]

Turn = Literal["", "query", "key", "norm"]
"""What the format does to a tensor's numbers, and what is undone when it is read: rows of `query` and `key` are kept in
pairs of the rotary embedding, a `norm` is kept with 1 added."""

_LARGEST: Final = 2**31
_OTHER: Final = "give the model as a folder with safetensors weights"


class GgufModel(NamedTuple):
    """What is to be loaded, and from where."""

    config: dict[str, Any]
    """As config.json would have it."""
    tensors: Mapping[str, Packed]
    """By the names that transformers has for them; one without a place in the model keeps its own."""
    turns: Mapping[str, Turn]
    """By the same names, where a tensor's numbers are not kept as they are."""
    stored: str
    """How the weights are stored, as in `stored_as`."""

    @property
    def listed(self) -> tuple[Tensor, ...]:
        """The tensors as a model folder's headers list them."""
        return tuple(Tensor(name, held.kind, held.shape, held.nbytes) for name, held in self.tensors.items())


def stored_as(tensors: Iterable[Packed]) -> str:
    """The ways in which tensors are stored and how many each, most bytes first: `Q4_K ×211, Q6_K ×15, F32 ×61`."""
    held: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for tensor in tensors:
        held[tensor.kind] += tensor.nbytes
        count[tensor.kind] += 1
    return ", ".join(f"{kind} ×{count[kind]}" for kind, _ in sorted(held.items(), key=lambda item: (-item[1], item[0])))


def describe(path: Path) -> GgufModel:
    """What a GGUF file holds, from its header.

    Raises:
        HeaderFault: it cannot be read, or says more than is understood here (`unsupported`).
    """
    metadata, tensors = read_gguf(path)
    kind = _kind(metadata, path, len(tensors))
    says = _Says(metadata, kind.name)
    by_name = {tensor.name: tensor for tensor in tensors}
    config = kind.config(says, by_name)
    says.assert_known()
    if kind.name == "llama" and "rope_freqs.weight" in by_name:
        config["rope_parameters"] = _stretched(by_name.pop("rope_freqs.weight"), config)
    names = {_renamed(name, kind.names): tensor for name, tensor in by_name.items()}
    if len(names) < len(by_name):
        raise HeaderFault("ambiguous", "has two tensors for one place in the model", _OTHER)
    turns = {name: turn for name, tensor in names.items() if (turn := kind.turn(tensor.name))}
    return GgufModel(config, names, turns, stored_as(tensors))


class _Kind(NamedTuple):
    """An architecture of the format."""

    name: str
    config: Callable[[_Says, Mapping[str, Packed]], dict[str, Any]]
    names: Mapping[str, str]
    turn: Callable[[str], Turn]


class _Says:
    """What the metadata says of an architecture; what nobody asked about is not understood."""

    def __init__(self, metadata: Mapping[str, Any], prefix: str) -> None:
        self._prefix = f"{prefix}."
        self._entries = {k.removeprefix(self._prefix): v for k, v in metadata.items() if k.startswith(self._prefix)}
        self._asked = {"vocab_size", "tensor_data_layout", "rope.scaling.finetuned"}
        self.metadata = metadata

    def assert_known(self) -> None:
        """Stop where it says more.

        Raises:
            HeaderFault: it does.
        """
        if unknown := sorted(set(self._entries) - self._asked):
            named = ", ".join(shown(self._prefix + name, 80) for name in unknown[:3])
            raise HeaderFault("unsupported", f"its metadata has {named}, which is not understood here", _OTHER)

    def get(self, name: str, default: Any = None) -> Any:
        """What it says, one value for all layers; lists of different values are a fault."""
        self._asked.add(name)
        value = self._entries.get(name, default)
        if isinstance(value, list) and value and all(other == value[0] for other in value):
            return value[0]
        if isinstance(value, list | Long):
            raise HeaderFault("unsupported", f"{self._prefix}{name} differs from layer to layer", _OTHER)
        return value

    def size(self, name: str, default: int | None = None) -> int:
        value = self.get(name, default)
        if type(value) is not int or not 0 < value < _LARGEST:
            what = "does not say" if value is None else f"has no possible size ({shown(value, 30)}) for"
            raise HeaderFault("bad_config", f"its metadata {what} {self._prefix}{name}", _OTHER)
        return value

    def number(self, name: str, default: float | None = None) -> float:
        value = self.get(name, default)
        if not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
            what = "does not say" if value is None else f"has no possible number ({shown(value, 30)}) for"
            raise HeaderFault("bad_config", f"its metadata {what} {self._prefix}{name}", _OTHER)
        return _meant(value)

    def none_of(self, name: str, *allowed: object) -> None:
        """Stop where it says anything else."""
        if (value := self.get(name)) not in (None, *allowed):
            what = f"{self._prefix}{name} is {shown(value, 40)}, which is not read here"
            raise HeaderFault("unsupported", what, _OTHER)


def _meant(value: float) -> float:
    """The shortest number that is this one in single precision, which the format has: 1e-06, not 9.9999999e-07."""
    for digits in range(6, 10):
        short = float(f"{value:.{digits}g}")
        if struct.pack("<f", short) == struct.pack("<f", value):
            return short
    return float(value)


def _kind(metadata: Mapping[str, Any], path: Path, tensors: int) -> _Kind:
    name = metadata.get("general.architecture")
    use = str(metadata.get("general.type", "model"))
    if use == "adapter":
        raise HeaderFault("adapter", "is an adapter, not a model", "merge it into its base, and give that")
    if use in ("mmproj", "imatrix", "vocab") or name == "clip" or not tensors:
        held = {"imatrix": "statistics for quantising", "vocab": "a vocabulary"}.get(use, "a part beside the decoder")
        what = f"holds {held if tensors else 'no tensors'}, no language model"
        raise HeaderFault("no_weights", what, "name another file")
    if not isinstance(name, str) or name not in _KINDS:
        known = ", ".join(_KINDS)
        what = f"its architecture is {shown(name or 'not stated', 40)!r}; of GGUF files only {known} are read here"
        raise HeaderFault("unsupported", what, _OTHER)
    return _KINDS[name]


def _renamed(name: str, names: Mapping[str, str]) -> str:
    """The name that transformers has for a tensor; its own where it has no place there."""
    layer = re.fullmatch(r"blk\.(\d+)\.(\w+)\.(weight|bias)", name)
    if layer and layer[2] in names:
        return f"model.layers.{layer[1]}.{names[layer[2]]}.{layer[3]}"
    whole = re.fullmatch(r"(token_embd|output_norm|output)\.(weight|bias)", name)
    return f"{_WHOLE[whole[1]]}.{whole[2]}" if whole else name


_WHOLE: Final = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_NAMES: Final = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm", "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip
_GEMMA_NAMES: Final = {
    **_NAMES, "ffn_norm": "pre_feedforward_layernorm", "post_attention_norm": "post_attention_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}  # fmt: skip


def _general(says: _Says, tensors: Mapping[str, Packed], model_type: str, architecture: str) -> dict[str, Any]:
    """The entries that all of them share."""
    embedding = tensors.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise HeaderFault("no_weights", "has no matrix of token embeddings", _OTHER)
    if says.get("expert_count", 0):
        raise HeaderFault("unsupported", "is a mixture of experts, which is not read from GGUF here", _OTHER)
    says.get("expert_used_count")
    says.none_of("attention.causal", True)
    if (layers := says.size("block_count")) > len(tensors):
        raise HeaderFault(
            "bad_config",
            f"says that it has {count(layers, 'layer')}, and holds {count(len(tensors), 'tensor')}",
            _OTHER,
        )
    heads = says.size("attention.head_count")
    hidden = says.size("embedding_length")
    width = says.size("attention.key_length", hidden // heads)
    says.none_of("attention.value_length", width)
    says.none_of("rope.dimension_count", width)
    return {
        "model_type": model_type, "architectures": [architecture], "vocab_size": embedding.shape[0],
        "hidden_size": hidden, "intermediate_size": says.size("feed_forward_length"),
        "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": says.size("attention.head_count_kv", heads), "head_dim": width,
        "max_position_embeddings": says.size("context_length"),
        "rms_norm_eps": says.number("attention.layer_norm_rms_epsilon"), "rope_parameters": _rotary(says, 10_000.0),
        "attention_bias": "blk.0.attn_q.bias" in tensors, "tie_word_embeddings": "output.weight" not in tensors,
        "bos_token_id": _token(says, "bos"), "eos_token_id": _token(says, "eos"),
        "pad_token_id": _token(says, "padding"),
    }  # fmt: skip


def _token(says: _Says, name: str) -> int | None:
    number = says.metadata.get(f"tokenizer.ggml.{name}_token_id")
    return number if type(number) is int else None


def _rotary(says: _Says, base: float) -> dict[str, Any]:
    theta = {"rope_theta": says.number("rope.freq_base", base)}
    how, factor = says.get("rope.scaling.type", "none"), says.get("rope.scaling.factor")
    says.get("rope.scaling.original_context_length")
    if how == "none":
        return {"rope_type": "default", **theta}
    if how != "linear":
        what = f"its positions are stretched by {shown(how, 30)}, which is not read here"
        raise HeaderFault("unsupported", what, _OTHER)
    return {"rope_type": "linear", "factor": says.number("rope.scaling.factor", factor), **theta}


def _stretched(tensor: Packed, config: Mapping[str, Any]) -> dict[str, Any]:
    """The rotary embedding whose frequencies are divided by what a file stores: that of Llama 3.1, or a plain one.

    The rule (Llama 3.1, `rope_scaling` of its config): low frequencies are divided by a factor, high ones are left,
    what lies between goes over smoothly, by how often each turns within the context of the first training.
    """
    rotary: dict[str, Any] = dict(config["rope_parameters"])
    count, theta = config["head_dim"] // 2, rotary["rope_theta"]
    if tensor.kind == "F32" and tensor.shape == (count,) and rotary["rope_type"] == "default":
        with tensor.file.open("rb") as source:
            source.seek(tensor.start)
            stored = struct.unpack(f"<{count}f", source.read(tensor.nbytes))
        factor = float(f"{max(stored):.6g}")
        turns = [_FIRST_CONTEXT / (2 * math.pi * theta ** (2 * i / (2 * count))) for i in range(count)]
        smooth = [min(1.0, max(0.0, (turn - _LOW) / (_HIGH - _LOW))) for turn in turns]
        wanted = [1 / ((1 - part) / factor + part) for part in smooth] if 0 < factor < math.inf else []
        if all(math.isclose(a, 1.0, rel_tol=1e-6) for a in stored):
            return rotary
        if wanted and all(math.isclose(a, b, rel_tol=1e-4) for a, b in zip(stored, wanted, strict=True)):
            return {
                **rotary, "rope_type": "llama3", "factor": factor, "low_freq_factor": _LOW, "high_freq_factor": _HIGH,
                "original_max_position_embeddings": _FIRST_CONTEXT,
            }  # fmt: skip
    what = "rope_freqs.weight stretches its positions in another way than Llama 3.1 does, which is not read here"
    raise HeaderFault("unsupported", what, _OTHER)


_FIRST_CONTEXT, _LOW, _HIGH = 8192, 1.0, 4.0


def _llama(says: _Says, tensors: Mapping[str, Packed]) -> dict[str, Any]:
    entries = _general(says, tensors, "llama", "LlamaForCausalLM")
    return {**entries, "hidden_act": "silu", "mlp_bias": "blk.0.ffn_gate.bias" in tensors}


def _qwen2(says: _Says, tensors: Mapping[str, Packed]) -> dict[str, Any]:
    entries = _general(says, tensors, "qwen2", "Qwen2ForCausalLM")
    # Whether there are biases is settled by the kind.
    del entries["attention_bias"]
    return {**entries, "hidden_act": "silu", "use_sliding_window": False, "sliding_window": None}


def _qwen3(says: _Says, tensors: Mapping[str, Packed]) -> dict[str, Any]:
    entries = _general(says, tensors, "qwen3", "Qwen3ForCausalLM")
    return {**entries, "hidden_act": "silu", "use_sliding_window": False, "sliding_window": None}


def _gemma2(says: _Says, tensors: Mapping[str, Packed]) -> dict[str, Any]:
    entries = _general(says, tensors, "gemma2", "Gemma2ForCausalLM")
    layers = entries["num_hidden_layers"]
    return {
        **entries, "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": _scaled_by(entries, largest=46),
        "sliding_window": says.size("attention.sliding_window"),
        "layer_types": ["full_attention" if i % 2 else "sliding_attention" for i in range(layers)],
        "attn_logit_softcapping": says.number("attn_logit_softcapping"),
        "final_logit_softcapping": says.number("final_logit_softcapping"), "use_bidirectional_attention": None,
    }  # fmt: skip


def _gemma3(says: _Says, tensors: Mapping[str, Packed]) -> dict[str, Any]:
    entries = _general(says, tensors, "gemma3_text", "Gemma3ForCausalLM")
    layers = entries["num_hidden_layers"]
    says.none_of("attention.sliding_window_pattern", _PERIOD)
    cap = says.get("final_logit_softcapping")
    return {
        **entries, "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": _scaled_by(entries, largest=62),
        "sliding_window": says.size("attention.sliding_window"),
        "layer_types": ["sliding_attention" if (i + 1) % _PERIOD else "full_attention" for i in range(layers)],
        "rope_parameters": {
            "full_attention": _rotary(says, 1_000_000.0),
            "sliding_attention": {"rope_type": "default", "rope_theta": says.number("rope.freq_base_swa", 10_000.0)},
        },
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None if cap is None else says.number("final_logit_softcapping"),
        "use_bidirectional_attention": False,
    }  # fmt: skip


_PERIOD: Final = 6
"""Of the layers of Gemma 3, which the format does not state: every sixth sees the whole text (arXiv 2503.19786, §2)."""


def _scaled_by(entries: Mapping[str, Any], largest: int) -> int:
    """What the attention of Gemma is scaled by, which the format does not state: the width of a head, but in the
    largest of a generation, which is known by its layers, the hidden width over the heads."""
    if entries["num_hidden_layers"] == largest:
        return int(entries["hidden_size"]) // int(entries["num_attention_heads"])
    return int(entries["head_dim"])


def _pairs(name: str) -> Turn:
    if re.fullmatch(r"blk\.\d+\.attn_q\.(weight|bias)", name):
        return "query"
    return "key" if re.fullmatch(r"blk\.\d+\.attn_k\.(weight|bias)", name) else ""


def _plain(name: str) -> Turn:
    return ""


def _norms(name: str) -> Turn:
    return "norm" if name.endswith("norm.weight") else ""


_KINDS: Final = {
    kind.name: kind
    for kind in (
        _Kind("llama", _llama, _NAMES, _pairs),
        _Kind("qwen2", _qwen2, _NAMES, _plain),
        _Kind("qwen3", _qwen3, _NAMES, _plain),
        _Kind("gemma2", _gemma2, _GEMMA_NAMES, _norms),
        _Kind("gemma3", _gemma3, _GEMMA_NAMES, _norms),
    )
}
