"""Does sharing give this model's own numbers? Found out on a small tree before any number is believed.

A model that is not fp32 is itself off what its weights say, by more in some than in others. So both ways of scoring are
held against fp32: sharing may not be further off than the model alone, by more than rounding in another order explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.layout.requests import Request, Score

__all__ = ["BUDGET", "CALLS", "TOLERANCE", "Found", "compared", "sample"]

TOLERANCE = {"fp32": 1e-3, "bf16": 0.25, "int8": 0.5, "nf4": 0.5}
"""Largest difference in one token's log-probability, in nats, that is put down to rounding, by precision, where
there is nothing to hold it against."""

BUDGET = 75
"""Tokens at once while checking: small, so that keys and values kept from earlier passes are tried out too."""

CALLS = ((0, 1, 2), (3, 4, 5))
"""The sample in two calls, so that what is kept between calls is tried out too."""

_TYPICAL: Final = 2.0
"""Times the model's own root mean square error. Twelve kinds of random models, at two ways to multiply and scales of
weights from the usual to three times that, have .8 to 1.3."""

_WORST: Final = 4.0
"""Times the model's own largest error; the same models have .7 to 1.8."""


class Found(NamedTuple):
    """How far a way of scoring is off, in nats a token."""

    wrong: bool
    """By more than rounding explains."""
    typical: float
    """Root mean square over the tokens."""
    worst: float
    text: str
    """The same for a person."""


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


def compared(shared: Sequence[Score], plain: Sequence[Score], exact: Sequence[Score] | None, precision: str) -> Found:
    """Scores by sharing beside the model's own.

    Args:
        exact: the model's own in fp32, all with token scores; None where they cannot be had, or are `plain`.
    """
    if exact is None:
        off = _apart(shared, plain)
        typical, worst = _size(off)
        text = f"{typical:.2g} nats a token off the model's own numbers, {worst:.2g} at most"
        return Found(not worst <= TOLERANCE[precision], typical, worst, text)
    (typical, worst), (own, own_worst) = _size(_apart(shared, exact)), _size(_apart(plain, exact))
    text = (
        f"{typical:.2g} nats a token off fp32, {worst:.2g} at most, where the model alone is {own:.2g} off, "
        f"{own_worst:.2g} at most"
    )
    right = worst <= TOLERANCE["fp32"] or (typical <= _TYPICAL * own and worst <= _WORST * own_worst)
    return Found(not right, typical, worst, text)


def _size(off: npt.NDArray[np.float64]) -> tuple[float, float]:
    return float(np.sqrt(np.mean(off**2))), float(off.max())


def _apart(first: Sequence[Score], second: Sequence[Score]) -> npt.NDArray[np.float64]:
    """Differences in the log-probability of each token, nats; infinite where one is not a number."""
    parts = []
    for a, b in zip(first, second, strict=True):
        assert a.tokens is not None
        assert b.tokens is not None
        parts.append(np.abs(a.tokens.logprob.astype(np.float64) - b.tokens.logprob))
    off: npt.NDArray[np.float64] = np.nan_to_num(np.concatenate(parts), nan=np.inf)
    return off
