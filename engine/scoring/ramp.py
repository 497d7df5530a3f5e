"""How many requests a server is sent at a time: as many as make it faster."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["Ramp"]

_FIRST: Final = 4
_MOST: Final = 64
_GAIN: Final = 1.1
"""Tokens a second that twice as many requests must bring, times what half as many brought."""


class Ramp:
    """Doubles the requests in flight as long as that serves a tenth more tokens a second.

    Args:
        told: how many there are to be; None to find out.
        clock: seconds.
    """

    def __init__(self, told: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.places = told or _FIRST
        """Requests that may be in flight."""
        self._settled = told is not None
        self._clock = clock
        self._best = 0.0
        self.begin()

    def begin(self) -> None:
        """What was counted before a pause says nothing of speed."""
        self._answers, self._tokens, self._since = 0, 0, self._clock()

    def answered(self, tokens: int) -> None:
        """A request of so many tokens was answered."""
        if self._settled:
            return
        self._answers += 1
        self._tokens += tokens
        if self._answers < 2 * self.places:
            return
        speed = self._tokens / max(self._clock() - self._since, 1e-9)
        if speed < _GAIN * self._best:
            # The last step brought too little: back to where it was.
            self.places, self._settled = max(_FIRST, self.places // 2), True
        elif self.places >= _MOST:
            self._settled = True
        else:
            self._best = speed
            self.places *= 2
        self.begin()
