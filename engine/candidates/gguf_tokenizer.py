"""The tokenizer in a GGUF file, as the tokenizer.json that says the same.

A file holds the vocabulary and its merges or scores, and names the way in which a text is cut before it is looked up.
That name stands for a rule which the file does not hold: the rules known here are those of the models that the names
come from, and a file with another name is refused, since any other rule would give other ids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from engine.candidates.gguf_header import Long, read_gguf
from engine.candidates.headers import HeaderFault
from engine.candidates.untrusted import shown

__all__ = ["assert_tokenizer_known", "tokenizer_json", "tokens_of"]

_TOKENS, _SCORES, _TYPES, _MERGES = (f"tokenizer.ggml.{name}" for name in ("tokens", "scores", "token_type", "merges"))
_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _BYTE = 1, 2, 3, 4, 6
_ANEW: Final = "get the file anew from its source"
_SPACE: Final = "\u2581"

_CONTRACTIONS: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_LLAMA3: Final = (
    _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN2: Final = _LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

_GPT2_CUT: Final = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
_DIGITS_CUT: Final = {
    "type": "Sequence",
    "pretokenizers": [{"type": "Digits", "individual_digits": True}, _GPT2_CUT],
}


def _cut_by(pattern: str) -> dict[str, Any]:
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return {"type": "Sequence", "pretokenizers": [split, {**_GPT2_CUT, "trim_offsets": False, "use_regex": False}]}


_CUTS: Final[dict[str, dict[str, Any]]] = {
    "gpt-2": _GPT2_CUT,
    **dict.fromkeys(("smollm", "starcoder"), _DIGITS_CUT),
    **dict.fromkeys(("llama-bpe", "llama3", "llama-v3"), _cut_by(_LLAMA3)),
    "qwen2": _cut_by(_QWEN2),
}
"""How the texts of a byte-level vocabulary are cut first, by the name that a file gives (`tokenizer.ggml.pre`)."""

_WHOLE_WORDS: Final = frozenset({"llama-bpe", "llama3", "llama-v3"})
"""Of these a word that is a token by itself is that token, whatever the merges would make of it; and they begin a text
with BOS unless the file says otherwise."""
_COMPOSED: Final = frozenset({"qwen2"})
"""Of these a text is brought into Unicode's form NFC first."""


def assert_tokenizer_known(metadata: Mapping[str, Any]) -> str:
    """The kind of a file's tokenizer, in a word or two.

    Raises:
        HeaderFault: there is none (`no_tokenizer`), or it is none that can be rebuilt exactly.
    """
    fix = "give the model as a folder with safetensors weights and a tokenizer.json"
    kind, cut = metadata.get("tokenizer.ggml.model"), metadata.get("tokenizer.ggml.pre")
    if kind is None or _TOKENS not in metadata:
        raise HeaderFault("no_tokenizer", "holds no tokenizer", _ANEW)
    if kind == "llama":
        if _SCORES not in metadata:
            raise HeaderFault("no_tokenizer", "holds a SentencePiece vocabulary without its scores", fix)
        return "SentencePiece BPE"
    if kind != "gpt2":
        what = f"its tokenizer is of the kind {shown(kind, 30)!r}, which is not read here"
        raise HeaderFault("no_tokenizer", what, fix)
    if _MERGES not in metadata:
        raise HeaderFault("no_tokenizer", "holds a vocabulary without its merges", fix)
    if not isinstance(cut, str) or cut not in _CUTS:
        named = "does not say how" if cut is None else f"says only as {shown(cut, 30)!r} how"
        what = f"{named} texts are cut before they are looked up in its vocabulary, and a guess would give other ids"
        raise HeaderFault("no_tokenizer", what, fix)
    return f"byte-level BPE ({cut})"


def tokens_of(metadata: Mapping[str, Any]) -> int:
    """How many tokens a file's vocabulary has."""
    tokens = metadata.get(_TOKENS)
    return tokens.length if isinstance(tokens, Long) else len(tokens) if isinstance(tokens, list) else 0


def tokenizer_json(path: Path) -> str:
    """The tokenizer.json of a GGUF file.

    Raises:
        HeaderFault: as `assert_tokenizer_known`, or its lists do not go together.
    """
    metadata, _ = read_gguf(path, keep=(_TOKENS, _SCORES, _TYPES, _MERGES))
    assert_tokenizer_known(metadata)
    tokens = metadata[_TOKENS]
    types = metadata.get(_TYPES, [_NORMAL] * len(tokens) if _strings(tokens) else None)
    if not _strings(tokens) or not isinstance(types, list) or len(types) != len(tokens):
        raise HeaderFault("no_tokenizer", "its lists of tokens and of their kinds do not go together", _ANEW)
    ids: dict[str, int] = {}
    for number, token in enumerate(tokens):
        if ids.setdefault(token, number) != number:
            # A name that stands there twice would be one token for whoever looks it up.
            raise HeaderFault("no_tokenizer", f"has two tokens of one name ({shown(token, 40)!r})", _ANEW)
    build = _sentencepiece if metadata["tokenizer.ggml.model"] == "llama" else _byte_level
    content = build(metadata, ids)
    content["added_tokens"] = [
        {
            "id": number, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": kind != _USER_DEFINED,
        }
        for number, (token, kind) in enumerate(zip(tokens, types, strict=True))
        if kind in (_UNKNOWN, _CONTROL, _USER_DEFINED) and token in content["model"]["vocab"]
    ]  # fmt: skip
    content["post_processor"] = _template(metadata, tokens)
    return json.dumps({"version": "1.0", "truncation": None, "padding": None, **content})


def _byte_level(metadata: Mapping[str, Any], ids: Mapping[str, int]) -> dict[str, Any]:
    cut = metadata["tokenizer.ggml.pre"]
    merges = [merge.split(" ") for merge in metadata[_MERGES]] if _strings(metadata[_MERGES]) else [[]]
    if any(len(pair) != 2 or pair[0] + pair[1] not in ids or not ids.keys() >= set(pair) for pair in merges):
        raise HeaderFault("no_tokenizer", "its merges are not those of its vocabulary", _ANEW)
    return {
        "normalizer": {"type": "NFC"} if cut in _COMPOSED else None,
        "pre_tokenizer": _CUTS[cut],
        "decoder": {**_GPT2_CUT, "add_prefix_space": True},
        "model": {"type": "BPE", "vocab": ids, "merges": merges, "ignore_merges": cut in _WHOLE_WORDS},
    }


def _sentencepiece(metadata: Mapping[str, Any], ids: Mapping[str, int]) -> dict[str, Any]:
    """SentencePiece merges whatever neighbours make the piece of the highest score, which is BPE with merges in the
    order of the scores of what they make."""
    scores = metadata[_SCORES]
    if not isinstance(scores, list) or len(scores) != len(ids) or not all(isinstance(n, float) for n in scores):
        raise HeaderFault("no_tokenizer", "has no score for each of its tokens", _ANEW)
    # Several spaces are spelt as such, and looked up as SentencePiece spells them.
    spelt = {token if token.strip(" ") else _SPACE * len(token): number for token, number in ids.items()}
    ids = spelt if len(spelt) == len(ids) else ids
    kinds = metadata.get(_TYPES, [_NORMAL] * len(ids))
    made = [
        (-scores[number], number, at, token[:at], token[at:])
        for token, number in ids.items()
        if kinds[number] not in (_UNKNOWN, _CONTROL, _BYTE)
        for at in range(1, len(token))
        if token[:at] in ids and token[at:] in ids
    ]
    prefix = metadata.get("tokenizer.ggml.add_space_prefix", True)
    spaces: dict[str, Any] = {"type": "Replace", "pattern": {"String": " "}, "content": _SPACE}
    unknown = next((token for token, number in ids.items() if kinds[number] == _UNKNOWN), None)
    decoders: list[dict[str, Any]] = [
        {"type": "Replace", "pattern": {"String": _SPACE}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
    ]  # fmt: skip
    if prefix:
        decoders.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return {
        "normalizer": {
            "type": "Sequence",
            "normalizers": [{"type": "Prepend", "prepend": _SPACE}, spaces] if prefix else [spaces],
        },
        "pre_tokenizer": None,
        "decoder": {"type": "Sequence", "decoders": decoders},
        "model": {
            "type": "BPE", "vocab": ids, "merges": [[left, right] for *_, left, right in sorted(made)],
            "unk_token": unknown, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
        },
    }  # fmt: skip


def _template(metadata: Mapping[str, Any], tokens: Sequence[str]) -> dict[str, Any] | None:
    """What is put before every text, and behind it."""
    spm, cut = metadata["tokenizer.ggml.model"] == "llama", str(metadata.get("tokenizer.ggml.pre"))
    around = {
        "bos": metadata.get("tokenizer.ggml.add_bos_token", spm or cut in _WHOLE_WORDS),
        "eos": metadata.get("tokenizer.ggml.add_eos_token", False),
    }
    special = {}
    for name, added in around.items():
        number = metadata.get(f"tokenizer.ggml.{name}_token_id", {"bos": 1, "eos": 2}[name] if spm else None)
        if added and type(number) is int and 0 <= number < len(tokens):
            special[name] = (tokens[number], number)
        elif added:
            raise HeaderFault("no_tokenizer", f"adds {name.upper()} to every text, and does not say which", _ANEW)
    if not special:
        return None
    pieces = {name: {"SpecialToken": {"id": token, "type_id": 0}} for name, (token, _) in special.items()}
    single = [*([pieces["bos"]] if "bos" in pieces else []), {"Sequence": {"id": "A", "type_id": 0}}]
    single += [pieces["eos"]] if "eos" in pieces else []
    known = {token: {"id": token, "ids": [number], "tokens": [token]} for token, number in special.values()}
    return {
        "type": "TemplateProcessing",
        "single": single,
        "pair": [*single, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": known,
    }


def _strings(items: object) -> bool:
    return isinstance(items, list) and all(isinstance(item, str) for item in items)
