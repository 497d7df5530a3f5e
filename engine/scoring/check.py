"""Is sharing exact for this model? Found out on a small tree before any number is believed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.layout.requests import Request, Score

__all__ = ["BUDGET", "TOLERANCE", "disagreement", "sample"]

TOLERANCE = {"fp32": 1e-3, "bf16": 0.25, "int8": 0.5, "nf4": 0.5}
"""Largest difference in one token's log-probability, in nats, that is put down to rounding, by precision."""

BUDGET = 75
"""Tokens at once while checking: small, so that keys and values kept from earlier passes are tried out too."""


def sample(vocabulary: int, context: int | None) -> list[Request]:
    """Requests that branch at three depths, end inside one another and differ in length."""
    draw = np.random.default_rng(20)

    def some(count: int) -> tuple[int, ...]:
        return tuple(draw.integers(0, vocabulary, count).tolist())

    trunk, left, right = some(30), some(30), some(12)
    bodies = [
        trunk + left + some(20),
        trunk + left + some(110),
        trunk + left[:7] + some(9),
        trunk + right + some(5),
        trunk + right,
        some(25),
    ]
    longest = max(8, context or 256)
    return [
        Request(f"check {number}", "likelihood", "chosen", ids[:longest], (1, len(ids[:longest])), None)
        for number, ids in enumerate(bodies)
    ]


def disagreement(first: Sequence[Score], second: Sequence[Score]) -> float:
    """Largest difference in the log-probability of one token, nats; infinite where anything is not a number."""
    worst = 0.0
    for a, b in zip(first, second, strict=True):
        assert a.tokens is not None
        assert b.tokens is not None
        apart = np.abs(a.tokens.logprob - b.tokens.logprob)
        worst = max(worst, float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0)))
    return worst
