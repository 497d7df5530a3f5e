"""From logits to log-probabilities, in fp32, at the positions that are asked about."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from engine.machine.budgets import logit_rows

__all__ = ["Readout", "read"]


class Readout(NamedTuple):
    """One number per target, each of shape (targets,), on the CPU; all but the first only where asked for."""

    logprob: Tensor
    rank: Tensor | None = None
    entropy: Tensor | None = None
    margin: Tensor | None = None
    best: Tensor | None = None
    """Ids of the likeliest tokens."""


def read(
    logits_of: Callable[[Tensor], Tensor], hidden: Tensor, rows: Tensor, targets: Tensor, vocabulary: int, details: bool
) -> Readout:
    """What a model says of some next tokens.

    log p = logit − logsumexp(logits), never a whole log-softmax; the vocabulary is read for a bounded number of rows
    at a time.

    Args:
        logits_of: hidden states (n, width) to logits (n, vocabulary).
        hidden: states after which something is read, shape (rows, width).
        rows: for each target, the index of its state in `hidden`; ascending.
        targets: token ids, shape as `rows`.
        vocabulary: width of the logits, to bound memory by.
        details: whether to read rank, entropy, margin and the likeliest token too.
    """
    step = logit_rows(vocabulary, hidden.device.type)
    parts: list[tuple[Tensor, ...]] = []
    for start in range(0, len(hidden), step):
        first, last = torch.searchsorted(rows, torch.tensor([start, start + step])).tolist()
        logits = logits_of(hidden[start : start + step]).float()
        # Of a model spread over several devices, the head need not be where the last layer is.
        at = (rows[first:last] - start).to(logits.device)
        target = targets[first:last].to(logits.device)
        parts.append(tuple(part.cpu() for part in _read(logits, at, target, details)))
    if not parts:
        parts = [tuple(torch.empty(0) for _ in range(5 if details else 1))]
    return Readout(*(torch.cat(column) for column in zip(*parts, strict=True)))


def _read(logits: Tensor, at: Tensor, target: Tensor, details: bool) -> tuple[Tensor, ...]:
    total = torch.logsumexp(logits, -1)
    chosen = logits[at, target]
    logprob = chosen - total[at]
    if not details:
        return (logprob,)
    rank = 1 + (logits[at] > chosen[:, None]).sum(-1)
    highest, best = logits.max(-1)
    top = (highest - total).exp()
    entropy = torch.special.entr((logits - total[:, None]).exp_()).sum(-1)
    return logprob, rank, entropy[at], (top[at] - logprob.exp()).clamp_(min=0), best[at]
