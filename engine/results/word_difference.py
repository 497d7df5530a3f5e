"""Which words of two responses differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

__all__ = ["Difference", "compare_words"]

_WORD: Final = re.compile(r"\s+|\w+|[^\w\s]")
_EXACT_UP_TO: Final = 4_000_000
"""Product of the two lengths in words up to which the match is exact; past it frequent words are not matched."""


@dataclass(frozen=True)
class Difference:
    """Spans, as (start, end) in characters, that have no match in the other text."""

    left: tuple[tuple[int, int], ...]
    right: tuple[tuple[int, int], ...]
    shared: float
    """Share of all words that match, 0 to 1."""


def compare_words(left: str, right: str) -> Difference:
    """Compare two texts word by word; runs of white space count as words, so that layout shows too."""
    a, b = _WORD.findall(left), _WORD.findall(right)
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    middle_a, middle_b = a[start : len(a) - end], b[start : len(b) - end]
    matcher = SequenceMatcher(None, middle_a, middle_b, autojunk=len(middle_a) * len(middle_b) > _EXACT_UP_TO)
    offset_a, offset_b = _offsets(a), _offsets(b)
    spans_a: list[tuple[int, int]] = []
    spans_b: list[tuple[int, int]] = []
    matched = start + end
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        if tag == "equal":
            # A lone blank between two differing words is no agreement worth a gap in the marking.
            if a1 - a0 == 1 and middle_a[a0].isspace() and spans_a and spans_b:
                spans_a.append((offset_a[start + a0], offset_a[start + a1]))
                spans_b.append((offset_b[start + b0], offset_b[start + b1]))
            matched += a1 - a0
            continue
        spans_a.append((offset_a[start + a0], offset_a[start + a1]))
        spans_b.append((offset_b[start + b0], offset_b[start + b1]))
    total = len(a) + len(b)
    return Difference(_joined(spans_a), _joined(spans_b), 2 * matched / total if total else 1.0)


def _offsets(words: list[str]) -> list[int]:
    offsets = [0]
    for word in words:
        offsets.append(offsets[-1] + len(word))
    return offsets


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if start == end:
            continue
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)
