"""What has to be read where, and its way back to the requests that asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.layout.requests import Request, Score, TokenScores
from engine.scoring.readout import Readout
from engine.scoring.tree import Ints
from rubrics.errors import CandidateError

__all__ = ["Ledger", "input_ids", "targets_of"]


def targets_of(request: Request) -> tuple[Ints, Ints]:
    """Positions after which something is read, and the token ids asked about there; two equal-shaped arrays."""
    if request.labels is not None:
        last = len(request.ids) - 1
        return np.asarray([last, last]), np.asarray(request.labels)
    assert request.scored is not None
    start, stop = request.scored
    if not 1 <= start < stop <= len(request.ids):
        raise ValueError(f"{request.pair_id}: nothing stands before, or in, the scored span {request.scored}")
    return np.arange(start - 1, stop - 1), np.asarray(request.ids[start:stop])


def input_ids(request: Request) -> Any:
    """The ids that have to be computed: nothing is read after the last scored token."""
    stop = len(request.ids) if request.scored is None else request.scored[1] - 1
    return np.asarray(request.ids[:stop], np.int32)


class Ledger:
    """Fills in requests as readouts come; each comes out once, when it is complete."""

    def __init__(self, requests: Sequence[Request], token_scores: bool) -> None:
        self._requests = requests
        self._details = token_scores
        counts = [2 if r.scored is None else r.scored[1] - r.scored[0] for r in requests]
        self._offsets = np.concatenate([[0], np.cumsum(counts)])
        self._missing = np.asarray(counts)
        total = int(self._offsets[-1])
        self._owner = np.repeat(np.arange(len(requests)), counts)
        self._logprob = np.full(total, np.nan, np.float32)
        self._rank = np.zeros(total if token_scores else 0, np.int32)
        self._entropy = np.zeros(total if token_scores else 0, np.float32)
        self._margin = np.zeros(total if token_scores else 0, np.float32)
        self._best = np.zeros(total if token_scores else 0, np.int32)

    def slots(self, request: int) -> Ints:
        """The slots of one request's targets, in the order of `targets_of`."""
        return np.arange(self._offsets[request], self._offsets[request + 1])

    def fill(self, slots: Ints, readout: Readout) -> Iterator[tuple[int, Score]]:
        """Enter a readout; yields the requests that it completes.

        Raises:
            CandidateError: the model's numbers are no numbers.
        """
        values = readout.logprob.numpy()
        if not np.isfinite(values).all():
            raise CandidateError(
                "the model's scores are not finite numbers; its values overflow, or its weights are damaged",
                fix="score it at fp32, or download the weights again",
                shell="--precision fp32",
            )
        assert np.isnan(self._logprob[slots]).all(), "a slot is filled twice"
        self._logprob[slots] = values
        if self._details:
            for column, part in zip(
                (self._rank, self._entropy, self._margin, self._best),
                (readout.rank, readout.entropy, readout.margin, readout.best),
                strict=True,
            ):
                assert part is not None
                column[slots] = part.numpy()
        owners, counts = np.unique(self._owner[slots], return_counts=True)
        self._missing[owners] -= counts
        for owner in owners[self._missing[owners] == 0].tolist():
            yield owner, self._score(owner)

    def _score(self, request: int) -> Score:
        own = slice(int(self._offsets[request]), int(self._offsets[request + 1]))
        logprob = self._logprob[own]
        if self._requests[request].labels is not None:
            return Score(float(logprob[0]) - float(logprob[1]))
        tokens = None
        if self._details:
            tokens = TokenScores(
                logprob.copy(), self._rank[own], self._entropy[own], self._margin[own], self._best[own]
            )  # fmt: skip
        return Score(float(logprob.sum(dtype=np.float64)), tokens)

    def assert_complete(self) -> None:
        """Every slot has been filled."""
        assert not self._missing.any(), f"{int((self._missing > 0).sum())} requests were not scored"
