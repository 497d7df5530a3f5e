"""Beginnings that requests of several pairs have in common – exemplars, above all –, kept from one call to the next.

Pairs come in random rounds, so that every domain comes again in the next: its exemplars are computed once as long as
their keys and values are kept. Where requests tell what their domain begins with, that is computed by itself, so that
no number depends, not in its last bit, on the calls before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.layout.requests import Request
from engine.scoring.path import Path
from engine.scoring.tree import Ints, Tree, common

__all__ = ["Beginnings", "shared_by_pairs", "told"]

_LEAST: Final = 24
"""Tokens that a beginning is longer than one that is kept already; for fewer it is not worth a part of its own."""

_PATIENCE: Final = 4
"""Calls after which a beginning that none came back to was one pair's own."""

_MOST: Final = 256
"""Kept at once: every call looks at each."""


@dataclass(eq=False)
class _Beginning:
    tokens: npt.NDArray[np.int32]
    path: Path
    held: dict[int, int]
    """Bytes of each part of its path, by an address that a part has for itself."""
    used: int
    """The last call that had use of it."""
    again: bool = False
    """Whether a call after the one that made it had use of it."""


class Beginnings:
    """What is kept, in the memory that is given to it.

    Args:
        most_bytes: of keys and values. What this call has no use of is given up first: what no call came back to, then
            what was of use longest ago.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.token_bytes = 0
        """Of what was kept first; 0: not known yet."""
        self._kept: list[_Beginning] = []
        self._call = 0

    @property
    def bytes(self) -> int:
        """Held now; what several have in common counts once."""
        return sum({address: size for one in self._kept for address, size in one.held.items()}.values())

    def clear(self) -> None:
        """Give all up."""
        self._kept.clear()

    def fitting(self, told: Iterable[npt.NDArray[np.int32]]) -> list[npt.NDArray[np.int32]]:
        """Those of a call's beginnings that there is memory for, in an order that is theirs."""
        self._call += 1
        left = self.most_bytes
        fit = []
        for tokens in sorted(told, key=_as_text):
            if len(tokens) >= _LEAST and (left := left - self.token_bytes * len(tokens)) >= 0:
                fit.append(tokens)
        return fit

    def take(self, tokens: npt.NDArray[np.int32]) -> bool:
        """Whether a beginning is kept; if so, this call has use of it."""
        for one in self._kept:
            if np.array_equal(one.tokens, tokens):
                one.used, one.again = self._call, True
                return True
        return False

    def known(
        self, tree: Tree, sequences: Sequence[npt.NDArray[np.int32]], reads: Ints,
        told: Sequence[npt.NDArray[np.int32]] | None = None,
    ) -> list[Path]:  # fmt: skip
        """What is known of a tree already, in the order of the stream; where one piece holds tokens, its beginning is
        held by it or by pieces before it.

        Args:
            sequences: those of the tree.
            reads: places at which something is read, ascending: these have to be computed.
            told: nothing else is to be used; None: whatever helps.
        """
        self._kept = [one for one in self._kept if one.again or one.used >= self._call - _PATIENCE]
        among = self._kept if told is None else [one for one in self._kept if one.used == self._call]
        read = np.zeros(len(tree.tokens), bool)
        read[reads] = True
        matches = []
        order = sorted((_as_text(ids), index) for index, ids in enumerate(sequences)) if among else []
        for one in among:
            near = bisect_left(order, (_as_text(one.tokens), -1))
            size, index = max((common(one.tokens, sequences[i]), i) for _, i in order[max(near - 1, 0) : near + 1])
            places = tree.places(index, np.arange(size))
            wanted = np.flatnonzero(read[places])
            places = places[: int(wanted[0])] if len(wanted) else places
            matches.append((len(places), one, places))
        pieces = []
        taken = np.zeros(len(tree.tokens), bool)
        for size, one, places in sorted(matches, key=lambda match: (-match[0], _as_text(match[1].tokens))):
            first = int(np.count_nonzero(taken[places]))
            if size - first >= _LEAST or (size == len(one.tokens) and size):
                one.used, one.again = self._call, True
            if size - first >= _LEAST:
                taken[places] = True
                pieces.append(Path(places[first:], one.path.beginning(first, size)))
        return sorted(pieces, key=lambda piece: int(piece.places[0]))

    def keep(self, tokens: npt.NDArray[np.int32], path: Path) -> None:
        """Keep a beginning, unless it is kept.

        Args:
            tokens: all of it.
            path: of these tokens.
        """
        if any(np.array_equal(one.tokens, tokens) for one in self._kept):
            return
        made = _Beginning(tokens, path, _held(path), self._call)
        self.token_bytes = self.token_bytes or sum(made.held.values()) // len(tokens)
        self._kept.append(made)
        while self._kept and (self.bytes > self.most_bytes or len(self._kept) > _MOST):
            self._kept.remove(min(self._kept, key=self._worth))

    def _worth(self, one: _Beginning) -> tuple[bool, bool, int, int]:
        """What is worth least is given up first."""
        return one.used == self._call, one.again, one.used, -len(one.tokens)


def told(requests: Sequence[Request]) -> list[npt.NDArray[np.int32]] | None:
    """What requests tell that their domains begin with, each once; None where none tells."""
    if all(request.common is None for request in requests):
        return None
    distinct = {request.ids[: request.common] for request in requests if request.common}
    return [np.asarray(ids, np.int32) for ids in distinct]


def shared_by_pairs(tree: Tree, names: Sequence[str]) -> Iterator[Ints]:
    """Places of every beginning that two pairs or more have in common, in the order in which they end in the stream.

    Args:
        names: of each sequence, the pair that it is of.
    """
    ends: dict[int, tuple[int, int]] = {}
    ordered = sorted(range(len(names)), key=lambda index: tree.paths[index][-1].start + tree.paths[index][-1].size)
    for a, b in pairwise(ordered):
        if names[a] != names[b] and (depth := tree.shared(a, b)) >= _LEAST:
            ends[int(tree.places(a, np.asarray([depth - 1]))[0])] = (a, depth)
    above: list[tuple[int, int]] = []
    for place, (index, depth) in sorted(ends.items()):
        while above and tree.end[above[-1][0]] <= place:
            above.pop()
        if not above or depth - above[-1][1] >= _LEAST:
            above.append((place, depth))
            yield tree.places(index, np.arange(depth))


def _held(path: Path) -> dict[int, int]:
    """Bytes of each part, by the address of its first tensor."""
    held: dict[int, int] = {}
    for number in range(len(next(iter(path.layers.values()), ()))):
        tensors = [tensor.untyped_storage() for parts in path.layers.values() for tensor in parts[number]]
        held[tensors[0].data_ptr()] = sum(tensor.nbytes() for tensor in tensors)
    return held


def _as_text(ids: npt.NDArray[np.int32]) -> bytes:
    """Bytes that sort as the ids do."""
    return ids.astype(">u4").tobytes()
