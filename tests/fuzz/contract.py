"""What a suite, a prompt and a trace may hold: the contract once more, in plain loops and nobody else's code."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any, Final

from tests.fuzz.family import NotValid, Unsure, has_half, strict_json

__all__ = ["PAIR", "TWELVE", "check_name", "check_text", "objects_in", "pair_of", "suite_of"]

TWELVE: Final = (
    "Factuality",
    "Logic",
    "Procedure",
    "Completeness",
    "Coherence",
    "Relevance",
    "Format",
    "Length",
    "Scope",
    "Safety",
    "Persona",
    "Utility",
)
PAIR: Final = {
    "id",
    "domain",
    "prompt",
    "chosen",
    "rejected",
    "criteria",
    "violated",
    "group",
    "cluster",
    "split",
    "source",
    "license",
}
_TURNS: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"


def _seen(character: str) -> bool:
    kind = unicodedata.category(character)
    if kind == "Cn":
        raise Unsure("a character that this Python does not know yet")
    return not character.isspace() and kind not in ("Cc", "Cf")


def check_text(value: Any) -> None:
    """Text with something to be seen in it."""
    if not isinstance(value, str) or "\0" in value or not any(map(_seen, value)):
        raise NotValid("no text")


def check_name(value: Any) -> None:
    """One line, short, nothing at its ends that cannot be seen, nothing in it that a terminal obeys."""
    if not isinstance(value, str) or not 1 <= len(value) <= 200 or not (_seen(value[0]) and _seen(value[-1])):
        raise NotValid("no name")
    if any(unicodedata.category(character) == "Cc" or character in _TURNS for character in value):
        raise NotValid("no name")


def objects_in(raw: bytes) -> list[dict[str, Any]]:
    """The objects of JSON lines."""
    found = []
    for number, line in enumerate(raw.split(b"\n")):
        if number == 0 and line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        if not line.strip(b" \t\r"):
            continue
        try:
            value = strict_json(line.decode("utf-8"))
        except UnicodeDecodeError:
            raise NotValid("not UTF-8") from None
        if not isinstance(value, dict) or has_half(value):
            raise NotValid("no object, or half a character")
        found.append(value)
    return found


def _criteria(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise NotValid("criteria")
    for criterion in value:
        if not isinstance(criterion, dict) or set(criterion) != {"id", "text", "subcategory"}:
            raise NotValid("criterion")
        check_name(criterion["id"])
        check_text(criterion["text"])
        if criterion["subcategory"] not in TWELVE:
            raise NotValid("subcategory")
    ids = [criterion["id"] for criterion in value]
    if len(set(ids)) < len(ids):
        raise NotValid("a criterion twice")
    return ids


def _prompt(value: Any) -> str:
    if isinstance(value, str):
        check_text(value)
        return value
    if not isinstance(value, list) or not value:
        raise NotValid("prompt")
    for turn in value:
        if not isinstance(turn, dict) or set(turn) != {"role", "content"}:
            raise NotValid("turn")
        if turn["role"] not in ("system", "user", "assistant"):
            raise NotValid("role")
        check_text(turn["content"])
    if len(value) == 1 and value[0]["role"] == "user":
        return str(value[0]["content"])
    return "\n\n".join(f"{turn['role'].capitalize()}: {turn['content']}" for turn in value)


def pair_of(value: dict[str, Any]) -> dict[str, Any]:
    """A pair, with what follows from the rest filled in."""
    if not set(value) <= PAIR or not PAIR - {"group", "cluster", "split", "source", "license"} <= set(value):
        raise NotValid("fields")
    for name in ("id", "domain", *({"group", "cluster"} & set(value))):
        check_name(value[name])
    text = _prompt(value["prompt"])
    for name in ("chosen", "rejected"):
        check_text(value[name])
    for name in ("source", "license"):
        if value.get(name) is not None:
            check_text(value[name])
    if value.get("split") not in (None, "shot"):
        raise NotValid("split")
    ids = _criteria(value["criteria"])
    violated = value["violated"]
    if not ids or not isinstance(violated, list) or not violated:
        raise NotValid("nothing violated")
    for name in violated:
        check_name(name)
    if len(set(violated)) < len(violated) or not set(violated) <= set(ids) or value["chosen"] == value["rejected"]:
        raise NotValid("contradicts itself")
    group = value.get("group") or "prompt-" + hashlib.sha256(text.encode()).hexdigest()[:16]
    whole = {**value, "group": group, "cluster": value.get("cluster") or group}
    return {name: item for name, item in whole.items() if item is not None}


def prompt_of(value: dict[str, Any]) -> dict[str, Any]:
    """A prompt with criteria and without responses; one with checks is somebody else's to judge."""
    if value.get("checks") is not None:
        raise Unsure("checks")
    fields = {"id", "domain", "prompt", "criteria", "reference", "checks", "source", "license"}
    if not set(value) <= fields or not {"id", "domain", "prompt", "criteria"} <= set(value):
        raise NotValid("fields")
    check_name(value["id"])
    check_name(value["domain"])
    _prompt(value["prompt"])
    _criteria(value["criteria"])
    for name in ("reference", "source", "license"):
        if value.get(name) is not None:
            check_text(value[name])
    return {name: item for name, item in value.items() if item is not None}


def suite_of(raw: bytes) -> list[dict[str, Any]]:
    """The pairs of a suite file."""
    pairs = [pair_of(value) for value in objects_in(raw)]
    if len({pair["id"] for pair in pairs}) < len(pairs) or not any("split" not in pair for pair in pairs):
        raise NotValid("ids, or nothing to score")
    return pairs
