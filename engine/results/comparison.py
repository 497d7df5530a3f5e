"""Two candidates on the same pairs, scope by scope."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.results.board import Board, Entrant
from engine.results.failures import margins
from engine.results.pair_index import GROUPINGS, scopes
from engine.results.weights import Weights, leading_scope
from engine.stats.paired import Comparison, compare
from engine.stats.ranking import duels
from rubrics.errors import BadInput

__all__ = ["DifferingPair", "compare_candidates", "differing_pairs", "disagreements", "relation"]


@dataclass(frozen=True)
class DifferingPair:
    """One pair on which two candidates do not score the same."""

    pair_id: str
    domain: str
    subcategories: tuple[str, ...]
    score_a: float
    """1 chose right, 0 wrong, ½ a tie."""
    score_b: float
    margin_a: float
    """How far the chosen response is ahead, in the unit of the board's metric."""
    margin_b: float

    @property
    def gap(self) -> float:
        """How much further the first is for the chosen response than the second."""
        return self.margin_a - self.margin_b


def compare_candidates(
    board: Board, first: str, second: str, *, by: str = "category", weights: Weights | None = None
) -> dict[str, Comparison]:
    """The difference `first` − `second` by scope; the one that decides comes first, as in the ranking.

    p is adjusted for every two candidates of the board, as in its ranking, which thereby says the same.

    Raises:
        BadInput: unknown candidate or grouping, or one candidate twice.
    """
    if by not in GROUPINGS:
        raise BadInput(f"cannot group by {by!r}", fix="groupings: " + ", ".join(GROUPINGS))
    a, b = board.entrant(first).label, board.entrant(second).label
    if a == b:
        raise BadInput(f"{a} cannot be compared with itself", fix="name two candidates")
    compared = {}
    grouping = scopes(board.index, by)
    if weights is not None:
        grouping = [leading_scope(board.index, board.matrix, weights), *grouping]
    for scope in grouping:
        (adjusted,) = (d.p_adjusted for d in duels(board.matrix, scope) if {d.a, d.b} == {a, b})
        compared[scope.name] = replace(compare(board.matrix, a, b, scope), p_adjusted=adjusted)
    return compared


def disagreements(board: Board, first: str, second: str) -> tuple[list[str], list[str]]:
    """Ids of the pairs only the first wins, and of those only the second wins."""
    rows = [board.matrix.candidates.index(board.entrant(name).label) for name in (first, second)]
    a, b = (board.matrix.scores[row] for row in rows)
    index = board.index
    only_a = [index.pair_id[i] for i in map(int, ((a == 1) & (b < 1) & index.scored).nonzero()[0])]
    only_b = [index.pair_id[i] for i in map(int, ((b == 1) & (a < 1) & index.scored).nonzero()[0])]
    return only_a, only_b


def differing_pairs(
    board: Board, first: str, second: str, *, by: str = "overall", part: str = ""
) -> list[DifferingPair]:
    """The scored pairs on which two candidates differ, by how much, the furthest apart first.

    Args:
        by: the grouping that `part` is a part of.
        part: keeps the pairs of one scope; empty for all.

    Raises:
        BadInput: unknown candidate, grouping or part.
    """
    a, b = (board.matrix.scores[board.matrix.candidates.index(board.entrant(name).label)] for name in (first, second))
    differing = board.index.scored & ~np.isnan(a) & ~np.isnan(b) & (a != b)
    if part:
        inside = [scope.weight > 0 for scope in scopes(board.index, by) if scope.name == part]
        if not inside:
            raise BadInput(f"no pair is in {part!r}", where=f"by {by}", fix="take one of the parts compared")
        differing &= inside[0]
    margin_a, margin_b = (margins(board, board.entrant(name).label) for name in (first, second))
    index = board.index
    found = [
        DifferingPair(
            index.pair_id[i], index.domain[i], index.subcategories[i], float(a[i]), float(b[i]),
            float(margin_a[i]), float(margin_b[i]),
        )
        for i in map(int, np.flatnonzero(differing))
    ]  # fmt: skip
    return sorted(found, key=lambda pair: (-abs(pair.gap), pair.pair_id))


def relation(a: Entrant, b: Entrant) -> str:
    """What two entrants are to each other, where they are not simply two models; empty otherwise."""
    if a.weights_hash == b.weights_hash:
        same = "the same weights"
        return same + (
            f", {a.precision} against {b.precision}" if a.precision != b.precision else ", other files beside"
        )
    made_of = [(e.run.config_hash, e.run.tokenizer_hash, e.parameters) for e in (a, b)]
    if a.run.config_hash and made_of[0] == made_of[1]:
        return "two checkpoints: config, tokenizer and size are the same, the weights are not"
    return ""
