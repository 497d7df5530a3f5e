"""Whether a process is being swapped out: it then goes on many times slower, without a word."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

__all__ = ["SwapWatch"]

_LEAST: Final = 32 << 20
"""Bytes swapped out since it was first looked at, below which nothing is said: a system also puts away what a process
read at its start and never needs again."""
_GAP: Final = 2.0
"""Seconds between two looks."""


class SwapWatch:
    """Looks now and then, and says so once. Where the system does not tell (there is no /proc), it says nothing.

    Args:
        proc: where the system tells of its processes.
    """

    def __init__(self, pid: int, proc: Path = Path("/proc"), *, gap: float = _GAP) -> None:
        self._file = proc / str(pid) / "status"
        self._gap = gap
        self._next = 0.0
        self._first: int | None = None
        self._said = False

    def look(self) -> str:
        """What to tell; empty where there is nothing new."""
        now = time.monotonic()
        if self._said or now < self._next:
            return ""
        self._next = now + self._gap
        swapped = self._swapped()
        if swapped is None:
            return ""
        if self._first is None:
            self._first = swapped
        grown = swapped - self._first
        if grown < _LEAST:
            return ""
        self._said = True
        return (
            f"memory is short: {grown / 2**20:,.0f} MB of the working process were swapped out to disk, which makes it "
            "many times slower; close other programs, or stop it and choose a smaller precision"
        )

    def _swapped(self) -> int | None:
        """Bytes of the process that are swapped out."""
        try:
            text = self._file.read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        for line in text.splitlines():
            name, _, value = line.partition(":")
            amount, _, unit = value.strip().partition(" ")
            if name == "VmSwap" and unit == "kB" and amount.isdigit():
                return int(amount) * 1024
        return None
