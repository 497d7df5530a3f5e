"""A process stops when it is told to, and stays deaf to what it was born deaf to."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from engine.jobs.cancelling import cancelled_by_signals, heeded

CHILD = """
import os, signal, sys
from engine.jobs.cancelling import cancelled_by_signals
cancel = cancelled_by_signals()
os.kill(os.getpid(), getattr(signal, sys.argv[1]))
sys.exit(int(cancel.is_set()))
"""


@pytest.mark.parametrize(
    ("ignored", "sent", "stops"), [("HUP", "SIGHUP", 0), ("INT", "SIGINT", 0), ("HUP", "SIGTERM", 1)]
)
def test_what_was_ignored_stays_so(ignored: str, sent: str, stops: int) -> None:
    line = f'trap "" {ignored}; exec "$0" -c "$1" {sent}'
    done = subprocess.run(["bash", "-c", line, sys.executable, CHILD], timeout=60, check=False)
    assert done.returncode == stops


def test_the_rest_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {number: signal.getsignal(number) for number in heeded()}
    try:
        cancel = cancelled_by_signals()
        signal.raise_signal(signal.SIGTERM)
        assert cancel.is_set()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
