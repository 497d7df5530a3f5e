"""What is fixed about a suite's pairs, as columns: groups, clusters, and the weight each pair has in each scope."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.stats.matrix import Scope
from engine.store.connection import Store
from engine.store.pairs import pair_columns, violated_criteria
from rubrics.taxonomy import Category, Subcategory, category_of

__all__ = ["GROUPINGS", "MEAN_OF_DOMAINS", "SPLITS", "PairIndex", "Tags", "pair_index", "scopes", "size_scope"]

GROUPINGS: Final = ("category", "overall", "domain", "subcategory", "criterion", "violations")
"""What rankings can be split by; `overall` always comes first."""
SPLITS: Final = ("domain", "category", "subcategory", "violations")
"""Those of them that part a suite, and so what a matrix of parts and outcomes can be of."""
MEAN_OF_DOMAINS: Final = "mean of domains"
"""The scope in which each domain counts alike, however many pairs it has."""


@dataclass(frozen=True, eq=False)
class Tags:
    """What pairs are counted under, as columns of shape (tags,): a pair stands here as often as it has tags."""

    names: tuple[Any, ...]
    """The different ones, in the order in which they come."""
    code: npt.NDArray[np.intp]
    """Which of those."""
    pair: npt.NDArray[np.intp]
    """Place of the pair in the suite, rising."""

    @classmethod
    def of(cls, number: npt.ArrayLike, tags: Iterable[Hashable]) -> Tags:
        """Args:
        number: (pairs,), how many tags each pair has.
        tags: of one pair after the other.
        """
        codes: dict[Any, int] = {}
        code = np.array([codes.setdefault(tag, len(codes)) for tag in tags], dtype=np.intp)
        many = np.asarray(number, dtype=np.intp)
        return cls(tuple(codes), code, np.repeat(np.arange(len(many)), many))

    def counts(self, pairs: npt.NDArray[np.bool_]) -> list[int]:
        """By name: how many of these pairs have it; `pairs` of shape (pairs,)."""
        counts: list[int] = np.bincount(self.code[pairs[self.pair]], minlength=len(self.names)).tolist()
        return counts

    def places(self, pairs: npt.NDArray[np.bool_]) -> dict[Any, npt.NDArray[np.intp]]:
        """By name: the places of those of these pairs that have it."""
        inside = np.flatnonzero(pairs[self.pair])
        order = inside[np.argsort(self.code[inside], kind="stable")]
        edges = np.searchsorted(self.code[order], np.arange(1, len(self.names)))
        return dict(zip(self.names, np.split(self.pair[order], edges), strict=True)) if self.names else {}


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

    @cached_property
    def category_tags(self) -> Tags:
        """The categories of every pair."""
        return _tags(self.categories)

    @cached_property
    def subcategory_tags(self) -> Tags:
        """The subcategories of every pair."""
        return _tags(self.subcategories)

    @cached_property
    def criterion_tags(self) -> Tags:
        """The subcategory and id of every criterion that a pair violates."""
        chained = (itertools.chain.from_iterable(each) for each in (self.violated_subcategory, self.violated))
        return Tags.of([len(own) for own in self.violated], zip(*chained, strict=True))


def _tags(by_pair: Sequence[Sequence[str]]) -> Tags:
    return Tags.of([len(own) for own in by_pair], itertools.chain.from_iterable(by_pair))


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
        return [everything, *_shared(index, [str(c) for c in Category], index.category_tags)]
    if by == "subcategory":
        return [everything, *_shared(index, [str(s) for s in Subcategory], index.subcategory_tags)]
    if by == "domain":
        return [everything, *_shared(index, sorted(set(index.domain)), _one_each(index.domain))]
    if by == "criterion":
        alone = _tags([(v if len(v) == 1 else ()) for v in index.violated])
        return [everything, *_shared(index, sorted(alone.names), alone)]
    sizes = [len(v) for v in index.violated]
    return [everything, *_shared(index, list(map(size_scope, sorted(set(sizes)))), _one_each(map(size_scope, sizes)))]


def size_scope(violations: int) -> str:
    """The scope of the pairs that violate so many criteria."""
    return f"|V| = {violations}"


def _one_each(names: Iterable[str]) -> Tags:
    own = list(names)
    return Tags.of(np.ones(len(own)), own)


def _shared(index: PairIndex, names: Sequence[str], tags: Tags) -> list[Scope]:
    """A scope a name, where it has scored pairs; each pair's weight is shared out evenly among its tags."""
    number = {name: i for i, name in enumerate(names)}
    weight = np.zeros((len(names), len(index.pair_id)), dtype=np.float32)
    many = np.bincount(tags.pair, minlength=len(index.pair_id))
    row = np.array([number[name] for name in tags.names], dtype=np.intp)
    inside = index.scored[tags.pair]
    pair = tags.pair[inside]
    weight[row[tags.code[inside]], pair] = 1.0 / many[pair]
    return [Scope(name, weight[i]) for name, i in number.items() if weight[i].any()]
