"""Sharing by the model's own memory: one request at a time, by its own forward; what the next begins with is kept.

For models whose attention cannot be replaced, or that have something else in its place. Less is shared at once than in
a tree, and every request is a pass of its own.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from engine.layout.requests import Request, Score
from engine.scoring.attention import Unsupported
from engine.scoring.readout import given, read
from engine.scoring.targets import Ledger, input_ids, targets_of
from engine.scoring.tree import Ints, common

__all__ = ["OwnCacheScorer"]

_LEAST: Final = 24
"""Tokens from which keeping what was computed beats computing it again."""

_AHEAD: Final = 256
"""Requests that are looked ahead to."""


class _State(NamedTuple):
    """What a model remembers of the first tokens of a request."""

    size: int
    memory: Any


class OwnCacheScorer:
    """Scores in the order of the ids, so that neighbours have most in common.

    Args:
        budget: tokens in one forward pass.

    Raises:
        Unsupported: the model keeps nothing that could be gone on from.
    """

    attention = ""

    def __init__(self, model: Any, budget: int) -> None:
        takes = inspect.signature(model.forward).parameters
        names = [name for name in ("past_key_values", "cache_params") if name in takes]
        if not names:
            raise Unsupported("the model keeps nothing to go on from")
        self._model = model
        self._name = names[0]
        self._narrow = "logits_to_keep" in takes
        self._device: torch.device = model.get_input_embeddings().weight.device
        self._kept: list[_State] = []
        self._before = np.empty(0, np.int32)
        self.budget = budget
        self.computed = 0
        """Tokens that went through the model so far."""
        self.notes: list[str] = []

    def odd(self) -> str:
        """See `SharingScorer`: what it does, its own forward does."""
        return ""

    def forget(self) -> None:
        """See `SharingScorer`."""
        self._kept, self._before = [], self._before[:0]

    def score(
        self, requests: Sequence[Request], chosen: Sequence[int], ledger: Ledger, details: bool
    ) -> Iterator[tuple[int, Score]]:
        """Fill in the requests at the indices `chosen`; each comes out when it is complete."""
        order = sorted(chosen, key=lambda index: requests[index].ids)
        all_ids = [input_ids(requests[index]) for index in order]
        alike = [common(a, b) for a, b in pairwise(all_ids)]
        for number, index in enumerate(order):
            yield from self._one(
                requests[index], index, all_ids[number], _stops(alike[number : number + _AHEAD]), ledger, details
            )

    def _one(
        self, request: Request, index: int, ids: npt.NDArray[np.int32], stops: Sequence[int], ledger: Ledger,
        details: bool,
    ) -> Iterator[tuple[int, Score]]:  # fmt: skip
        positions, targets = targets_of(request)
        # Nothing is read of what is not computed.
        most = min(common(self._before, ids), int(positions[0]))
        while self._kept and self._kept[-1].size > most:
            self._kept.pop()
        state = self._kept[-1] if self._kept else _State(0, None)
        slots = ledger.slots(index)
        for stop in self._cuts(state.size, len(ids), stops):
            last = stop == len(ids)
            # The model writes on in what it is given; what is kept has to stay as it is.
            memory = state.memory if not self._kept or self._kept[-1] is not state else copy.deepcopy(state.memory)
            here = (positions >= state.size) & (positions < stop)
            rows, at = np.unique(positions[here] - state.size, return_inverse=True)
            logits, memory = self._forward(ids[state.size : stop], memory, rows, keep=not last)
            self.computed += stop - state.size
            state = _State(stop, memory)
            if stop in stops:
                self._kept.append(state)
            if here.any():
                readout = read(given(logits), logits, torch.from_numpy(at), torch.from_numpy(targets[here]), details)
                yield from ledger.fill(slots[here], readout)
        self._before = ids

    def _cuts(self, first: int, last: int, stops: Sequence[int]) -> list[int]:
        """Where passes end: at what is kept, and before they become too long."""
        ends = {last, *(stop for stop in stops if first < stop < last)}
        for start, stop in zip([first, *sorted(ends)], sorted(ends), strict=False):
            ends.update(range(start + self.budget, stop, self.budget))
        return sorted(ends)

    def _forward(self, ids: npt.NDArray[np.int32], memory: Any, rows: Ints, keep: bool) -> tuple[torch.Tensor, Any]:
        wanted = torch.from_numpy(rows).to(self._device)
        given: dict[str, Any] = {"logits_to_keep": wanted if len(rows) else 1} if self._narrow else {}
        if memory is not None:
            given[self._name] = memory
        out = self._model(input_ids=torch.from_numpy(ids).long()[None].to(self._device), use_cache=True, **given)
        logits = out.logits[0] if self._narrow else out.logits[0][wanted]
        memory = getattr(out, self._name, None)
        if keep and memory is None:
            raise Unsupported("the model keeps nothing to go on from")
        return logits, memory


def _stops(alike: Sequence[int]) -> list[int]:
    """Where a request is to be kept for those after it: how much each of them has in common with it, ascending.

    Args:
        alike: how much neighbours have in common, from this request on.
    """
    stops: list[int] = []
    least = None
    for size in alike:
        least = size if least is None else min(least, size)
        if least < _LEAST:
            break
        if not stops or stops[-1] - least >= _LEAST:
            stops.append(least)
    return stops[::-1]
