"""Early decisions that a board's runs were part of."""

from __future__ import annotations

from engine.results.board import Board
from engine.store.connection import Store
from engine.store.decisions import StoredDecision, stored_decisions

__all__ = ["decisions_on"]


def decisions_on(store: Store, board: Board) -> list[StoredDecision]:
    """The newest decision on each goal among candidates of a board; none where the board shows other runs.

    `engine.jobs.race.claim` puts one into words.
    """
    shown = {entrant.run.run_id for entrant in board.entrants}
    newest: dict[str, StoredDecision] = {}
    for decision in stored_decisions(store, board.suite_hash):
        if decision.protocol == board.protocol and set(decision.run_ids) <= shown:
            newest.setdefault(decision.goal, decision)
    return list(newest.values())
