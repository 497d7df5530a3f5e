"""Round numbers along an axis. Plain Python."""

from __future__ import annotations

import math

__all__ = ["round_ticks"]


def round_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Numbers between two ends, 1, 2 or 5 times a power of ten apart, as closely as so many allow.

    Args:
        low: below `high`.
        most: at least 1.

    Returns:
        Each with its text, all with the digits that their distance needs; at least one where there is a round one.
    """
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return []
    power = math.floor(math.log10(span / max(1, most)))
    for exponent in range(power, power + 3):
        for times in (1, 2, 5):
            step = times * 10.0**exponent
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            if last - first < max(1, most):
                digits = max(0, -exponent)
                # Minus zero has no place on an axis.
                return [(n * step, f"{n * step + 0.0:,.{digits}f}".replace("-", "−")) for n in range(first, last + 1)]
    return []
