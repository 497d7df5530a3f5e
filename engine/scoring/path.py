"""Keys and values that later tokens still see: of one path of the tree, in parts that are shared, not copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from torch import Tensor

from engine.scoring.dense import take
from engine.scoring.tree import Ints

__all__ = ["Parts", "Path", "spans"]

Parts = list[tuple[Tensor, Tensor]]


class Path(NamedTuple):
    """Tokens of the stream with what each layer made of them."""

    places: Ints
    """Where in the stream they are; shape (kept,). Of one branch ascending, whatever else is among them."""
    layers: Mapping[int, Parts]
    """By layer, keys and values in parts, each of shape (1, heads, some, width): what a pass adds is a part of its own,
    so that what was kept before is never held twice."""

    @classmethod
    def empty(cls) -> Path:
        """Nothing kept."""
        return cls(np.empty(0, np.int64), {})

    def joined(self, other: Path) -> Path:
        """These tokens, then the other path's."""
        if not len(self.places) or not len(other.places):
            return self if len(self.places) else other
        layers = {layer: [*parts, *other.layers[layer]] for layer, parts in self.layers.items()}
        return Path(np.concatenate([self.places, other.places]), layers)

    def only(self, indices: Ints) -> Path:
        """Some of the tokens, by index, ascending."""
        return Path(self.places[indices], {layer: self.some(layer, indices) for layer in self.layers})

    def some(self, layer: int, indices: Ints) -> Parts:
        """Keys and values of some tokens, by index, ascending: parts wanted whole stay as they are, the rest is
        copied, so that nothing else is held for its sake."""
        kept: Parts = []
        done = 0
        for key, value in self.layers.get(layer, ()):
            size = key.shape[2]
            first, last = np.searchsorted(indices, [done, done + size])
            if last - first == size:
                kept.append((key, value))
            elif last > first:
                cut = spans(indices[first:last] - done)
                kept.append((take(key, cut, own=True), take(value, cut, own=True)))
            done += size
        return kept

    def beginning(self, first: int, last: int) -> Mapping[int, Parts]:
        """By layer, keys and values of the tokens `first:last`, as views."""
        return {layer: _between(parts, first, last) for layer, parts in self.layers.items()}


def spans(indices: Ints) -> list[tuple[int, int]]:
    """Sorted indices as half-open spans."""
    if not len(indices):
        return []
    breaks = np.flatnonzero(np.diff(indices) != 1) + 1
    starts = indices[np.concatenate([[0], breaks])]
    stops = indices[np.concatenate([breaks - 1, [len(indices) - 1]])] + 1
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def _between(parts: Parts, first: int, last: int) -> Parts:
    kept: Parts = []
    for key, value in parts:
        size = key.shape[2]
        a, b = max(first, 0), min(last, size)
        if a < b:
            kept.append((key[:, :, a:b], value[:, :, a:b]))
        first, last = first - size, last - size
    return kept
