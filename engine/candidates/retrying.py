"""When to ask a server again: what it says itself, else an exponential pause with jitter."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ["RETRIED", "pause_before", "retry_after"]

RETRIED: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
"""Status codes that may pass."""
_LONGEST_PAUSE: Final = 60.0
_LONGEST_HEEDED: Final = 600.0
"""A server that asks for more than this is not worth waiting for at its word."""


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number, or a date (RFC 9110, section 10.2.3).

    Returns:
        Seconds from now, 0 or more, at most ten minutes; None where the header is missing or makes no sense.
    """
    if not value:
        return None
    value = value.strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        seconds = (when - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_HEEDED) if seconds == seconds else None


def pause_before(attempt: int, base: float, requested: float | None, rng: random.Random) -> float:
    """Seconds to wait before another attempt, the first of which was number 1.

    What the server asks for is kept to and then spread a little, so that many waiting clients do not come at once.
    """
    own = min(base * 2.0 ** (attempt - 1), _LONGEST_PAUSE) * (0.5 + rng.random() / 2)
    return own if requested is None else requested + min(own, 1.0) * 0.2
