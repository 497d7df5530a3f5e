"""Requests as a tree of shared prefixes, laid out as one stream of tokens.

Depth first, every distinct prefix once. Two facts make the rest simple. The tokens that follow u and have u as an
ancestor are exactly u+1 … end[u]−1 of the stream, so "u is visible from t" is u ≤ t < end[u]. And whatever a slice of
the stream can see from before it lies on one path, the ancestors of its first token, so that keys and values need
to be kept for one path only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Tree", "TreeSegment", "common", "plant"]

Ints = npt.NDArray[np.int64]


class TreeSegment(NamedTuple):
    """A run of one request's tokens that lies in one run of the stream."""

    depth: int
    """Position of its first token in the request."""
    start: int
    """Place of that token in the stream."""
    size: int


class Tree(NamedTuple):
    """A stream of tokens with its ancestry; arrays have shape (tokens,)."""

    tokens: Ints
    depth: Ints
    """Position of each token in the requests that hold it."""
    end: Ints
    """Where the tokens below this one end in the stream."""
    paths: tuple[tuple[TreeSegment, ...], ...]
    """For each sequence, in the order given, where its tokens are."""

    def places(self, sequence: int, positions: Ints) -> Ints:
        """Where in the stream the tokens at some positions of a sequence are."""
        segments = self.paths[sequence]
        starts = np.asarray([segment.depth for segment in segments], np.int64)
        shift = np.asarray([segment.start - segment.depth for segment in segments], np.int64)
        return positions + shift[np.searchsorted(starts, positions, side="right") - 1]

    def shared(self, first: int, second: int) -> int:
        """How many tokens two sequences begin with that are the same places of the stream."""
        depth = 0
        for a, b in zip(self.paths[first], self.paths[second], strict=False):
            if a.start != b.start:
                break
            depth = a.depth + min(a.size, b.size)
            if a.size != b.size:
                break
        return depth


def plant(sequences: Sequence[npt.NDArray[np.int32]], least_split: int = 1) -> Tree:
    """The tree of some token sequences, none of them empty.

    Args:
        least_split: a run is split in two only where at least this many tokens are saved by it; a few tokens computed
            twice can be cheaper than a further node. With 1, every distinct prefix is there once.
    """
    order = sorted(range(len(sequences)), key=lambda i: sequences[i].astype(">u4").tobytes())
    tokens: list[npt.NDArray[np.int32]] = []
    depths: list[Ints] = []
    ends: list[tuple[int, int, int]] = []  # a run of the stream, and where what is below it ends
    paths: list[tuple[TreeSegment, ...]] = [()] * len(sequences)
    path: list[TreeSegment] = []
    length = 0
    before = np.empty(0, np.int32)
    for index in order:
        ids = sequences[index]
        keep = _cut(path, common(before, ids), len(ids), least_split)
        while path and path[-1].depth + path[-1].size > keep:
            segment = path.pop()
            kept = max(keep - segment.depth, 0)
            ends.append((segment.start + kept, segment.start + segment.size, length))
            if kept:
                path.append(TreeSegment(segment.depth, segment.start, kept))
        if len(ids) > keep:
            path.append(TreeSegment(keep, length, len(ids) - keep))
            tokens.append(ids[keep:])
            depths.append(np.arange(keep, len(ids)))
            length += len(ids) - keep
        paths[index] = tuple(path)
        before = ids
    ends += [(segment.start, segment.start + segment.size, length) for segment in path]
    end = np.empty(length, np.int64)
    for start, stop, value in ends:
        end[start:stop] = value
    return Tree(np.concatenate(tokens).astype(np.int64), np.concatenate(depths), end, tuple(paths))


def common(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]) -> int:
    """How many tokens two sequences begin with alike."""
    size = min(len(a), len(b))
    differ = np.flatnonzero(a[:size] != b[:size])
    return int(differ[0]) if len(differ) else size


def _cut(path: Sequence[TreeSegment], shared: int, size: int, least_split: int) -> int:
    """How much of the path to share: up to `shared`, or less where the split would save too little."""
    if shared == size:
        return shared
    for segment in reversed(path):
        if segment.depth < shared < segment.depth + segment.size:
            return shared if shared - segment.depth >= least_split else segment.depth
    return shared
