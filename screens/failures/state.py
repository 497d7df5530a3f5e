"""Failures as they are read, picked by branch, narrowed by a search and sorted. Plain Python."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from screens.shell.order import Order

if TYPE_CHECKING:
    from engine.annotations.pairs import Kind
    from engine.results.alike import Alike
    from engine.results.board import Board
    from engine.results.failure_standing import Key, Standing
    from engine.results.failures import Branch, FailedPair
    from engine.results.pair_words import PairWords

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

    @property
    def key(self) -> Key:
        """The branch among those that have a standing; of flagged and excluded pairs, the whole."""
        if self.criterion:
            return "criterion", self.subcategory, self.criterion
        kind = "subcategory" if self.subcategory else "category" if self.category else "all"
        return kind, "", self.subcategory or self.category

    def holds(self, subcategories: Collection[str], violated: Collection[str]) -> bool:
        """Whether a pair that violates these stands in the branch."""
        from rubrics.taxonomy import SUBCATEGORIES, Subcategory

        if self.subcategory:
            return self.subcategory in subcategories and (not self.criterion or self.criterion in violated)
        return not self.category or any(
            str(SUBCATEGORIES[Subcategory(name)].category) == self.category for name in subcategories
        )


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
    words: Mapping[str, PairWords]
    """What every pair asks and breaks, by id."""
    standings: Mapping[Key, Standing] = field(compare=False)
    """How far each branch is from chance and from the others."""
    groups: tuple[Alike, ...] = ()
    """The pairs of the branch in groups of a kind, where they are grouped."""

    @property
    def standing(self) -> Standing | None:
        """That of the branch; None for flagged and excluded pairs."""
        return self.standings.get(self.pick.key) if self.pick.noted is None else None


def read_failures(
    board: Board,
    words: Mapping[str, PairWords],
    label: str | None,
    pick: Pick,
    before: Failures | None = None,
    alike: str = "",
) -> Failures:
    """Read the tree and the pairs of one branch; without a label, of the candidate with the most wins.

    Args:
        words: of every pair of the suite, by id.
        before: what was read last; what still holds of it is not read again.
        alike: what to group the pairs by; empty where they are not.

    Raises:
        BadInput: nobody of that name is on the board.
    """
    import numpy as np

    from engine.annotations.pairs import KINDS
    from engine.results.alike import groups_of
    from engine.results.failure_standing import standings
    from engine.results.failures import annotated_pairs, failed_pairs, failure_tree

    scores = board.matrix.scores[:, board.index.scored]
    if label is None or label not in board.matrix.candidates:
        means = [float(np.nanmean(row)) if not np.isnan(row).all() else -1.0 for row in scores]
        label = board.matrix.candidates[int(np.argmax(means))]
    if before is not None and before.board is board and before.label == label:
        tree, everything, texts, stand = before.tree, before.everything, before.texts, before.standings
    else:
        tree, everything, texts = failure_tree(board, label), tuple(failed_pairs(board, label)), None
        stand = standings(board, label, tree)
    kinds = Counter(note.kind for notes in board.annotations.values() for note in notes)
    if pick.noted is not None and not kinds[pick.noted]:
        # The last one was taken back, and its branch is gone.
        pick = Pick()
    if pick.noted is None:
        pairs = tuple(pair for pair in everything if pick.holds(pair.subcategories, pair.violated))
    else:
        pairs = tuple(annotated_pairs(board, label, pick.noted))
    texts = {pair.pair_id: _searched(pair) for pair in everything} if texts is None else texts
    if pick.noted is not None:
        texts = {**texts, **{pair.pair_id: _searched(pair) for pair in pairs}}
    row = scores[board.matrix.candidates.index(label)]
    groups = groups_of(board, pairs, words, alike, _scored_in(board, label, pick)) if alike else ()
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
        words,
        stand,
        tuple(groups),
    )


def _scored_in(board: Board, label: str, pick: Pick) -> list[str]:
    """Ids of the pairs of a branch that a candidate has scored; of flagged and excluded ones, those of the whole."""
    import numpy as np

    index = board.index
    known = index.scored & ~np.isnan(board.matrix.scores[board.matrix.candidates.index(label)])
    places = map(int, np.flatnonzero(known))
    return [index.pair_id[i] for i in places if pick.holds(index.subcategories[i], index.violated[i])]


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
    alike: str = ""
    """What the pairs are grouped by; empty where they are not."""
    shown: list[FailedPair] = field(default_factory=list)
    """The pairs of the list, in its order."""
    lines: list[FailedPair | Alike] = field(default_factory=list)
    """The same as they stand in the list, each group under its heading."""

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
        pairs, groups = listed(self.failures, self.order, self.needle, self.hits), self.failures.groups
        members: list[list[FailedPair]] = [[] for _ in groups]
        of = {pair.pair_id: number for number, group in enumerate(groups) for pair in group.pairs}
        for pair in pairs if groups else ():
            members[of[pair.pair_id]].append(pair)
        self.shown = [pair for inside in members for pair in inside] if groups else pairs
        self.lines = []
        for group, inside in zip(groups, members, strict=True):
            self.lines += [group, *inside] if inside else []
        if not groups:
            self.lines = [*pairs]

    def search(self, needle: str) -> None:
        """Search for something else; what texts hold is told later."""
        self.needle, self.hits = needle, frozenset()

    def at(self, line: int) -> FailedPair | None:
        """The pair in that line; None for a heading, or where there is none."""
        found = self.lines[line] if line < len(self.lines) else None
        return cast("FailedPair", found) if hasattr(found, "pair_id") else None

    def place_of(self, line: int) -> int:
        """The place among the pairs shown of that line's, or of the first below a heading."""
        return sum(self.at(number) is not None for number in range(line))

    def line_of(self, place: int) -> int:
        """The line of the pair at that place."""
        lines = [number for number in range(len(self.lines)) if self.at(number) is not None]
        return lines[place] if place < len(lines) else 0
