"""The work that goes on behind the screens: one job at a time, in a plain thread, told as snapshots."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.run.queue import unit
from screens.run.recorder import Recorder
from screens.shell.live import Live
from screens.shell.loading import unexpected

if TYPE_CHECKING:
    from engine.jobs.detached import Detached
    from engine.jobs.job import Asked, Job
    from engine.jobs.progress import RunState
    from engine.jobs.runs import Plan, RunRequest
    from engine.results.database import Store

__all__ = ["Came", "Runner"]

Came = Callable[["Store", "tuple[RunState, ...]"], str]
"""Says what came of a job, from the store and its states; blocks."""

_log = logging.getLogger(__name__)
_KEPT: Final = 500
"""Lines of log that stay on screen."""


class Runner:
    """Starts, pauses and stops work; gives every change to `publish`, from the working thread or the one that asks."""

    def __init__(self, publish: Callable[[Live], None]) -> None:
        self._publish = publish
        self._states: dict[str, RunState] = {}
        self._lines: deque[str] = deque(maxlen=_KEPT)
        self._cancel = threading.Event()
        self._pause = threading.Event()
        self._recorder = Recorder()
        self._thread: threading.Thread | None = None
        self._error = self._came = ""
        self._title, self._take_over = "Scoring", False
        self._asked: Asked | None = None
        """How another process would be asked for what goes on."""
        self.plan: Plan | None = None
        """What was done last, where that was scoring."""
        # Asking and working are two threads; a snapshot is taken by one of them at a time.
        self._lock = threading.RLock()

    @property
    def request(self) -> RunRequest | None:
        """What was asked for last, where that was scoring; planned again, it takes up what stopped."""
        return self.plan.request if self.plan is not None else None

    @property
    def running(self) -> bool:
        """Whether work is going on, or waits to go on."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def paused(self) -> bool:
        """Whether the work going on has been asked to wait."""
        return self.running and self._pause.is_set() and not self._cancel.is_set()

    def start(
        self, store: Store, job: Job, *, take_over: bool = False, title: str = "Scoring", came: Came | None = None
    ) -> None:
        """Begin; does nothing while other work goes on.

        Args:
            take_over: see `engine.jobs.job.perform`.
            title: what is done, in a few words.
            came: says what came of it, once it has ended; None where the runs say it all.
        """
        from engine.jobs.runs import Plan

        if self.running:
            return
        self.plan = job if isinstance(job, Plan) else None
        self._asked = job.asked
        self._recorder = Recorder(job.runs if isinstance(job, Plan) else ())
        self._title, self._take_over = title, take_over
        self._begin(lambda: self._perform(store, job, came, take_over=take_over))

    def _begin(self, work: Callable[[], None]) -> None:
        self._states, self._error, self._came = {}, "", ""
        self._cancel, self._pause = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, args=(work,), name="runs", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Ask the work to stop. It says `cancelled` when the worker is gone."""
        if self.running and not self._cancel.is_set():
            self._say("stopping; what is scored is kept")
            self._cancel.set()
            self._tell(running=True)

    def toggle_pause(self) -> None:
        """Ask the work to wait once the batch at hand is done, or to go on. What it has loaded stays loaded."""
        if not self.running or self._cancel.is_set():
            return
        if self._pause.is_set():
            self._say("going on")
            self._pause.clear()
        else:
            self._say("pausing after the batch at hand; the model stays loaded")
            self._pause.set()
        self._tell(running=True)

    @property
    def may_go_on(self) -> bool:
        """Whether another process could take up the work going on."""
        return self.running and self._asked is not None

    def go_on_without(self, store: Store) -> Detached | None:
        """Have a process that outlives this one take up what was asked for last, once it has ended here.

        Returns:
            It; None where there is nothing that can be taken up.

        Raises:
            RudeError: no process can be started.
        """
        from engine.jobs.detached import start_detached

        if self._asked is None:
            return None
        return start_detached(self._asked.function, store.path, self._asked.request, take_over=self._take_over)

    def wait(self, seconds: float) -> bool:
        """Wait until the work has ended; False if it has not by then."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.running

    def _perform(self, store: Store, job: Job, came: Came | None, *, take_over: bool) -> None:
        from engine.jobs.job import perform

        for name, what, _ in job.refused:
            self._say(f"{name}: left out, {what}")
        states = perform(store, job, self, self._cancel, self._pause, take_over=take_over)
        if self._cancel.is_set() and self.plan is not None:
            self._keep(store, self.plan, states)
        if came is not None:
            self._came = came(store, states)
            for line in filter(None, self._came.splitlines()):
                self._say(line)

    def _keep(self, store: Store, plan: Plan, states: tuple[RunState, ...]) -> None:
        """What was settled when it was stopped is a decision taken early."""
        from engine.jobs.so_far import keep, so_far
        from engine.results.decisions import claim

        for decision in keep(store, so_far(store, plan, states)):
            self._say(claim(decision))

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except RudeError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - the thread has nobody above it; the person gets to see it
            self._fail(unexpected(error))
        finally:
            self._tell(running=False)

    def _fail(self, error: RudeError) -> None:
        self._error = str(error)
        self._say(str(error))

    # The engine's Progress protocol.

    def started(self, states: tuple[RunState, ...]) -> None:
        """The whole queue."""
        with self._lock:
            self._states = {state.key: state for state in states}
        self._say(f"{count(len(states), 'run')} in the queue")
        self._tell(running=True)

    def advanced(self, state: RunState) -> None:
        """One run moved on."""
        before = self._states.get(state.key)
        turn = before is None or before.phase is not state.phase
        with self._lock:
            self._states[state.key] = state
            self._recorder.take(state, turn=turn)
        if turn:
            self._say(_moved(state))
        for note in state.notes:
            if before is None or note not in before.notes:
                self._say(f"{_name(state)}: {note}")
        self._tell(running=True)

    def finished(self, states: tuple[RunState, ...]) -> None:
        """Everything has ended."""
        with self._lock:
            self._states = {state.key: state for state in states}
        self._say("all runs have ended")

    def _say(self, line: str) -> None:
        _log.info("%s", line)
        with self._lock:
            self._lines.append(f"{time.strftime('%H:%M:%S')}  {line}")

    def _tell(self, *, running: bool) -> None:
        with self._lock:
            self._publish(
                Live(
                    tuple(self._states.values()), running, tuple(self._lines), self._error,
                    paused=running and self._pause.is_set() and not self._cancel.is_set(),
                    trace=self._recorder.trace(), title=self._title, came="" if running else self._came,
                )
            )  # fmt: skip


def _name(state: RunState) -> str:
    return " · ".join(filter(None, (state.candidate, state.suite, state.way)))


def _moved(state: RunState) -> str:
    text = f"{_name(state)}: {state.phase}"
    if state.phase.ended and state.total:
        text += f", {state.done} of {state.total} {unit(state)}"
        if state.skipped:
            text += f", {state.skipped} cannot be scored"
    return f"{text}; {' '.join(state.error.split())}" if state.error else text
