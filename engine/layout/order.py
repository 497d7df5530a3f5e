"""The order of scoring: what has been scored so far is always a fair sample of the suite."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rubrics.schema import Pair

__all__ = ["ROUND_PAIRS", "group_order", "rounds"]

ROUND_PAIRS: Final = 64
"""Pairs in a round, about: enough to share work and fill a batch, few enough that a stop loses little."""


def group_order(names: Iterable[str], seed: int) -> list[str]:
    """Names of groups in the order of scoring. A place depends on the seed and the name alone, so it never changes."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())


def rounds(
    pairs: Iterable[Pair], lengths: Mapping[str, int], *, seed: int, limit: int | None = None, size: int = ROUND_PAIRS
) -> Iterator[list[str]]:
    """Pair ids, a round at a time: whole groups in seeded random order, longest first only inside a round.

    Args:
        lengths: tokens by pair id; a pair without one is left out.
        limit: stop after so many pairs of the random order.

    A resumed run goes on where it was; see `group_order`.
    """
    groups: dict[str, list[str]] = {}
    for pair in pairs:
        if pair.id in lengths:
            groups.setdefault(pair.group, []).append(pair.id)
    left = limit if limit is not None else sum(map(len, groups.values()))
    current: list[list[str]] = []
    count = 0
    for name in group_order(groups, seed):
        members = groups[name][:left]
        left -= len(members)
        if members:
            current.append(members)
            count += len(members)
        if current and (count >= size or left <= 0):
            yield _longest_first(current, lengths)
            current, count = [], 0
        if left <= 0:
            return
    if current:
        yield _longest_first(current, lengths)


def _longest_first(groups: list[list[str]], lengths: Mapping[str, int]) -> list[str]:
    groups.sort(key=lambda members: -max(lengths[pair_id] for pair_id in members))
    return [pair_id for members in groups for pair_id in members]
