"""Faults that can be seen in the texts of single pairs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from statistics import median

from rubrics.check.finding import finding
from rubrics.check.report import Finding, Lengths
from rubrics.faults import shown
from rubrics.schema import Pair
from rubrics.taxonomy import Subcategory

__all__ = ["check_texts", "measure_lengths"]

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
"""Control characters but tab and line feed, line separators, marks that turn the direction of text, stray BOMs."""

_MOJIBAKE = re.compile("\ufffd|Ã[\x80-\xbf]|Â[\xa0-\xbf]|â(?:€|\x80)[^\\s\\w]?|ðŸ|ï»¿")
"""UTF-8 read as Latin-1 or Windows-1252, and the character that stands for what could not be read."""

_RATIO = 2.0
"""Responses of which one is this many times as long as the other are reported."""


def check_texts(pairs: Sequence[Pair]) -> list[Finding]:
    """Control characters, mojibake, responses that differ in blanks or case alone, unequal lengths, empty answers."""
    control, mojibake, alike, ratio, stub = [], [], [], [], []
    for pair in pairs:
        for field, text in _texts(pair):
            if match := _CONTROL.search(text):
                control.append(f"{pair.id}, {field}: {shown(match.group())}")
            if match := _MOJIBAKE.search(text):
                mojibake.append(f"{pair.id}, {field}: {shown(text[max(0, match.start() - 10) : match.end() + 10])}")
        if Subcategory.FORMAT not in pair.subcategories and _plain(pair.chosen) == _plain(pair.rejected):
            alike.append(pair.id)
        for field, text in (("chosen", pair.chosen), ("rejected", pair.rejected)):
            if not any(ch.isalnum() for ch in text):
                stub.append(f"{pair.id}, {field}: {shown(text)}")
        sizes = len(pair.chosen.encode()), len(pair.rejected.encode())
        if Subcategory.LENGTH not in pair.subcategories and max(sizes) > _RATIO * min(sizes):
            ratio.append(f"{pair.id}: {sizes[0]} and {sizes[1]} bytes")
    return [
        *finding(
            "warning", "control-characters", "{n} [text holds|texts hold] control or direction characters", control
        ),
        *finding("warning", "mojibake", "{n} [text looks|texts look] wrongly decoded (mojibake)", mojibake),
        *finding(
            "warning",
            "same-but-blanks",
            "{n} [pair|pairs], Format apart, whose responses differ in blanks or case alone",
            alike,
        ),
        *finding("warning", "no-words", "{n} [response|responses] without a letter or digit", stub),
        *finding(
            "warning",
            "length-ratio",
            "{n} [pair|pairs], Length apart, with one response twice the other's length",
            ratio,
        ),
    ]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _texts(pair: Pair) -> Iterator[tuple[str, str]]:
    yield "prompt", pair.prompt_text
    yield "chosen", pair.chosen
    yield "rejected", pair.rejected
    for criterion in pair.criteria:
        yield f"criterion {criterion.id}", criterion.text


def measure_lengths(pairs: Sequence[Pair]) -> Lengths | None:
    """Median words and the spread of byte ratios; None where there is no pair."""
    if not pairs:
        return None
    ratios = sorted(len(pair.rejected.encode()) / len(pair.chosen.encode()) for pair in pairs)
    last = len(ratios) - 1
    return Lengths(
        words_chosen=median(len(pair.chosen.split()) for pair in pairs),
        words_rejected=median(len(pair.rejected.split()) for pair in pairs),
        ratio_low=ratios[round(0.05 * last)],
        ratio_median=median(ratios),
        ratio_high=ratios[round(0.95 * last)],
    )
