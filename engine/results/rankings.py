"""Rankings: every candidate's value with interval, chance level and rank interval, for each scope of a grouping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.results.board import Board, Entrant, Question, load_board
from engine.results.pair_index import GROUPINGS, MEAN_OF_DOMAINS, scopes
from engine.results.weights import leading_scope
from engine.stats.matrix import Scope, mean_scope
from engine.stats.ranking import Ranking, rank_many
from engine.store.connection import Store
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = ["RankingTable", "rankings", "rankings_of"]


@dataclass(frozen=True)
class RankingTable:
    """The answer to “which one, and how sure are we?”."""

    suite: str
    suite_hash: str
    protocol: str
    metric: str
    chance: float
    by: str
    scopes: Mapping[str, Ranking]
    """By name of the scope; the one that decides comes first: `overall`, or all pairs by the weights asked for."""
    entrants: Mapping[str, Entrant]
    """By label."""
    notes: tuple[str, ...]
    excluded: int
    """Pairs left out because a person excluded them."""

    left_out: int
    """Pairs left out because not every candidate has scored them."""

    leading: Scope
    """The scope that decides."""

    @property
    def overall(self) -> Ranking:
        """The ranking that decides: over all pairs, by the weights asked for."""
        return self.scopes[self.leading.name]

    @property
    def weighted(self) -> bool:
        """Whether pairs count by weights that somebody asked for."""
        return self.leading.name != "overall"

    @property
    def parts(self) -> list[str]:
        """The scopes beside the one that decides."""
        return [name for name in self.scopes if name != self.leading.name]


def rankings(store: Store, question: Question, *, resamples: int = 10_000) -> RankingTable:
    """Rank the candidates that answer the question.

    Raises:
        BadInput: no run answers it, or the grouping is unknown.
    """
    return rankings_of(load_board(store, question), question, resamples=resamples)


def rankings_of(board: Board, question: Question, *, resamples: int = 10_000) -> RankingTable:
    """The same from a board already loaded."""
    if question.by not in GROUPINGS:
        raise BadInput(f"cannot group by {question.by!r}", fix="groupings: " + ", ".join(GROUPINGS))
    grouping = scopes(board.index, question.by)
    if question.by == "domain":
        grouping[1:1] = _mean_of_domains(board, question, grouping[1:])
    leading = leading_scope(board.index, board.matrix, question.weights, question.pairs)
    if question.weights is not None:
        grouping = [leading, *grouping]
    ranked = rank_many(board.matrix, grouping, pairs=question.pairs, chance=board.chance, resamples=resamples)
    notes = list(board.notes)
    if question.weights is not None:
        notes.append(
            f"by weights: {leading.name}; each part counts so much however many pairs it has; "
            "accuracies without the prompt stay those of all pairs alike"
        )
    left_out = ranked[0].left_out if question.pairs != "own" else 0
    if left_out:
        notes.append(f"left out: {count(left_out, 'pair')} that not every candidate has scored")
    return RankingTable(
        board.suite, board.suite_hash, board.protocol, board.metric, board.chance, question.by,
        {ranking.scope: ranking for ranking in ranked}, {entrant.label: entrant for entrant in board.entrants},
        tuple(notes), board.excluded, left_out, leading,
    )  # fmt: skip


def _mean_of_domains(board: Board, question: Question, domains: Sequence[Scope]) -> list[Scope]:
    """The mean of domains, as the study's overall is; none where it would not be each candidate's own mean."""
    scored = ~np.isnan(board.matrix.scores)
    everyone: npt.NDArray[np.bool_] = np.logical_and.reduce(scored, axis=0)
    uneven = question.pairs == "own" and bool((scored != everyone).any())
    if len(domains) < 2 or uneven or any(domain.name == MEAN_OF_DOMAINS for domain in domains):
        return []
    return [mean_scope(MEAN_OF_DOMAINS, domains, everyone)]
