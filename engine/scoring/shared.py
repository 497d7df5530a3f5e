"""Many requests at once: a tree of their prefixes goes through the model slice by slice, under a token budget. What
several pairs begin with is kept for the next call."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from engine.jobs.child import is_out_of_memory
from engine.layout.requests import Request, Score
from engine.scoring.attention import NAME, Slice, Unsupported, attend_over
from engine.scoring.beginnings import Beginnings, shared_by_pairs, told
from engine.scoring.matmul import used_by
from engine.scoring.model import Halves
from engine.scoring.path import Path
from engine.scoring.readout import Readout, read
from engine.scoring.targets import Ledger, input_ids, targets_of
from engine.scoring.tree import Ints, Tree, plant
from rubrics.counted import count

__all__ = ["SharedScorer", "least_split"]

_LEAST_BUDGET = 32


def least_split(device_kind: str) -> int:
    """A further branch costs about as much as computing so many tokens once more."""
    return 32 if device_kind == "cuda" else 8


class _Reads(NamedTuple):
    """What to read, ascending by place in the stream; arrays of one shape."""

    places: Ints
    targets: Ints
    slots: Ints


class SharedScorer:
    """Scores with every distinct prefix computed once; keys and values are kept as long as they are needed.

    Args:
        budget: tokens in one forward pass.
        kept_bytes: of keys and values that outlast a call.
    """

    attention = NAME

    def __init__(self, halves: Halves, budget: int, kept_bytes: int) -> None:
        self._halves = halves
        self.beginnings = Beginnings(kept_bytes)
        """What is kept from call to call."""
        self._products = used_by(halves.model)
        self._layers = int(halves.model.config.get_text_config().num_hidden_layers)
        self.budget = budget
        """Tokens in one forward pass."""
        self.notes: list[str] = []
        self.computed = 0
        """Tokens that went through the model so far."""
        self._windows: dict[int, int | None] = {}
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
        own = [requests[index] for index in chosen]
        telling = told(own)
        # Without being told, what helped the last calls is taken, and what two pairs have in common kept.
        fitting = self.beginnings.fitting(telling or ())
        for tokens in fitting:
            if not self.beginnings.take(tokens):
                self._compute(tokens)
        sequences = [input_ids(request) for request in own]
        tree = plant(sequences, least_split(self._halves.device.type))
        reads = _gather(tree, requests, chosen, ledger)
        inferring = telling is None
        known = self.beginnings.known(tree, sequences, reads.places, None if inferring else fitting)
        wanted = shared_by_pairs(tree, [request.pair_id for request in own]) if inferring else ()
        for here, readout in self._passes(tree, known, list(wanted), reads, details):
            yield from ledger.fill(here.slots, readout)

    def _compute(self, tokens: npt.NDArray[np.int32]) -> None:
        """Keep a beginning, computed by itself."""
        nothing = np.empty(0, np.int64)
        for _ in self._passes(plant([tokens]), [], [np.arange(len(tokens))], _Reads(nothing, nothing, nothing), False):
            pass

    def _passes(
        self, tree: Tree, known: list[Path], wanted: Sequence[Ints], reads: _Reads, details: bool
    ) -> Iterator[tuple[_Reads, Readout]]:
        """The whole stream, but for what is known; what was to be read in each pass, and what was.

        Args:
            known: in the order of the stream.
            wanted: places of beginnings to be kept, in the order in which they end.
        """
        new = _all_but(known, len(tree.tokens))
        path = Path.empty()
        start = 0
        while start < len(new):
            now = new[start : start + self.budget]
            while known and known[0].places[0] < now[-1]:
                path = path.joined(known.pop(0))
            # Whole once this slice is through.
            whole = [places for places in wanted if places[-1] <= now[-1]]
            first, last = np.searchsorted(reads.places, [now[0], now[-1] + 1])
            here = _Reads(*(column[first:last] for column in reads))
            done: tuple[Path, Readout] | None = None
            try:
                done = self._forward(tree, path, now, whole, here, details)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or self.budget <= _LEAST_BUDGET:
                    raise
            if done is None:
                # Not before the error is gone: it holds everything that the failed pass had made.
                self._shrink(len(now))
                continue
            path, readout = done
            del done
            path = self._kept(tree, path, int(now[-1]), whole)
            wanted = wanted[len(whole) :]
            self.computed += len(now)
            start += len(now)
            yield here, readout

    def _kept(self, tree: Tree, path: Path, last: int, whole: Sequence[Ints]) -> Path:
        """Keep beginnings that are whole; what is left of the path is what is seen from behind the place `last`."""
        for places in whole:
            own = np.isin(path.places, places)
            beginning = path.only(np.flatnonzero(own))
            self.beginnings.keep(tree.tokens[beginning.places].astype(np.int32), beginning)
            # Held once, by what is kept.
            path = beginning.joined(path.only(np.flatnonzero(~own)))
        return path.only(np.flatnonzero(tree.end[path.places] > last + 1)) if whole else path

    def _forward(
        self, tree: Tree, path: Path, new: Ints, whole: Sequence[Ints], here: _Reads, details: bool
    ) -> tuple[Path, Readout]:
        rows, at = np.unique(np.searchsorted(new, here.places), return_inverse=True)
        kept = tree.end > new[-1] + 1
        for places in whole:
            kept[places] = True
        part = Slice(tree, path, new, kept, rows, self._layers - 1, self._products)
        with attend_over(part):
            tokens, depth = (torch.from_numpy(column[new]) for column in (tree.tokens, tree.depth))
            states = self._halves.states(tokens, depth, torch.from_numpy(rows))
        if len(part.windows) != self._layers:
            raise Unsupported(f"{len(part.windows)} of its {self._layers} layers attend")
        self._windows = part.windows
        readout = read(self._halves.head, states, torch.from_numpy(at), torch.from_numpy(here.targets), details)
        return part.path(), readout

    def odd(self) -> str:
        """See `SharingScorer`: a window that is not handed over."""
        return _odd_windows(self._halves.model.config.get_text_config(), self._windows)

    def forget(self) -> None:
        """See `SharingScorer`."""
        self.beginnings.clear()

    def _shrink(self, tried: int) -> None:
        self.budget = max(_LEAST_BUDGET, min(self.budget, tried) // 2)
        # What was kept was too much too, and would be again.
        self.beginnings.most_bytes = self.beginnings.bytes // 2
        self.forget()
        self.notes.append(f"out of memory with {count(tried, 'token')} at once; going on with {self.budget:,}")
        gc.collect()
        if self._halves.device.type == "cuda":
            torch.cuda.empty_cache()


def _all_but(known: Sequence[Path], size: int) -> Ints:
    """Places of a stream that have to be computed."""
    new = np.ones(size, bool)
    for piece in known:
        new[piece.places] = False
    return np.flatnonzero(new)


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


def _odd_windows(config: Any, windows: dict[int, int | None]) -> str:
    """Whether the sliding windows that the attention was told of are those of the configuration."""
    kinds = getattr(config, "layer_types", None)
    window = getattr(config, "sliding_window", None)
    if kinds is None:
        handed = set(windows.values())
        return "" if window is None or handed == {window} else "its sliding window is not handed to the attention"
    expected = {"full_attention": None, "sliding_attention": window}
    for layer, kind in enumerate(kinds):
        if kind not in expected:
            return f"it has layers of kind {kind}"
        if windows.get(layer) != expected[kind]:
            return "its sliding window is not handed to the attention"
    return ""
