"""How far the share of failed pairs in a branch of the taxonomy is from chance, and from what the others have there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from engine.results.board import Board
from engine.results.failures import Branch
from engine.stats.clusters import Clusters
from engine.stats.flips import ALPHA, flip_test
from engine.stats.holm import holm
from engine.stats.intervals import spread, wilson

__all__ = ["Key", "Side", "Standing", "standings"]

Key = tuple[str, str, str]
"""Kind, the subcategory a criterion belongs to, name; `("all", "", "")` for the whole."""
Side = Literal["more", "fewer", ""]

_LEAST: Final = 6
"""Clusters below which no pattern of signs is rarer than 5 %, so that nothing can be told."""


@dataclass(frozen=True)
class Standing:
    """The pairs of one branch. What is not won counts as lost, a tie as half lost."""

    n_pairs: int
    n_clusters: int
    share: float
    """Lost by the candidate, of 1."""
    ci_low: float
    """95 %, Wilson's with the design effect of clusters."""
    ci_high: float
    chance: float
    """What a coin would lose."""
    others: float
    """Mean of what the other candidates lose on the same pairs; NaN where nobody else has scored them."""
    against_chance: Side
    """Whether it loses more or fewer than chance: an interval that leaves chance out, at 5 % shared (Bonferroni)
    among all branches of its kind."""
    against_others: Side
    """Whether it loses more or fewer than the others: the sign-flip test by cluster, Holm over its kind, at 5 %."""
    p_others: float
    """Adjusted; NaN where it cannot be asked."""


def standings(board: Board, candidate: str, tree: Sequence[Branch]) -> dict[Key, Standing]:
    """Where a candidate stands in every branch of its failure tree, and on the whole.

    Raises:
        BadInput: unknown candidate.
    """
    places = _places(board, tree)
    row = board.matrix.candidates.index(board.entrant(candidate).label)
    lost = 1.0 - board.matrix.scores.astype(np.float64)
    own = lost[row]
    known = ~np.isnan(np.delete(lost, row, axis=0))
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore"):
        others = np.where(count > 0, np.nansum(np.delete(lost, row, axis=0), axis=0) / np.maximum(count, 1), np.nan)
    found: dict[Key, Standing] = {}
    for kind in ("all", "category", "subcategory", "criterion"):
        keys = [key for key in places if key[0] == kind]
        found |= _of_kind(board, keys, [places[key] for key in keys], own, others)
    return found


def _of_kind(
    board: Board,
    keys: Sequence[Key],
    places: Sequence[npt.NDArray[np.intp]],
    own: npt.NDArray[np.float64],
    others: npt.NDArray[np.float64],
) -> dict[Key, Standing]:
    chance = 1.0 - board.chance
    inside = [where[~np.isnan(own[where])] for where in places]
    groups = [Clusters(board.matrix.cluster[where]) for where in inside]
    asked = sum(group.count >= _LEAST for group in groups)
    p_values = np.full(len(keys), math.nan)
    means = np.full(len(keys), math.nan)
    for number, where in enumerate(inside):
        both = where[~np.isnan(others[where])]
        if len(both):
            means[number] = others[both].mean()
            if groups[number].count >= _LEAST:
                p_values[number] = flip_test(_sums(own[both] - others[both], board.matrix.cluster[both])[0]).p_value
    tested = ~np.isnan(p_values)
    p_values[tested] = holm(p_values[tested])
    found = {}
    for number, (key, where, group) in enumerate(zip(keys, inside, groups, strict=True)):
        if not len(where):
            continue
        of_lost = spread(*_sums(own[where], board.matrix.cluster[where]), float(len(where)))
        usual = wilson(of_lost)
        against_chance: Side = ""
        if group.count >= _LEAST:
            strict = wilson(of_lost, 1 - ALPHA / asked)
            against_chance = "more" if strict.ci_low > chance else "fewer" if strict.ci_high < chance else ""
        p = float(p_values[number])
        told = p <= ALPHA
        found[key] = Standing(
            len(where), group.count, usual.value, usual.ci_low, usual.ci_high, chance, float(means[number]),
            against_chance, ("more" if usual.value > means[number] else "fewer") if told else "", p,
        )  # fmt: skip
    return found


def _sums(
    values: npt.NDArray[np.float64], clusters: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Sums of values and numbers of pairs, by cluster."""
    group = Clusters(clusters)
    sums = group.sums(np.stack([values[group.order], np.ones(len(values))]), np.ones(len(values), dtype=np.float32))
    return sums[0], sums[1]


def _places(board: Board, tree: Sequence[Branch]) -> dict[Key, npt.NDArray[np.intp]]:
    """The scored pairs of every branch, in the tree's order."""
    index = board.index
    found: dict[Key, npt.NDArray[np.intp]] = {("all", "", ""): np.flatnonzero(index.scored)}
    for kind, tags in (("category", index.category_tags), ("subcategory", index.subcategory_tags)):
        found |= {(kind, "", name): where for name, where in tags.places(index.scored).items()}
    found |= {
        ("criterion", owner, name): where for (owner, name), where in index.criterion_tags.places(index.scored).items()
    }
    return {key: found[key] for key in _keys(tree)}


def _keys(tree: Sequence[Branch]) -> Iterator[Key]:
    yield "all", "", ""
    for category in tree:
        yield "category", "", category.name
        for sub in category.children:
            yield "subcategory", "", sub.name
            yield from (("criterion", sub.name, criterion.name) for criterion in sub.children)
