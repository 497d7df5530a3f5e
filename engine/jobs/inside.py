"""Work done in this process rather than in one of its own: for work that needs no memory back, and for tests."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.jobs.child import Events, Gate
from engine.jobs.process import POLL_SECONDS, Runner, Warn
from rubrics.errors import WorkerError

__all__ = ["inside"]


def inside(do: Callable[[Mapping[str, Any], Events, Gate], None]) -> Runner:
    """A runner that has `do` work in a thread of this process; what it raises, the job gets to see."""
    return lambda message: _Inside(do, message)


class _Abandoned(Exception):
    """Nobody listens any more: the work ends at its next event."""


class _Inside:
    """See `engine.jobs.process.Worker`."""

    log = Path()

    def __init__(self, do: Callable[[Mapping[str, Any], Events, Gate], None], message: Mapping[str, Any]) -> None:
        self._do, self._message = do, message
        self._gate = Gate(self)
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._failure: BaseException | None = None
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=self._work, name="inside", daemon=True)

    def __enter__(self) -> _Inside:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._leave()
        self._thread.join()

    def send(self, event: str, **fields: Any) -> None:
        """See `engine.jobs.child.Events`; what would not survive the way to another process does not here either."""
        if self._abandoned.is_set():
            raise _Abandoned
        self._events.put(json.loads(json.dumps({"event": event, **fields})))

    def events(
        self, cancel: threading.Event, pause: threading.Event | None = None, warn: Warn | None = None
    ) -> Iterator[dict[str, Any]]:
        """Events as they come; raises what the work raised."""
        while not cancel.is_set():
            if pause is not None and pause.is_set() is not self._gate.closed:
                self._gate.hear("pause" if pause.is_set() else "go on")
            try:
                event = self._events.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if event is None:
                if self._failure is not None:
                    raise self._failure
                return
            if event["event"] != "warned":
                yield event
            elif warn is not None:
                warn(event["words"])

    def drain(self) -> Iterator[dict[str, Any]]:
        """What had been sent by the time nobody wanted more."""
        self._leave()
        while not self._events.empty():
            if (event := self._events.get()) is not None:
                yield event

    def misunderstood(self, what: str) -> WorkerError:
        """See `engine.jobs.process.Worker`."""
        return WorkerError(f"the work sent what is not understood: {what}")

    def _leave(self) -> None:
        self._abandoned.set()
        self._gate.hear("go on")

    def _work(self) -> None:
        try:
            self._do(self._message, self, self._gate)
        except _Abandoned:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where events are read
            self._failure = error
        finally:
            self._events.put(None)
