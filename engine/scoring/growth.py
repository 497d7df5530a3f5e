"""How much longer a tokenizer.json may make a text before it cuts it up, step upon step.

Forty steps that each turn characters into bytes fit into a small file, and make a terabyte of one word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from rubrics.errors import CandidateError

__all__ = ["refuse_growing"]

_MOST: Final = 4096.0
"""Times. Real ones stay below some hundred: normalised (18), a blank as three bytes, each byte as two."""
_TIMES: Final = {"ByteLevel": 2.0, "Metaspace": 3.0, "Precompiled": 18.0, "NFKC": 18.0, "NFKD": 18.0}
"""Bytes out of one byte, at most; what has the same letters for good (NFKC) counts once."""
_ONCE: Final = frozenset({"NFKC", "NFKD"})


def refuse_growing(content: bytes) -> None:
    """Look at a tokenizer.json before it is used.

    Raises:
        CandidateError: its steps could make texts longer without bound.
    """
    try:
        spec = json.loads(content)
    except (ValueError, RecursionError):
        return  # whoever opens it says what is wrong
    times, done = 1.0, set[str]()
    for name in ("normalizer", "pre_tokenizer"):
        for step in _steps(spec.get(name) if isinstance(spec, dict) else None):
            kind = step.get("type")
            if isinstance(kind, str) and kind not in done:
                times *= _replacing(step) if kind == "Replace" else _TIMES.get(kind, 1.0)
                done |= {kind} & _ONCE
    if times > _MOST:
        raise CandidateError(
            f"the steps of its tokenizer could make a text more than {_MOST:,.0f} times as long",
            fix="fetch the tokenizer.json of this model again",
        )


def _steps(part: Any) -> Iterator[dict[str, Any]]:
    """Steps in their order, those of sequences one by one."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, dict):
            continue
        inner = one.get("normalizers", one.get("pretokenizers"))
        if one.get("type") == "Sequence" and isinstance(inner, list):
            waiting += reversed(inner)
        else:
            yield one


def _replacing(step: dict[str, Any]) -> float:
    pattern, put = step.get("pattern"), str(step.get("content", ""))
    more = float(len(put.encode("utf-8", "replace")))
    if not isinstance(pattern, dict):
        return 1.0
    if isinstance(whole := pattern.get("String"), str):
        return max(1.0, more / max(1, len(whole.encode("utf-8", "replace"))))
    try:
        wanted = str(pattern.get("Regex", ""))
        # What only looks around may match between any two letters.
        everywhere = "(?" in wanted or re.match(wanted, "") is not None
    except (re.error, RecursionError, OverflowError):
        everywhere = True
    return 1.0 + more if everywhere else max(1.0, more)
