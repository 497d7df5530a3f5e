"""Lengths of negatives: a window around the positive, sides in balance, and no patches."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable

__all__ = ["balance", "in_characters", "sides", "unchanged", "window"]

_LEANING = 0.1
"""The most by which pairs whose negative is the longer may outnumber the others, or the other way round, as a share."""


def size(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def window(positive: str, share: float, side: int, floor: int = 0) -> tuple[int, int]:
    """The fewest and the most bytes a negative may have; never less than one.

    Args:
        share: the window's half-width, as a share of the positive's bytes.
        side: 1 for no shorter than the positive, −1 for no longer, 0 for both.
        floor: bytes that the half-width has at least, since a share of a short answer leaves no room for other words.
    """
    middle = size(positive)
    half = max(middle * share, floor)
    low = middle if side > 0 else max(1, math.ceil(middle - half))
    high = middle if side < 0 else math.floor(middle + half)
    return low, high


def sides(pairs: Iterable[tuple[str, str]]) -> tuple[int, int, int, float]:
    """How lengths stand, for pairs of positive and negative.

    Returns:
        Pairs whose negative is the longer, the shorter, of equal length, in bytes; and the median of negative/positive.
    """
    ratios = [size(negative) / size(positive) for positive, negative in pairs]
    longer, shorter = sum(r > 1 for r in ratios), sum(r < 1 for r in ratios)
    return longer, shorter, len(ratios) - longer - shorter, statistics.median(ratios) if ratios else math.nan


def in_characters(window: tuple[int, int], text: str) -> tuple[int, int]:
    """The same window in characters, for writers, by the text's own bytes per character."""
    each = size(text) / max(1, len(text))
    return math.ceil(window[0] / each), math.floor(window[1] / each)


def unchanged(positive: str, negative: str) -> float:
    """Share of a positive's characters that its negative begins and ends with: near 1 for a patch."""
    if not positive:
        return 0.0
    head = _shared(positive, negative)
    tail = _shared(positive[head:][::-1], negative[head:][::-1])
    return (head + tail) / len(positive)


def _shared(first: str, second: str) -> int:
    """Characters that two texts begin with alike."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(first), len(second)))


def balance(pairs: Iterable[tuple[str, str, str]]) -> set[str]:
    """Pairs to set aside so that neither side is longer on the whole: those that lean most, of the side in surplus.

    Args:
        pairs: id, positive and negative.

    Returns:
        Ids; the same whatever the order of the pairs.
    """
    leaning: dict[int, list[tuple[float, str]]] = {1: [], -1: []}
    for name, positive, negative in pairs:
        lean = math.log(size(negative) / size(positive))
        if lean:
            leaning[1 if lean > 0 else -1].append((abs(lean), name))
    for side in leaning.values():
        side.sort()
    aside: set[str] = set()
    while True:
        more, fewer = sorted(leaning.values(), key=len, reverse=True)
        if len(more) - len(fewer) <= max(1, _LEANING * (len(more) + len(fewer))):
            return aside
        aside.add(more.pop()[1])
