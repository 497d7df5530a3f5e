"""A branch of the failure tree as a person picks it, and the pairs in it narrowed by a search. Plain Python."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from screens.shell.order import Order

if TYPE_CHECKING:
    from engine.results.board import Board
    from engine.results.failures import Branch, FailedPair
    from engine.store.annotations import Kind

__all__ = ["ORDERS", "Failures", "Pick", "listed", "pick_of", "read_failures"]

ORDERS: Final = {"margin": "margin, worst first", "fails": "candidates that fail it, most first", "pair": "name"}
"""What pairs can be sorted by."""


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


@dataclass(frozen=True)
class Failures:
    """What the screen shows for one candidate and one branch."""

    board: Board
    label: str
    tree: tuple[Branch, ...]
    pick: Pick
    everything: tuple[FailedPair, ...]
    """Every pair it fails, worst first."""
    pairs: tuple[FailedPair, ...]
    """Those of the branch."""
    texts: Mapping[str, str]
    """By pair id: what a search looks through at once."""
    scored: int
    """Pairs the candidate has scored."""
    failed: int
    noted: Mapping[Kind, int]
    """How many pairs are flagged, how many excluded."""


def read_failures(board: Board, label: str | None, pick: Pick, before: Failures | None = None) -> Failures:
    """Read the tree and the pairs of one branch; without a label, of the candidate with the most wins.

    Args:
        before: what was read last; what still holds of it is not read again.

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
    if before is not None and before.board is board and before.label == label:
        tree, everything, texts = before.tree, before.everything, before.texts
    else:
        tree, everything, texts = failure_tree(board, label), tuple(failed_pairs(board, label)), None
    kinds = Counter(one.kind for found in board.annotations.values() for one in found)
    if pick.noted is not None and not kinds[pick.noted]:
        # The last one was taken back, and its branch is gone.
        pick = Pick()
    pairs = _within(everything, pick) if pick.noted is None else tuple(annotated_pairs(board, label, pick.noted))
    texts = {pair.pair_id: _searched(pair) for pair in everything} if texts is None else texts
    if pick.noted is not None:
        texts = {**texts, **{pair.pair_id: _searched(pair) for pair in pairs}}
    row = scores[board.matrix.candidates.index(label)]
    return Failures(
        board,
        label,
        tree,
        pick,
        everything,
        pairs,
        texts,
        int((~np.isnan(row)).sum()),
        int((row < 1).sum()),
        {kind: kinds[kind] for kind in KINDS},
    )


def _within(pairs: tuple[FailedPair, ...], pick: Pick) -> tuple[FailedPair, ...]:
    """The pairs of a branch."""
    from rubrics.taxonomy import SUBCATEGORIES, Subcategory

    if pick.criterion:
        return tuple(p for p in pairs if pick.criterion in p.violated and pick.subcategory in p.subcategories)
    if pick.subcategory:
        return tuple(p for p in pairs if pick.subcategory in p.subcategories)
    if pick.category:
        inside = {str(sub) for sub in Subcategory if str(SUBCATEGORIES[sub].category) == pick.category}
        return tuple(p for p in pairs if not inside.isdisjoint(p.subcategories))
    return pairs


def _searched(pair: FailedPair) -> str:
    return "\n".join((pair.pair_id, pair.domain, *pair.subcategories, *pair.violated)).casefold()


def listed(failures: Failures, order: Order, wanted: str = "", found: frozenset[str] | None = None) -> list[FailedPair]:
    """The pairs as they are listed.

    Args:
        wanted: only pairs whose id, domain, subcategories or criteria hold it.
        found: ids of the pairs whose texts hold it; they are listed too.
    """
    pairs, needle = failures.pairs, wanted.casefold()
    if needle:
        ids = found or frozenset()
        pairs = tuple(p for p in pairs if needle in failures.texts[p.pair_id] or p.pair_id in ids)
    keys: dict[str, Callable[[FailedPair], Any]] = {
        # What a candidate has not scored has no margin, and no number sorts with that.
        "margin": lambda pair: (math.isnan(pair.margin), pair.margin, pair.pair_id),
        "fails": lambda pair: (-pair.failed_by, math.isnan(pair.margin), pair.margin, pair.pair_id),
        "pair": lambda pair: pair.pair_id,
    }
    return sorted(pairs, key=keys[order.by], reverse=order.reverse)


def pick_of(path: Sequence[Any]) -> Pick:
    """The pick that a path of branches, outermost first, stands for."""
    names = {branch.kind: branch.name for branch in path}
    return Pick(names.get("category", ""), names.get("subcategory", ""), names.get("criterion", ""))
