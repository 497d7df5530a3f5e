"""Many requests at once: a tree of their prefixes goes through the model slice by slice, under a token budget."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from engine.jobs.child import is_out_of_memory
from engine.layout.requests import Request, Score
from engine.scoring.attention import Parts, Path, Slice, Unsupported, attend_over
from engine.scoring.matmul import used_by
from engine.scoring.model import Halves
from engine.scoring.readout import Readout, read
from engine.scoring.targets import Ledger, input_ids, targets_of
from engine.scoring.tree import Ints, Tree, plant

__all__ = ["SharedScorer"]

_LEAST_BUDGET = 32

_LEAST_SPLIT = {"cpu": 8, "cuda": 32}
"""A further branch costs about as much as computing so many tokens once more."""


class _Reads(NamedTuple):
    """What to read, ascending by place in the stream; arrays of one shape."""

    places: Ints
    targets: Ints
    slots: Ints


class _Trunk(NamedTuple):
    """The beginning that all requests of a call had in common, kept for the next call."""

    tokens: Ints
    path: Path


class SharedScorer:
    """Scores with every distinct prefix computed once; keys and values are kept as long as they are needed."""

    def __init__(self, halves: Halves, budget: int) -> None:
        self._halves = halves
        self._trunk = _Trunk(np.empty(0, np.int64), Path.empty())
        self._products = used_by(halves.model)
        self._layers = int(halves.model.config.get_text_config().num_hidden_layers)
        self.budget = budget
        """Tokens in one forward pass."""
        self.notes: list[str] = []
        self.computed = 0
        """Tokens that went through the model so far."""
        self.windows: dict[int, int | None] = {}
        """By layer, the sliding window that the model's code asked for."""

    def score(
        self, requests: Sequence[Request], chosen: Sequence[int], ledger: Ledger, details: bool
    ) -> Iterator[tuple[int, Score]]:
        """Fill in the requests at the indices `chosen`; each comes out when it is complete.

        Raises:
            Unsupported: the model's attention cannot be replaced.
        """
        if not chosen:
            return
        least_split = _LEAST_SPLIT.get(self._halves.device.type, 8)
        tree = plant([input_ids(requests[index]) for index in chosen], least_split)
        reads = _gather(tree, requests, chosen, ledger)
        common = _common_length(tree) if len(chosen) > 1 else 0
        # Below the trunk comes also whatever the next call asks: it is kept past the end of the stream.
        tree.end[:common] = len(tree.tokens) + 1
        path = self._regrow(tree, min(common, int(reads.places[0])))
        start = len(path.places)
        while start < len(tree.tokens):
            stop = min(start + self.budget, len(tree.tokens))
            first, last = np.searchsorted(reads.places, [start, stop])
            here = _Reads(*(column[first:last] for column in reads))
            done: tuple[Path, Readout] | None = None
            try:
                done = self._forward(tree, path, start, stop, here, details)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or self.budget <= _LEAST_BUDGET:
                    raise
            if done is None:
                # Not before the error is gone: it holds everything that the failed pass had made.
                self._shrink(stop - start)
                continue
            path, readout = done
            self.computed += stop - start
            start = stop
            yield from ledger.fill(here.slots, readout)
        self._trunk = _Trunk(tree.tokens[:common], path)

    def _forward(
        self, tree: Tree, path: Path, start: int, stop: int, here: _Reads, details: bool
    ) -> tuple[Path, Readout]:
        rows, at = np.unique(here.places - start, return_inverse=True)
        part = Slice(tree, path, start, stop, rows, self._layers - 1, self._products)
        with attend_over(part):
            tokens, depth = (torch.from_numpy(column[start:stop]) for column in (tree.tokens, tree.depth))
            states = self._halves.states(tokens, depth, torch.from_numpy(rows))
        if len(part.windows) != self._layers:
            raise Unsupported(f"{len(part.windows)} of its {self._layers} layers attend")
        self.windows = part.windows
        readout = read(
            self._halves.logits,
            states,
            torch.from_numpy(at),
            torch.from_numpy(here.targets),
            self._halves.vocabulary,
            details,
        )
        return part.path(), readout

    def _regrow(self, tree: Tree, most: int) -> Path:
        """The part of the last call's trunk that this tree begins with, `most` tokens at most."""
        old = self._trunk
        size = min(most, len(old.tokens), len(old.path.places))
        differ = np.flatnonzero(old.tokens[:size] != tree.tokens[:size])
        size = int(differ[0]) if len(differ) else size
        self._trunk = _Trunk(np.empty(0, np.int64), Path.empty())
        if size == 0:
            return Path.empty()
        return Path(np.arange(size), {layer: _beginning(parts, size) for layer, parts in old.path.layers.items()})

    def _shrink(self, tried: int) -> None:
        self.budget = max(_LEAST_BUDGET, min(self.budget, tried) // 2)
        self.notes.append(f"out of memory with {tried} tokens at once; going on with {self.budget}")
        gc.collect()
        if self._halves.device.type == "cuda":
            torch.cuda.empty_cache()


def _beginning(parts: Parts, size: int) -> Parts:
    kept: Parts = []
    for key, value in parts:
        if size > 0:
            kept.append((key[:, :, :size], value[:, :, :size]))
        size -= key.shape[2]
    return kept


def _gather(tree: Tree, requests: Sequence[Request], chosen: Sequence[int], ledger: Ledger) -> _Reads:
    places, targets, slots = [], [], []
    for number, index in enumerate(chosen):
        positions, token_ids = targets_of(requests[index])
        places.append(tree.places(number, positions))
        targets.append(token_ids)
        slots.append(ledger.slots(index))
    columns = [np.concatenate(column).astype(np.int64) for column in (places, targets, slots)]
    order = np.argsort(columns[0], kind="stable")
    return _Reads(*(column[order] for column in columns))


def _common_length(tree: Tree) -> int:
    """How many tokens all sequences begin with."""
    partial = np.flatnonzero(tree.end != len(tree.tokens))
    whole = int(partial[0]) if len(partial) else len(tree.tokens)
    # Behind the last branching, tokens of the last sequence alone also reach the end.
    return min(whole, min(path[0].size for path in tree.paths))
