"""Which numbers a file may hold: those that can be squared and summed without leaving the range of a double."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["unusable"]

_LARGEST: Final = 1e100
_SMALLEST: Final = 1e-100


def unusable(value: float) -> str:
    """What is wrong with a number, as the end of a sentence; empty for one that can be reckoned with."""
    try:
        size = abs(float(value))
    except OverflowError:
        size = math.inf
    if not math.isfinite(size):
        return "is not finite"
    if size > _LARGEST:
        return f"is beyond {_LARGEST:g}"
    return f"is nearer to 0 than {_SMALLEST:g}" if 0 < size < _SMALLEST else ""
