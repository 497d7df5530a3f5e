"""How far the order in which responses are shown sways each candidate."""

from __future__ import annotations

import numpy as np

from engine.results.board import Board
from engine.stats.position_bias import PositionBias, position_bias

__all__ = ["position_biases"]


def position_biases(board: Board, *, resamples: int = 2_000) -> dict[str, PositionBias]:
    """By label; empty for a protocol that shows one response at a time."""
    if board.protocol != "choice":
        return {}
    biases = {}
    for label, columns in board.verdicts.items():
        counted = board.index.scored[columns.position]
        biases[label] = position_bias(
            columns.log_odds_chosen_first[counted],
            columns.log_odds_rejected_first[counted],
            np.asarray(board.index.cluster[columns.position][counted]),
            resamples=resamples,
        )
    return biases
