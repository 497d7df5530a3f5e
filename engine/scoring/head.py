"""From states to logits: in runs of the vocabulary where a model does that by one matrix, else as it does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn

from engine.machine.budgets import PIECE_ROWS, logit_rows, piece_tokens
from engine.scoring.matmul import rows_of
from engine.scoring.readout import Head

__all__ = ["head_of"]

_SCALES: Final = (1.0, 1000.0)
"""Of states that are tried: a cap shows in large logits, what is added to them in small ones."""

_SAME: Final = {torch.float32: 1e-4, torch.bfloat16: 2.0**-6}
"""Largest difference between two ways to the same logits, of the largest of them, by the type of weights."""


class WholeHead(NamedTuple):
    """By the model's own forward, for the whole vocabulary, with all that the model does behind its head."""

    rows: int
    logits_of: Callable[[Tensor], Tensor]

    def pieces(self, states: Tensor) -> Iterable[Tensor]:
        """See `Head`."""
        return (self.logits_of(states),)

    def at(self, states: Tensor, ids: Tensor) -> Tensor | None:
        """See `Head`."""
        return None


class HeadInPieces(NamedTuple):
    """One matrix, of which some rows at a time make logits that stay in a core's cache."""

    rows: int
    layer: nn.Linear

    def pieces(self, states: Tensor) -> Iterable[Tensor]:
        """See `Head`."""
        tokens, step = len(self.layer.weight), piece_tokens(len(states))
        return (rows_of(self.layer, states, slice(first, first + step)) for first in range(0, tokens, step))

    def at(self, states: Tensor, ids: Tensor) -> Tensor | None:
        """See `Head`. In fp32 throughout: of a bf16 model, logits as a product gives them are rounded to bf16."""
        found = (states.float() * self.layer.weight[ids].float()).sum(-1)
        return found if self.layer.bias is None else found + self.layer.bias[ids].float()


def head_of(model: Any, logits_of: Callable[[Tensor], Tensor], vocabulary: int) -> Head:
    """The head of a model.

    Args:
        logits_of: the model's own way from states to logits.
    """
    layer = model.get_output_embeddings()
    place = model.get_input_embeddings().weight.device.type
    if place == "cpu" and isinstance(layer, nn.Linear) and layer.weight.device.type == "cpu":
        pieces = HeadInPieces(PIECE_ROWS, layer)
        if layer.weight.dtype in _SAME and _does_no_more(pieces, logits_of):
            return pieces
    return WholeHead(logit_rows(vocabulary, place), logits_of)


def _does_no_more(head: HeadInPieces, logits_of: Callable[[Tensor], Tensor]) -> bool:
    """Whether a model's logits are those of its last matrix alone: not capped, not scaled, none left out."""
    weight = head.layer.weight
    draw = torch.Generator().manual_seed(0)
    for scale in _SCALES:
        states = scale * torch.randn(2, weight.shape[1], generator=draw)
        with torch.inference_mode():
            own = logits_of(states.to(weight.dtype)).float()
            found = torch.cat([piece.float() for piece in head.pieces(states.to(weight.dtype))], -1)
        if own.shape != found.shape or not (own - found).abs().max() <= _SAME[weight.dtype] * found.abs().max():
            return False
    return True
