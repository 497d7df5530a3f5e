"""One request at a time through the model's own forward: slow, and right for every model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from engine.layout.requests import Request, Score
from engine.scoring.model import plain_logits
from engine.scoring.readout import given, read
from engine.scoring.targets import Ledger, input_ids, targets_of

__all__ = ["score_plainly"]


def score_plainly(
    model: Any, requests: Sequence[Request], chosen: Sequence[int], ledger: Ledger, details: bool
) -> Iterator[tuple[int, Score]]:
    """Fill in the requests at the indices `chosen`, in this order."""
    for index in chosen:
        ids = torch.from_numpy(input_ids(requests[index])).long()
        positions, targets = targets_of(requests[index])
        distinct, at = np.unique(positions, return_inverse=True)
        logits = plain_logits(model, ids, torch.from_numpy(distinct))
        # The logits are here already; what is left is to read them.
        readout = read(given(logits), logits, torch.from_numpy(at), torch.from_numpy(targets), details)
        yield from ledger.fill(ledger.slots(index), readout)
