"""A branch of the failure tree as a person picks it, and the pairs in it narrowed by a search. Plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.results.board import Board
    from engine.results.failures import Branch, FailedPair
    from engine.store.annotations import Kind

__all__ = ["Failures", "Pick", "matching", "read_failures"]


@dataclass(frozen=True)
class Pick:
    """Which branch is looked at; all empty is everything."""

    category: str = ""
    subcategory: str = ""
    criterion: str = ""
    noted: Kind | None = None
    """The pairs that a person flagged or excluded, instead of those that failed."""

    @property
    def title(self) -> str:
        """Its innermost name."""
        named = {"flag": "those flagged", "exclude": "those excluded", None: ""}[self.noted]
        return named or self.criterion or self.subcategory or self.category or "all"

    @property
    def arguments(self) -> dict[str, str]:
        """As `failed_pairs` and the export want it."""
        return {"category": self.category, "subcategory": self.subcategory, "criterion": self.criterion}


@dataclass(frozen=True)
class Failures:
    """What the screen shows for one candidate and one branch."""

    board: Board
    label: str
    tree: tuple[Branch, ...]
    pick: Pick
    pairs: tuple[FailedPair, ...]
    scored: int
    """Pairs the candidate has scored."""
    failed: int
    noted: Mapping[Kind, int]
    """How many pairs are flagged, how many excluded."""


def read_failures(board: Board, label: str | None, pick: Pick) -> Failures:
    """Read the tree and the pairs of one branch; without a label, of the candidate with the most wins.

    Raises:
        BadInput: nobody of that name is on the board.
    """
    import numpy as np

    from engine.results.failures import annotated_pairs, failed_pairs, failure_tree
    from engine.store.annotations import KINDS

    scores = board.matrix.scores[:, board.index.scored]
    if label is None or label not in board.matrix.candidates:
        means = [float(np.nanmean(row)) if not np.isnan(row).all() else -1.0 for row in scores]
        label = board.matrix.candidates[int(np.argmax(means))]
    if pick.noted is None:
        pairs = failed_pairs(board, label, **pick.arguments)
    else:
        pairs = annotated_pairs(board, label, pick.noted)
    kinds = Counter(one.kind for found in board.annotations.values() for one in found)
    row = scores[board.matrix.candidates.index(label)]
    return Failures(
        board,
        label,
        failure_tree(board, label),
        pick,
        tuple(pairs),
        int((~np.isnan(row)).sum()),
        int((row < 1).sum()),
        {kind: kinds[kind] for kind in KINDS},
    )


def matching(pairs: Sequence[FailedPair], wanted: str, found: frozenset[str] | None = None) -> list[FailedPair]:
    """The pairs whose id, domain, subcategories or criteria hold `wanted`, or that are among those `found` by text."""
    needle = wanted.casefold()
    return [
        pair
        for pair in pairs
        if needle in " ".join((pair.pair_id, pair.domain, *pair.subcategories, *pair.violated)).casefold()
        or (found is not None and pair.pair_id in found)
    ]


def pick_of(path: Sequence[Any]) -> Pick:
    """The pick that a path of branches, outermost first, stands for."""
    names = {branch.kind: branch.name for branch in path}
    return Pick(names.get("category", ""), names.get("subcategory", ""), names.get("criterion", ""))
