"""Whether two readings of a server are of the same model: names and versions do not tell, its numbers do.

A fingerprint is what the model says of the tokens of fixed texts. Readings of one model differ by rounding, which
depends on what else the server has at hand; how much, each reading says itself, having been taken twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["FLOOR", "apart", "are_alike", "recognised"]

FLOOR: Final = 2e-3
"""Nats a token, on average, that may lie between two readings of one model, however little they differed when it was
tried: a thousand times what the order of sums in fp32 makes. On a bundled model bf16 arithmetic makes 0.05, weights in
int8 0.09, in fp8 0.3, in int4 1.3."""
_SPREADS: Final = 2.0
"""As many times its own spread may lie between a reading and another of the same model."""


def apart(first: Sequence[float], second: Sequence[float]) -> float:
    """Mean difference of two readings, nats a token; infinite where they are not of the same tokens."""
    if len(first) != len(second) or not first:
        return float("inf")
    return sum(abs(a - b) for a, b in zip(first, second, strict=True)) / len(first)


def are_alike(first: Sequence[float], second: Sequence[float], spread: float) -> bool:
    """Whether two readings are of one model.

    Args:
        spread: mean difference between two readings known to be of one, nats a token.
    """
    return apart(first, second) <= max(FLOOR, _SPREADS * spread)


def recognised(reading: Sequence[float], spread: float, known: Iterable[Sequence[float]]) -> tuple[float, ...]:
    """The known fingerprint that this reading is of, the nearest one; itself where it is of none."""
    alike = [other for other in known if are_alike(reading, other, spread)]
    nearest: Sequence[float] = min(alike, key=lambda other: apart(reading, other), default=reading)
    return tuple(nearest)
