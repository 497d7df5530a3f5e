"""Where a stored piece of work stands."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Status"]


class Status(StrEnum):
    """Where a run stands. `crashed` is never stored: it is `started` without a living owner."""

    STARTED = "started"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REFUSED = "refused"
    """It cannot be done with what was given, as was seen only once the model was loaded."""
    CRASHED = "crashed"
