"""Ctrl-C and its like ask the work to stop; what is done by then is kept."""

from __future__ import annotations

import signal
import threading
from typing import Final

__all__ = ["cancelled_by_signals", "heeded"]

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")


def heeded() -> list[signal.Signals]:
    """The signals that stop this process. One that was ignored from its birth stays so: `nohup` has asked for that, or
    a shell that put it in the background."""
    # Windows knows no SIGHUP.
    known = [signal.Signals(getattr(signal, name)) for name in _NAMES if hasattr(signal, name)]
    return [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]


def cancelled_by_signals() -> threading.Event:
    """An event that is set when this process is told to stop; only the main thread may ask for it."""
    cancel = threading.Event()
    for number in heeded():
        signal.signal(number, lambda *_: cancel.set())
    return cancel
