"""Ctrl-C and its like ask the work to stop; what is done by then is kept."""

from __future__ import annotations

import signal
import threading

__all__ = ["cancelled_by_signals"]


def cancelled_by_signals() -> threading.Event:
    """An event that is set when this process is told to stop; only the main thread may ask for it."""
    cancel = threading.Event()
    # Windows knows no SIGHUP.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: cancel.set())
    return cancel
