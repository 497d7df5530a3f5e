"""Failures as they are read, picked by branch, narrowed by a search and sorted. Plain Python."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from screens.shell.order import Order

if TYPE_CHECKING:
    from engine.annotations.pairs import Kind
    from engine.results.board import Board
    from engine.results.failures import Branch, FailedPair

__all__ = ["ORDERS", "Failures", "FailuresState", "Pick", "listed", "pick_of", "read_failures"]

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

    from engine.annotations.pairs import KINDS
    from engine.results.failures import annotated_pairs, failed_pairs, failure_tree

    scores = board.matrix.scores[:, board.index.scored]
    if label is None or label not in board.matrix.candidates:
        means = [float(np.nanmean(row)) if not np.isnan(row).all() else -1.0 for row in scores]
        label = board.matrix.candidates[int(np.argmax(means))]
    if before is not None and before.board is board and before.label == label:
        tree, everything, texts = before.tree, before.everything, before.texts
    else:
        tree, everything, texts = failure_tree(board, label), tuple(failed_pairs(board, label)), None
    kinds = Counter(note.kind for notes in board.annotations.values() for note in notes)
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


def listed(failures: Failures, order: Order, needle: str = "", hits: frozenset[str] = frozenset()) -> list[FailedPair]:
    """The pairs as they are listed.

    Args:
        needle: only pairs whose id, domain, subcategories or criteria hold it.
        hits: ids of the pairs whose texts hold it; they are listed too.
    """
    pairs, folded = failures.pairs, needle.casefold()
    if folded:
        pairs = tuple(p for p in pairs if folded in failures.texts[p.pair_id] or p.pair_id in hits)
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


@dataclass
class FailuresState:
    """The failures on screen, and what a person has made of them."""

    failures: Failures | None = None
    pick: Pick = Pick()
    order: Order = field(default_factory=lambda: Order("margin"))
    needle: str = ""
    """What is searched for."""
    hits: frozenset[str] = frozenset()
    """Ids of the pairs whose texts hold it."""
    shown: list[FailedPair] = field(default_factory=list)

    def take(self, failures: Failures) -> tuple[bool, bool]:
        """Show other failures.

        Returns:
            Whether the tree is another, and whether the list is still the same one, with the cursor where it was.
        """
        before, self.failures, self.pick = self.failures, failures, failures.pick
        if before is None:
            return True, False
        other_tree = before.board is not failures.board or before.label != failures.label
        return other_tree, (before.label, before.pick) == (failures.label, failures.pick)

    def arrange(self) -> None:
        """Narrow and sort anew."""
        assert self.failures is not None
        self.shown = listed(self.failures, self.order, self.needle, self.hits)

    def search(self, needle: str) -> None:
        """Search for something else; what texts hold is told later."""
        self.needle, self.hits = needle, frozenset()

    def at(self, index: int) -> FailedPair | None:
        """The pair in that line."""
        return self.shown[index] if index < len(self.shown) else None
