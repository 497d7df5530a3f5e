"""From logits to log-probabilities, in fp32, at the positions that are asked about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from engine.machine.budgets import logit_rows

__all__ = ["GivenLogits", "Head", "Readout", "given", "read"]


class Readout(NamedTuple):
    """One number per target, each of shape (targets,), on the CPU; all but the first only where asked for."""

    logprob: Tensor
    rank: Tensor | None = None
    entropy: Tensor | None = None
    margin: Tensor | None = None
    best: Tensor | None = None
    """Ids of the likeliest tokens."""


class Head(Protocol):
    """From states to logits."""

    @property
    def rows(self) -> int:
        """States that it is given at one time, so that their logits take little memory."""
        ...

    def pieces(self, states: Tensor) -> Iterable[Tensor]:
        """Logits of states (n, width), each of shape (n, some): of one run of the vocabulary after the other."""
        ...

    def at(self, states: Tensor, ids: Tensor) -> Tensor | None:
        """The logit of one token after each state, in fp32; None: it is as good as that among the pieces."""
        ...


class GivenLogits(NamedTuple):
    """Logits that are there already stand for states."""

    rows: int

    def pieces(self, states: Tensor) -> Iterable[Tensor]:
        """See `Head`."""
        return (states,)

    def at(self, states: Tensor, ids: Tensor) -> Tensor | None:
        """See `Head`."""
        return None


def given(logits: Tensor) -> GivenLogits:
    """The head of logits, shape (n, vocabulary), that are read as they are."""
    return GivenLogits(logit_rows(logits.shape[1], logits.device.type))


def read(head: Head, states: Tensor, rows: Tensor, targets: Tensor, details: bool) -> Readout:
    """What a model says of some next tokens.

    log p = logit − logsumexp(logits), never a whole log-softmax; a bounded number of logits is there at a time.

    Args:
        states: those after which something is read, shape (rows, width).
        rows: for each target, the index of its state; ascending.
        targets: token ids, shape as `rows`.
        details: whether to read rank, entropy, margin and the likeliest token too.
    """
    parts: list[tuple[Tensor, ...]] = []
    for start in range(0, len(states), head.rows):
        first, last = torch.searchsorted(rows, torch.tensor([start, start + head.rows])).tolist()
        some = states[start : start + head.rows]
        at, target = (column[first:last].to(some.device) for column in (rows - start, targets))
        parts.append(tuple(part.cpu() for part in _read(head, some, at, target, details)))
    if not parts:
        parts = [tuple(torch.empty(0) for _ in range(5 if details else 1))]
    return Readout(*(torch.cat(column) for column in zip(*parts, strict=True)))


def _read(head: Head, states: Tensor, at: Tensor, target: Tensor, details: bool) -> tuple[Tensor, ...]:
    chosen = head.at(states[at], target)
    summed: list[Tensor] = []
    detailed: list[_Details] = []
    first = 0
    for piece in head.pieces(states):
        logits = piece.float()
        # Of a model spread over several devices, the head need not be where the last layer is.
        at, target = at.to(logits.device), target.to(logits.device)
        if chosen is None:
            chosen = logits[at, target]
        else:
            here = (first <= target) & (target < first + logits.shape[1])
            logits[at[here], target[here] - first] = chosen[here]
        summed.append(_logsumexp(logits.clone() if details else logits))
        if details:
            detailed.append(_details(logits, summed[-1], first, at, chosen))
        first += logits.shape[1]
    assert chosen is not None, "a vocabulary has tokens"
    totals = torch.stack(summed)
    total = torch.logsumexp(totals, 0)
    logprob = chosen - total[at]
    if not details:
        return (logprob,)
    highest, best, mean, above = (torch.stack(column) for column in zip(*detailed, strict=True))
    top, where = highest.max(0)
    # H = log Z − E[logit], and each piece has its share of the probability.
    entropy = total - ((totals - total).exp() * mean).sum(0)
    margin = ((top - total).exp()[at] - logprob.exp()).clamp_(min=0)
    return logprob, 1 + above.sum(0), entropy[at], margin, best.gather(0, where[None])[0][at]


def _logsumexp(logits: Tensor) -> Tensor:
    """Of each row; in their own place, since a copy for every step would cost as much as the steps."""
    highest = logits.amax(-1, keepdim=True).clamp_(min=torch.finfo(logits.dtype).min)
    return logits.sub_(highest).exp_().sum(-1).log_() + highest[:, 0]


class _Details(NamedTuple):
    """Of each row's logits in a piece, but for the last; shape (rows,)."""

    highest: Tensor
    best: Tensor
    mean: Tensor
    """Under the model's probabilities within the piece."""
    above: Tensor
    """How many are higher than the target's; shape (targets,)."""


def _details(logits: Tensor, total: Tensor, first: int, at: Tensor, chosen: Tensor) -> _Details:
    highest, best = logits.max(-1)
    above = (logits[at] > chosen[:, None]).sum(-1)
    mean = (logits - total[:, None]).exp_().mul_(logits).nan_to_num_(nan=0.0).sum(-1)
    return _Details(highest, best + first, mean, above)
