"""What a reader who never sees the prompt can go by: differences of surface features, chosen minus rejected."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rubrics.schema import Pair

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["FEATURES", "difference"]

_WORD = re.compile(r"\w+|[^\w\s]")
_SENTENCE = re.compile(r"[.!?…](?:\s|$)")
_MARKUP = {
    "bullets": re.compile(r"^\s*[-*•·]\s", re.MULTILINE),
    "numbers": re.compile(r"^\s*\d+[.)]\s", re.MULTILINE),
    "headings": re.compile(r"^#+\s", re.MULTILINE),
    "bold": re.compile(r"\*\*|__"),
    "paragraphs": re.compile(r"\n\s*\n"),
    "lines": re.compile(r"\n"),
    "digits": re.compile(r"\d"),
    "capitals": re.compile(r"[A-Z]"),
    "shouts": re.compile(r"\b[A-Z]{2,}\b"),
}
_LONGEST = 20_000
"""Characters of a response that n-grams are taken from."""


def _length(text: str) -> dict[Hashable, float]:
    words = text.split()
    sizes = {
        "characters": len(text),
        "words": len(words),
        "sentences": len(_SENTENCE.findall(text)),
        "lines": text.count("\n") + 1,
    }
    features: dict[Hashable, float] = {name: math.log1p(size) for name, size in sizes.items()}
    features["word length"] = sum(map(len, words)) / max(len(words), 1)
    return features


def _punctuation(text: str) -> dict[Hashable, float]:
    counts: Counter[Hashable] = Counter(ch for ch in text if not ch.isalnum() and not ch.isspace())
    for name, pattern in _MARKUP.items():
        counts[name] = len(pattern.findall(text))
    features: dict[Hashable, float] = {name: math.log1p(count) for name, count in counts.items()}
    stripped = text.strip()
    features["first", stripped[:1] if not stripped[:1].isalnum() else "letter"] = 1.0
    features["last", stripped[-1:] if not stripped[-1:].isalnum() else "letter"] = 1.0
    return features


def _words(text: str) -> dict[Hashable, float]:
    words = _WORD.findall(text[:_LONGEST].casefold())
    counts: Counter[Hashable] = Counter(words)
    counts.update(pairwise(words))
    return {gram: math.log1p(count) for gram, count in counts.items()}


def _characters(text: str) -> dict[Hashable, float]:
    text = f"^{' '.join(text[:_LONGEST].casefold().split())}$"
    counts: Counter[Hashable] = Counter(
        text[at : at + size] for size in (2, 3, 4) for at in range(len(text) - size + 1)
    )
    return {gram: math.log1p(count) for gram, count in counts.items()}


FEATURES: dict[str, Callable[[str], dict[Hashable, float]]] = {
    "length": _length,
    "punctuation": _punctuation,
    "words": _words,
    "characters": _characters,
}
"""Detectors by name; each sees one response."""

_DENSE = ("length", "punctuation")


def difference(pairs: Sequence[Pair], name: str) -> csr_array:
    """Features of the chosen response minus those of the rejected one: array [pairs, features].

    Features that tell fewer than two pairs apart are left out; nothing can be learnt from them. The few of `length` and
    `punctuation` are scaled to unit root mean square, rows of n-grams to unit length.
    """
    from scipy import sparse

    extract = FEATURES[name]
    columns: dict[Hashable, int] = {}
    at: list[int] = []
    values: list[float] = []
    ends = [0]
    for pair in pairs:
        chosen, rejected = extract(pair.chosen), extract(pair.rejected)
        for gram in chosen.keys() | rejected.keys():
            value = chosen.get(gram, 0.0) - rejected.get(gram, 0.0)
            if value:
                at.append(columns.setdefault(gram, len(columns)))
                values.append(value)
        ends.append(len(at))
    array: Any = sparse.csr_array(
        (np.array(values, dtype=float), np.array(at, dtype=np.int32), np.array(ends, dtype=np.int32)),
        shape=(len(pairs), max(len(columns), 1)),
    )
    array = array[:, np.bincount(array.indices, minlength=array.shape[1]) >= 2]
    squares = array.multiply(array)
    if name in _DENSE:
        scale = np.sqrt(squares.mean(axis=0))
        return sparse.csr_array(array @ sparse.diags_array(1 / np.where(scale > 0, scale, 1.0)))
    scale = np.sqrt(squares.sum(axis=1))
    return sparse.csr_array(sparse.diags_array(1 / np.where(scale > 0, scale, 1.0)) @ array)
