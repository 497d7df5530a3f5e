"""Work that touches disk or the store happens in a thread; its answer comes back as one message.

Threads here are plain ones. A slot runs one at a time and remembers only the newest request behind it, so holding a
key down never piles up work and an old answer never overwrites a new one.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from textual.message import Message
from textual.message_pump import MessagePump

from rubrics.errors import RudeError

__all__ = ["Answered", "Loader", "unexpected"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Job:
    slot: str
    work: Callable[[], Any]
    then: Callable[[Any], None]
    failed: Callable[[RudeError], None]
    same: Hashable


class Answered(Message, bubble=False):
    """A job has ended; handled by handing it back to the loader."""

    def __init__(self, job: _Job, value: Any, error: RudeError | None) -> None:
        super().__init__()
        self.job = job
        self.value = value
        self.error = error


class Loader:
    """Runs jobs for one widget, whose `on_answered` must call `answered`."""

    def __init__(self, owner: MessagePump) -> None:
        self._owner = owner
        self._running: dict[str, _Job] = {}
        self._waiting: dict[str, _Job] = {}

    @property
    def busy(self) -> bool:
        """Whether any answer is still to come."""
        return bool(self._running)

    def load(
        self,
        slot: str,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        failed: Callable[[RudeError], None],
        same: Hashable = None,
    ) -> None:
        """Do the work in a thread, then call `then` with its value, or `failed`, in the event loop.

        A job already running in the slot goes on, but its answer is dropped; one that was waiting is replaced.

        Args:
            same: what tells requests apart: one equal to the newest in its slot asks for nothing new and is passed over
                (a screen is told twice that it is shown when it is shown first). None: never passed over.
        """
        job = _Job(slot, work, then, failed, same)
        newest = self._waiting.get(slot) or self._running.get(slot)
        if newest is not None and same is not None and newest.same == same:
            return
        if slot in self._running:
            self._waiting[slot] = job
        else:
            self._start(job)

    def answered(self, message: Answered) -> None:
        """Deliver one answer, unless a newer request waits behind it."""
        job = message.job
        del self._running[job.slot]
        if newer := self._waiting.pop(job.slot, None):
            self._start(newer)
        elif message.error is not None:
            job.failed(message.error)
        else:
            job.then(message.value)

    def _start(self, job: _Job) -> None:
        self._running[job.slot] = job
        # No daemon: one cut off inside native code takes the process down with a crash when the app ends.
        threading.Thread(target=self._run, args=(job,), name=f"load-{job.slot}", daemon=False).start()

    def _run(self, job: _Job) -> None:
        value, error = None, None
        try:
            value = job.work()
        except RudeError as planned:
            error = planned
        except Exception as surprise:  # noqa: BLE001 - a thread has nobody above it; the person gets to see it
            error = unexpected(surprise)
        try:
            self._owner.post_message(Answered(job, value, error))
        except RuntimeError:
            # The loop is closed: the app has ended, and nobody waits for this any more.
            _log.debug("the app closed before %s was read", job.slot)


def unexpected(error: BaseException) -> RudeError:
    """An error nobody planned for, with its traceback, as one that can be shown and copied."""
    _log.error("unexpected", exc_info=error)
    trace = "".join(traceback.format_exception(error)).rstrip()
    return RudeError(
        f"{type(error).__name__}: {error}\n\n{trace}",
        where="something unexpected went wrong",
        fix="copy this with y and report it; stored results are not touched",
    )
