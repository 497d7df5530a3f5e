"""The same pair twice, or nearly: within a suite and across suites.

Near duplicates are found by MinHash over 4-word shingles with locality-sensitive hashing (Broder 1997; Leskovec,
Rajaraman and Ullman, Mining of Massive Datasets, 3.3–3.4), then counted exactly. Inside a suite they are reported
between different clusters only: a cluster already says that its pairs are alike, and statistics allow for it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rubrics.check.finding import finding
from rubrics.check.report import Finding
from rubrics.schema import Pair, Suite

__all__ = ["check_duplicates"]

NEAR = 0.8
"""Share of common shingles (Jaccard) from which two pairs are near duplicates."""

_SHINGLE = 4
_BANDS, _ROWS = 8, 4
"""At similarity .8 a twin is missed once in 70; at .5 two in five dissimilar pairs are compared, which costs little."""
_KEPT = 8
"""Members of a bucket that later ones are compared with, so that a bucket of thousands stays linear."""
_WORD = re.compile(r"\w+")

_Hashes = NDArray[np.uint64]


class _Row(NamedTuple):
    pair: Pair
    suite: str
    """Empty for the suite under check."""

    def __str__(self) -> str:
        return f"{self.pair.id} of {self.suite}" if self.suite else self.pair.id


def check_duplicates(suite: Suite, others: Sequence[Suite]) -> list[Finding]:
    """Pairs that are there twice, contradict one another, or nearly repeat one another."""
    rows = [_Row(pair, "") for pair in suite.scored]
    rows += [_Row(pair, other.name) for other in others for pair in other.scored]
    same, against, across = _exact(rows)
    near = [(str(a), str(b)) for a, b in _near(rows, {*same, *against, *across})]
    return [
        *finding("error", "duplicate", "{n} [pair is|pairs are] the same as another", map(_both, same)),
        *finding(
            "error",
            "contradiction",
            "{n} [pair prefers|pairs prefer] what another rejects for the same prompt",
            map(_both, against),
        ),
        *finding("warning", "duplicate-across", "{n} [pair is|pairs are] also in another suite", map(_both, across)),
        *finding(
            "warning",
            "near-duplicate",
            "{n} [pair nearly repeats|pairs nearly repeat] one of another cluster or suite",
            map(_both, near),
        ),
    ]


def _both(names: tuple[str, str]) -> str:
    return f"{names[0]} and {names[1]}"


def _exact(rows: Sequence[_Row]) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]]:
    """Pairs that are equal: inside the suite, with the sides turned, and with other suites.

    Blanks and case count: they are what some criteria of Format are about.
    """
    first: dict[tuple[str, str, str], _Row] = {}
    same, against, across = [], [], []
    for row in rows:
        prompt, chosen, rejected = row.pair.prompt_text, row.pair.chosen, row.pair.rejected
        equal = first.get((prompt, chosen, rejected))
        turned = first.get((prompt, rejected, chosen))
        if equal is None:
            first[prompt, chosen, rejected] = row
        elif not row.suite:
            same.append((str(row), str(equal)))
        elif not equal.suite:
            across.append((str(equal), str(row)))
        if turned is not None and not turned.suite:
            against.append((str(row), str(turned)))
    return same, against, across


def _near(rows: Sequence[_Row], exact: set[tuple[str, str]]) -> Iterator[tuple[_Row, _Row]]:
    """Each row of the suite with the first near twin found for it."""
    sets = _shingles([row.pair for row in rows])
    keys = _band_keys(sets)
    reported: set[int] = set()
    for band in range(_BANDS):
        buckets: dict[int, list[int]] = defaultdict(list)
        for at, key in enumerate(keys[band].tolist()):
            kept = buckets[key]
            for other in kept:
                # Rows of the suite come first, so of two rows the earlier one is the suite's if either is.
                mine = at if not rows[at].suite else other
                if mine in reported or rows[mine].suite or not _apart(rows[at], rows[other]):
                    continue
                left, right = str(rows[at]), str(rows[other])
                if (left, right) in exact or (right, left) in exact:
                    continue
                if _jaccard(sets[at], sets[other]) >= NEAR:
                    reported.add(mine)
                    yield rows[mine], rows[other if mine == at else at]
            if len(kept) < _KEPT and all(_apart(rows[at], rows[other]) for other in kept):
                kept.append(at)


def _apart(first: _Row, second: _Row) -> bool:
    return first.suite != second.suite or first.pair.cluster != second.pair.cluster


def _shingles(pairs: Sequence[Pair]) -> list[_Hashes]:
    """For each pair the distinct hashes of four words in a row, sorted; over prompt and both responses."""
    rng = np.random.default_rng(0)
    vocabulary: dict[str, int] = {}
    numbered = [
        np.fromiter(
            (
                vocabulary.setdefault(word, len(vocabulary))
                for word in _WORD.findall(f"{pair.prompt_text}\n{pair.chosen}\n{pair.rejected}".casefold())
            ),
            dtype=np.int64,
        )
        for pair in pairs
    ]
    values = rng.integers(0, 2**63, size=max(len(vocabulary), 1), dtype=np.uint64)
    weights = rng.integers(0, 2**63, size=_SHINGLE, dtype=np.uint64) | np.uint64(1)
    sets = []
    for numbers in numbered:
        words = values[numbers] if len(numbers) else np.zeros(1, dtype=np.uint64)
        length = min(_SHINGLE, len(words))
        count = len(words) - length + 1
        hashes = np.zeros(count, dtype=np.uint64)
        for at in range(length):
            hashes += words[at : at + count] * weights[at]
        sets.append(np.unique(hashes))
    return sets


def _band_keys(sets: Sequence[_Hashes]) -> NDArray[np.uint64]:
    """MinHash signatures folded into one key for each band: array [bands, pairs]."""
    keys = np.zeros((_BANDS, len(sets)), dtype=np.uint64)
    if not sets:
        return keys
    starts = np.cumsum([0, *(len(hashes) for hashes in sets[:-1])])
    everything = np.concatenate(sets)
    rng = np.random.default_rng(1)
    for band in range(_BANDS):
        for _ in range(_ROWS):
            factor, fold = rng.integers(0, 2**63, size=2, dtype=np.uint64) | np.uint64(1)
            mixed = everything * factor
            # The high bits of a product are the well mixed ones.
            mixed ^= mixed >> np.uint64(31)
            keys[band] = keys[band] * fold + np.minimum.reduceat(mixed * factor, starts)
    return keys


def _jaccard(first: _Hashes, second: _Hashes) -> float:
    common = len(np.intersect1d(first, second, assume_unique=True))
    return common / (len(first) + len(second) - common)
