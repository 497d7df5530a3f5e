"""One stored pair, by itself or with what every candidate did on it."""

from __future__ import annotations

from engine.results.board import Board
from engine.results.database import Store
from engine.results.failures import PairVerdict, PairView, pair_view
from engine.store.suites import find_pair

__all__ = ["PairVerdict", "PairView", "find_pair", "pair_with_verdicts"]


def pair_with_verdicts(store: Store, board: Board, pair_id: str) -> PairView:
    """One pair, its annotations, and every verdict of the board on it.

    Raises:
        BadInput: the suite holds no such pair.
        StoreError: the store cannot be read.
    """
    # Held open here, both questions to the store share one opening of its file.
    with store.reading():
        return pair_view(store, board, pair_id)
