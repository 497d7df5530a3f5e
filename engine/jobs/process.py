"""A handle on the scoring process: start it, read its events, end it for certain."""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Protocol

from engine.jobs.child import NO_EVENT, environment, read_event, started_by
from engine.jobs.swapping import SwapWatch
from engine.machine.paths import log_dir
from rubrics.errors import RudeError, WorkerError

__all__ = ["POLL_SECONDS", "Runner", "Warn", "Worker", "WorkerProcess"]

_KEPT_LOGS: Final = 50
POLL_SECONDS: Final = 0.05
"""Between two looks at whether to stop or to wait."""
PATIENCE: Final = "RUDE_TUI_PATIENCE"
"""Environment variable: seconds without a word after which a worker is ended, in place of those below; 0 for never."""
_SILENCE: Final = 1800.0
"""In which a large model is loaded from a slow disk, or its largest batch read on a slow CPU."""
_SILENCES: Final = {"posttrain": 6 * 3600.0}
"""By kind of work, where it is longer: between two stages many answers are written."""


Warn = Callable[[str], None]


class Worker(Protocol):
    """Work that goes on elsewhere, as a job sees it."""

    @property
    def log(self) -> Path:
        """What it says beside its events."""
        ...

    def events(
        self, cancel: threading.Event, pause: threading.Event | None = None, warn: Warn | None = None
    ) -> Iterator[dict[str, Any]]:
        """See `WorkerProcess.events`."""
        ...

    def drain(self) -> Iterator[dict[str, Any]]:
        """See `WorkerProcess.drain`."""
        ...

    def misunderstood(self, what: str) -> WorkerError:
        """An error to raise for an event that says nothing that can be: written into the log too."""
        ...


Runner = Callable[[Mapping[str, Any]], AbstractContextManager[Worker]]
"""Where a worker runs: given what it is told, the worker, started inside the context and gone behind it. Here is
`WorkerProcess`, a process of this machine; another place is another such function."""


class WorkerProcess:
    """One worker and its events. Use as a context manager: leaving it leaves no process behind."""

    def __init__(self, message: Mapping[str, Any]) -> None:
        self.log = _new_log()
        self._message = message
        self._patience = _patience(message)
        self._ended = False
        """Whether the last event has been read."""
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def __enter__(self) -> WorkerProcess:
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C in the terminal reaches the parent alone, which then decides.
            self._process = subprocess.Popen(
                started_by("engine.worker"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(),
                start_new_session=True,
                text=True,
                encoding="utf-8",
                errors="backslashreplace",
            )
        self._reader = threading.Thread(target=self._read, name="worker-events", daemon=True)
        self._reader.start()
        # Standard input stays open: that it closes is how the worker learns of our death.
        self._tell(json.dumps(self._message))
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                # Bytes may be left that were meant for a process that no longer reads.
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def kill(self) -> None:
        """End it now. It holds nothing that needs care: verdicts are written by the parent."""
        if self._process.poll() is None:
            self._process.kill()

    def events(
        self, cancel: threading.Event, pause: threading.Event | None = None, warn: Warn | None = None
    ) -> Iterator[dict[str, Any]]:
        """Events as they come, until the worker is done or `cancel` is set.

        Args:
            pause: while it is set the worker is asked to wait, which it does once the batch at hand is done.
            warn: told what speaks against how it goes.

        Raises:
            WorkerError: it died without a word, or was ended since it made no progress.
            RudeError: it reported an error that ended it.
        """
        finished = paused = False
        heard = time.monotonic()
        swap = SwapWatch(self._process.pid)
        while not cancel.is_set():
            if warn is not None and (words := swap.look()):
                warn(words)
            if pause is not None and pause.is_set() is not paused:
                paused = not paused
                self._tell("pause" if paused else "go on")
            try:
                event = self._events.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if paused:
                    heard = time.monotonic()
                elif time.monotonic() - heard > self._patience:
                    raise self._stuck() from None
                continue
            heard = time.monotonic()
            if event is None:
                self._ended = True
                if not finished:
                    raise self._died()
                return
            if event["event"] == NO_EVENT:
                raise self.misunderstood(event["what"])
            if event["event"] == "bye":
                finished = True
            elif event["event"] == "fatal":
                raise RudeError.of_json(event)
            elif event["event"] == "warned":
                if warn is not None:
                    warn(event["words"])
            else:
                yield event

    def drain(self) -> Iterator[dict[str, Any]]:
        """What it had sent before it was killed."""
        self.kill()
        while not self._ended:
            event = self._events.get()
            if event is None:
                self._ended = True
            else:
                yield event

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        # If the worker is dead already, `events` says why.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            # A worker killed in mid-line leaves half of one; half an event is none, nor is an empty line.
            if line.endswith("\n") and line.strip():
                self._events.put(read_event(line))
        self._events.put(None)

    def misunderstood(self, what: str) -> WorkerError:
        """See `Worker.misunderstood`."""
        with contextlib.suppress(OSError), self.log.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"what the process sent was not understood: {what}\n")
            if sys.exception() is not None:
                log.write(traceback.format_exc())
        return WorkerError(
            f"the scoring process sent what is not understood: {what}", where=str(self.log),
            fix="start it again: it goes on where it stopped; the log has the details",
        )  # fmt: skip

    def _stuck(self) -> WorkerError:
        self.kill()
        last = _last_words(self.log)
        return WorkerError(
            f"the scoring process made no progress for {self._patience:.0f} seconds and was ended"
            + (f": {last}" if last else ""),
            where=str(self.log),
            fix="free memory or choose a smaller precision, and start it again: it goes on where it stopped; the "
            f"environment variable {PATIENCE} gives it more seconds",
        )

    def _died(self) -> WorkerError:
        code = self._process.wait()
        last = _last_words(self.log)
        if code < 0:
            name = signal.Signals(-code).name
            hint = " (the system may have run out of memory)" if name == "SIGKILL" else ""
            what = f"the scoring process was ended by {name}{hint}"
        else:
            what = f"the scoring process ended with code {code}"
        return WorkerError(
            what + (f": {last}" if last else ""),
            where=str(self.log),
            fix="start it again: it goes on where it stopped",
        )


def _patience(message: Mapping[str, Any]) -> float:
    told = os.environ.get(PATIENCE, "")
    if told.isascii() and told.isdigit():
        return float(told) or math.inf
    return _SILENCES.get(str(message.get("kind")), _SILENCE)


def _new_log() -> Path:
    folder = log_dir()
    old = sorted(folder.glob("*.log"))
    for stale in old[: max(0, len(old) - _KEPT_LOGS)]:
        stale.unlink(missing_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return folder / f"{stamp}-{time.monotonic_ns()}.log"


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].strip()[:200] if lines else ""
