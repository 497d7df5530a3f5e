"""Two candidates on the same pairs, scope by scope."""

from __future__ import annotations

from dataclasses import replace

from engine.results.board import Board
from engine.results.pair_index import GROUPINGS, scopes
from engine.results.weights import Weights, leading_scope
from engine.stats.paired import Comparison, compare
from engine.stats.ranking import duels
from rubrics.errors import BadInput

__all__ = ["compare_candidates", "disagreements"]


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
