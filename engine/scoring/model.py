"""A causal language model in the two halves that scoring needs: tokens to states, states to logits."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from engine.scoring.auto_class import decoder_of
from engine.scoring.head import head_of
from engine.scoring.readout import Head

__all__ = ["Halves", "plain_logits"]


class Halves:
    """The decoder and what follows it, run apart, so that the head sees only the states that are read."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.decoder = decoder_of(model)
        self.device: torch.device = model.get_input_embeddings().weight.device
        self._output: Any = SimpleNamespace
        self.vocabulary = int(model.get_input_embeddings().weight.shape[0])
        self._rowwise = list(_rowwise(self.decoder))

    def states(self, tokens: Tensor, positions: Tensor, read: Tensor) -> Tensor:
        """Last hidden states of tokens at the given positions, shape (read, width): only of those to be read."""
        read = read.to(self.device)
        with self._last_layer_only_for(len(tokens), read):
            out = self.decoder(
                input_ids=tokens[None].to(self.device),
                position_ids=positions[None].to(self.device),
                use_cache=False,
                return_dict=True,
            )
        self._output = type(out)
        states: Tensor = out.last_hidden_state
        return states[0][read.to(states.device)]

    def layers(self, tokens: Tensor) -> tuple[Tensor, ...]:
        """States of a text's tokens in every layer, the embeddings first and last what the head reads; each of shape
        (tokens, width)."""
        out = self.decoder(
            input_ids=tokens[None].to(self.device), use_cache=False, output_hidden_states=True, return_dict=True
        )
        self._output = type(out)
        return (*(states[0] for states in out.hidden_states[:-1]), out.last_hidden_state[0])

    @contextmanager
    def _last_layer_only_for(self, size: int, read: Tensor) -> Iterator[None]:
        """Nothing looks at the last layer's output anywhere else, and these parts of it work row by row."""
        # Of no row at all bitsandbytes' product in nf4 divides by their number, and the process is ended.
        read = read if len(read) else read.new_zeros(1)

        def narrow(_: Any, given: tuple[Tensor]) -> tuple[Tensor]:
            return (given[0][:, read.to(given[0].device)],)

        def widen(_: Any, given: tuple[Tensor], out: Tensor) -> Tensor:
            # The hook sees the narrowed input; what comes next expects all rows.
            whole = out.new_zeros(1, size, out.shape[-1])
            whole[:, read.to(out.device)] = out
            return whole

        with ExitStack() as hooks:
            for part in self._rowwise:
                hooks.callback(part.register_forward_pre_hook(narrow).remove)
                hooks.callback(part.register_forward_hook(widen).remove)
            yield

    @cached_property
    def head(self) -> Head:
        """What reads the states, for `readout.read`."""
        return head_of(self.model, self.logits, self.vocabulary)

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


def _rowwise(decoder: Any) -> Iterator[Any]:
    """Parts of the last layer of which each row of output needs its own row of input only, keys and values apart."""
    layers = getattr(decoder, "layers", None)
    if not layers:
        return
    mlp = getattr(layers[-1], "mlp", None)
    if hasattr(mlp, "down_proj"):
        yield mlp
    attention = getattr(layers[-1], "self_attn", None)
    yield from (part for name in ("q_proj", "o_proj") if (part := getattr(attention, name, None)) is not None)


def plain_logits(model: Any, ids: Tensor, positions: Tensor) -> Tensor:
    """Logits after `positions` of one sequence, by the model's own forward; shape (positions, vocabulary)."""
    device = model.get_input_embeddings().weight.device
    rows = positions.to(device)
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        logits: Tensor = model(input_ids=ids[None].to(device), use_cache=False, logits_to_keep=rows).logits
        return logits[0]
    logits = model(input_ids=ids[None].to(device), use_cache=False).logits
    return logits[0][rows]
