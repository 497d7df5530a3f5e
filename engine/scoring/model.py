"""A causal language model in the two halves that scoring needs: tokens to states, states to logits."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

__all__ = ["Halves", "plain_logits"]


class Halves:
    """The decoder and what follows it, run apart, so that the head sees only the states that are read."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.decoder = model.base_model
        self.device: torch.device = model.get_input_embeddings().weight.device
        self._output: Any = SimpleNamespace
        self.vocabulary = int(model.get_input_embeddings().weight.shape[0])

    def states(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Last hidden states, shape (tokens, width), of tokens at the given positions."""
        out = self.decoder(
            input_ids=tokens[None].to(self.device),
            position_ids=positions[None].to(self.device),
            use_cache=False,
            return_dict=True,
        )
        self._output = type(out)
        states: Tensor = out.last_hidden_state
        return states[0]

    def logits(self, states: Tensor) -> Tensor:
        """Logits, shape (states, vocabulary), with all that the model does after its decoder (head, caps, scales)."""
        # The model's own forward, with a decoder that hands back these states.
        own = self.decoder.__dict__.get("forward")
        self.decoder.forward = lambda *_, **__: self._output(last_hidden_state=states[None])
        try:
            nothing = torch.zeros(1, len(states), dtype=torch.long, device=self.device)
            logits: Tensor = self.model(input_ids=nothing, use_cache=False).logits
        finally:
            del self.decoder.forward
            if own is not None:
                self.decoder.forward = own
        return logits[0]


def plain_logits(model: Any, ids: Tensor, positions: Tensor) -> Tensor:
    """Logits after `positions` of one sequence, by the model's own forward; shape (positions, vocabulary)."""
    device = model.get_input_embeddings().weight.device
    asked = positions.to(device)
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        logits: Tensor = model(input_ids=ids[None].to(device), use_cache=False, logits_to_keep=asked).logits
        return logits[0]
    logits = model(input_ids=ids[None].to(device), use_cache=False).logits
    return logits[0][asked]
