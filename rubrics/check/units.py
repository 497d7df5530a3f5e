"""Units of cross-validation: pairs that must not be learnt from and tried on at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Literal, NamedTuple

from rubrics.schema import Pair

__all__ = ["Units", "find_units"]


class Units(NamedTuple):
    """The unit of each pair, numbered in order of appearance, and what the units are."""

    of: list[int]
    kind: Literal["mirror set", "cluster"]

    @property
    def number(self) -> int:
        return len(set(self.of))


def find_units(pairs: Sequence[Pair]) -> Units:
    """Mirror sets where the suite has them, else clusters.

    A mirror set is pairs with the same two responses, each chosen under one prompt and rejected under another. Sets
    that share a prompt are one unit, since pairs of a prompt often share their chosen response. A suite has mirror sets
    if at least half of its pairs are in one.
    """
    sides = {(pair.chosen, pair.rejected) for pair in pairs}
    mirrored = sum((pair.rejected, pair.chosen) in sides for pair in pairs)
    if 2 * mirrored < len(pairs) or not pairs:
        return Units(_joined([[pair.cluster] for pair in pairs]), "cluster")
    # A name and a set of texts can never be equal, so the two kinds of key do not meet.
    return Units(_joined([[pair.group, frozenset((pair.chosen, pair.rejected))] for pair in pairs]), "mirror set")


def _joined(keys: Sequence[Sequence[Hashable]]) -> list[int]:
    """Numbers of the connected components of items that share any key."""
    parent = list(range(len(keys)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    first: dict[Hashable, int] = {}
    for at, names in enumerate(keys):
        for name in names:
            other = root(first.setdefault(name, at))
            parent[max(other, root(at))] = min(other, root(at))
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(at), len(numbers)) for at in range(len(keys))]
