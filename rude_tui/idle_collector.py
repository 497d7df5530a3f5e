"""Garbage is collected while the person does nothing: a full search among all pairs takes a tenth of a second.

Where the person always does something, it is collected all the same once there is much of it."""

from __future__ import annotations

import gc
import time
from typing import Final

from rude_tui.heap import give_back

__all__ = ["IdleCollector"]

_THRESHOLDS: Final = (10_000, 20, 1_000)
"""Young objects are looked through seldom, old ones practically only by `collect_if_idle`."""
_IDLE_SECONDS: Final = 3.0
_WORTH: Final = 2
"""Searches among the middle-aged since the last full one, from which on another is worth it."""
_PRESSING: Final = 10
"""As many from which on it is put off no longer: some 20 MiB of closed screens would wait for whoever never rests."""


class IdleCollector:
    """Between `start` and `stop` a full search happens only when `touched` has not been called for a while."""

    def __init__(self) -> None:
        self._before = gc.get_threshold()
        self._touched = 0.0

    def start(self) -> None:
        """No full searches of Python's own accord."""
        self._before = gc.get_threshold()
        self.touched()
        gc.set_threshold(*_THRESHOLDS)

    def stop(self) -> None:
        """Leave the process as it was."""
        gc.set_threshold(*self._before)
        gc.unfreeze()

    def touched(self) -> None:
        """The person has done something."""
        self._touched = time.monotonic()

    @property
    def idle(self) -> float:
        """Seconds since the person did something."""
        return time.monotonic() - self._touched

    def collect_if_idle(self) -> bool:
        """Search everything if there may be something to find and nobody waits, or much; says whether it did.

        What is left is then set aside until the next time, so that smaller searches pass it by.
        """
        searched = gc.get_count()[2]
        if searched < (_WORTH if self.idle >= _IDLE_SECONDS else _PRESSING):
            return False
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        give_back()
        return True
