"""What is fixed about a suite's pairs, as columns: groups, clusters, and the weight each pair has in each scope."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.stats.matrix import Scope
from engine.store.connection import Store
from engine.store.pairs import pair_columns, violated_criteria
from rubrics.taxonomy import Category, Subcategory, category_of

__all__ = ["GROUPINGS", "MEAN_OF_DOMAINS", "PairIndex", "pair_index", "scopes", "size_scope"]

GROUPINGS: Final = ("category", "overall", "domain", "subcategory", "criterion", "violations")
"""What rankings can be split by; `overall` always comes first."""
MEAN_OF_DOMAINS: Final = "mean of domains"
"""The scope in which each domain counts alike, however many pairs it has."""


@dataclass(frozen=True)
class PairIndex:
    """The pairs of one stored suite in their order, shots among them (their `scored` is False)."""

    suite_hash: str
    pair_id: tuple[str, ...]
    scored: npt.NDArray[np.bool_]
    group: npt.NDArray[np.int32]
    cluster: npt.NDArray[np.int32]
    domain: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    subcategories: tuple[tuple[str, ...], ...]
    violated: tuple[tuple[str, ...], ...]
    """Criterion ids in rubric order."""
    violated_subcategory: tuple[tuple[str, ...], ...]
    """Of each of those criteria."""


def pair_index(store: Store, suite_hash: str) -> PairIndex:
    """Columns of a stored suite; kept in memory, since a suite never changes under its hash."""
    return _load(store, suite_hash)


@lru_cache(maxsize=8)
def _load(store: Store, suite_hash: str) -> PairIndex:
    with store.snapshot():
        pairs, violated = pair_columns(store, suite_hash), violated_criteria(store, suite_hash)
    kinds = [_kinds(joined) for joined in pairs.subcategories]
    edges = np.searchsorted(violated.position, np.arange(len(kinds) + 1))
    return PairIndex(
        suite_hash=suite_hash,
        pair_id=tuple(pairs.pair_id),
        scored=pairs.scored,
        group=_codes(pairs.group),
        cluster=_codes(pairs.cluster),
        domain=tuple(pairs.domain),
        categories=tuple(categories for categories, _ in kinds),
        subcategories=tuple(subcategories for _, subcategories in kinds),
        violated=_slices(violated.criterion, edges),
        violated_subcategory=_slices(violated.subcategory, edges),
    )


@cache
def _kinds(joined: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    subcategories = tuple(joined.split(";"))
    categories = {category_of(Subcategory(name)) for name in subcategories}
    return tuple(str(category) for category in Category if category in categories), subcategories


def _slices(values: npt.NDArray[Any], edges: npt.NDArray[np.int64]) -> tuple[tuple[str, ...], ...]:
    flat, ends = tuple(values), edges.tolist()
    return tuple(flat[start:end] for start, end in itertools.pairwise(ends))


def _codes(names: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int32)


def scopes(index: PairIndex, by: str) -> list[Scope]:
    """`overall`, then one scope per value of the grouping, in taxonomy order or by name.

    A pair that violates several subcategories (or categories) counts in each with weight 1/(how many). By criterion
    only pairs that violate it alone count, so that the diagnosis is clean.
    """
    everything = Scope("overall", index.scored.astype(np.float32))
    if by == "overall":
        return [everything]
    if by == "category":
        return [everything, *_shared(index, [str(c) for c in Category], lambda i: index.categories[i])]
    if by == "subcategory":
        return [everything, *_shared(index, [str(s) for s in Subcategory], lambda i: index.subcategories[i])]
    if by == "domain":
        return [everything, *_shared(index, sorted(set(index.domain)), lambda i: (index.domain[i],))]
    if by == "criterion":
        alone = [(v if len(v) == 1 else ()) for v in index.violated]
        names = sorted({v[0] for v in alone if v})
        return [everything, *_shared(index, names, lambda i: alone[i])]
    sizes = sorted({len(v) for v in index.violated})
    return [everything, *_shared(index, list(map(size_scope, sizes)), lambda i: (size_scope(len(index.violated[i])),))]


def size_scope(violations: int) -> str:
    """The scope of the pairs that violate so many criteria."""
    return f"|V| = {violations}"


def _shared(index: PairIndex, names: Sequence[str], values_of: Callable[[int], Sequence[str]]) -> list[Scope]:
    number = {name: i for i, name in enumerate(names)}
    weight = np.zeros((len(names), len(index.pair_id)), dtype=np.float32)
    for i in np.flatnonzero(index.scored):
        values = values_of(int(i))
        for value in values:
            weight[number[value], i] = 1.0 / len(values)
    return [Scope(name, weight[i]) for name, i in number.items() if weight[i].any()]
