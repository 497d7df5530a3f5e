"""One way to do long work.

Something is asked for; `plan` of its kind turns that into a `Job`, which says what would be done before anything is.
`perform` does it, turn by turn: a turn is claimed, so that no other process does the same; carried out, by a worker
process or by whoever asks; and closed, however it ended. Its events become stored rows and shown states. What differs
between kinds of job is a `Job` and a `Turn` of their own; everything else stands here once.
"""

from __future__ import annotations

import pkgutil
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Final, NamedTuple

from engine.jobs.child import in_words
from engine.jobs.process import POLL_SECONDS, Runner, Worker, WorkerProcess
from engine.jobs.progress import NoProgress, Phase, Progress, RunState
from engine.jobs.states import States
from engine.store.asked import LeftOver, forget_asked, remember_asked
from engine.store.connection import Store
from engine.store.owners import LeftElsewhere, left_elsewhere
from rubrics.errors import Exit, RudeError

__all__ = [
    "COMMIT_SECONDS", "Asked", "Job", "LeftElsewhere", "Refused", "Signals", "Turn", "WorkerTurn",
    "asked_again", "exit_code", "perform",
]  # fmt: skip


_ASKED_FOR: Final = re.compile(r"engine\.(jobs\.planning|posttrain\.job):asked_for")
"""Functions that make jobs of what was asked for."""
COMMIT_SECONDS: Final = 0.5
"""In which what has come of a job is stored at the latest."""


class Refused(NamedTuple):
    """Something asked for that cannot be done."""

    name: str
    what: str
    """What is wrong."""
    fix: str
    """What to do."""


class Asked(NamedTuple):
    """How another process is asked for a job."""

    function: str
    """`module:function`, which makes the job of a store and the request."""
    request: Mapping[str, Any]
    """As plain JSON values."""


class Signals(NamedTuple):
    """What whoever started the work may set at any time."""

    cancel: threading.Event
    pause: threading.Event

    def wait(self, keys: Iterable[str], states: States) -> bool:
        """While paused, show what would be next as paused; False once cancelled."""
        waiting = [key for key in keys if not states[key].phase.ended]
        if self.pause.is_set():
            for key in waiting:
                states.update(key, phase=Phase.PAUSED)
            while self.pause.is_set() and not self.cancel.wait(POLL_SECONDS):
                pass
            for key in waiting:
                states.update(key, phase=Phase.QUEUED)
        return not self.cancel.is_set()


class Turn(ABC):
    """Runs that are done in one go."""

    def __init__(self, keys: Sequence[str], states: States) -> None:
        self.keys = keys
        """Of the states that it moves."""
        self.states = states
        self.take_over = False
        """Whether what a machine out of sight is said to be at counts as left there: it is gone for good."""

    def claim(self) -> bool:
        """Take it, in the store, for this process. False where nothing is left to do, or another process does it: the
        states then say so."""
        return True

    @abstractmethod
    def carry_out(self, signals: Signals, runner: Runner) -> None:
        """Do it; returns early once cancelled, with what is done kept.

        Raises:
            RudeError: it failed.
        """

    def close(self, phase: Phase, failure: RudeError | None) -> None:
        """Write down how it ended: every run of it that has not ended yet ended so. Called however that was."""
        for key in self.keys:
            if not self.states[key].phase.ended:
                self.end(key, phase, failure)

    def end(self, key: str, phase: Phase, failure: RudeError | None = None) -> None:
        """Show how one of its runs ended."""
        bad = failure is not None and failure.exit_code is Exit.BAD_INPUT
        self.states.update(key, phase=phase, error=str(failure or ""), bad_input=bad)


class WorkerTurn(Turn):
    """A turn that a process of its own does: it holds the accelerator, and its end frees the memory for certain."""

    KEPT: ClassVar[Collection[str]] = ()
    """Events that carry work done: what was sent before the worker's end is handled even after it."""
    log = ""
    """The worker's, once it has been started."""
    warnings: tuple[str, ...] = ()
    """What spoke against how it went, for whoever reads the result."""

    @abstractmethod
    def message(self) -> AbstractContextManager[Mapping[str, Any]]:
        """What the worker is told: `kind`, by which it finds its work, and all that this needs. Files that it names
        exist inside the context."""

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take in one event. Here: `phase`, and `advanced` with what changes in the state of the first run."""
        if event["event"] == "phase":
            for key in self.keys:
                self.states.update(key, phase=Phase(event["phase"]))
        elif event["event"] == "advanced":
            self.states.update(self.keys[0], **event["changes"])

    def warn(self, words: str) -> None:
        """Note beside every run that goes on what speaks against how it goes."""
        self.warnings += (words,)
        for key in self.keys:
            if not self.states[key].phase.ended:
                self.states.update(key, notes=(*self.states[key].notes, words))

    def carry_out(self, signals: Signals, runner: Runner) -> None:
        """Follow the worker to its end."""
        with self.message() as message, runner(message) as worker:
            self.log = str(worker.log)
            try:
                for event in worker.events(*signals, self.warn):
                    self._understand(event, worker)
            finally:
                # Also on Ctrl-C: what the worker had sent is work done, and is kept.
                for event in worker.drain():
                    if event["event"] in self.KEPT:
                        self._understand(event, worker)

    def _understand(self, event: Mapping[str, Any], worker: Worker) -> None:
        try:
            self.handle(event)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise worker.misunderstood(f"{event['event']} ({in_words(error)})") from error


class Job(ABC):
    """What would be done: shown before anything is, then performed."""

    refused: tuple[Refused, ...]

    @property
    @abstractmethod
    def states(self) -> tuple[RunState, ...]:
        """The first snapshot of everything it does, in order."""

    @property
    def asked(self) -> Asked | None:
        """How another process can be asked for the same, to take it up; None where it cannot."""
        return None

    def left_elsewhere(self, store: Store) -> list[LeftElsewhere]:
        """What of it a process on a machine out of sight is said to be at, by machine: `perform` passes that over
        unless it is told to take it over."""
        return left_elsewhere(store, [state.run_id for state in self.states if not state.phase.ended])

    @property
    def workers(self) -> int:
        """Turns of a stage that are carried out side by side."""
        return 1

    @property
    def runner(self) -> Runner:
        """Where its workers run."""
        return WorkerProcess

    @abstractmethod
    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        """What is done, one turn after another. The next is asked for when the last has been closed, so it may depend
        on what came of it."""

    def stages(self, store: Store, states: States) -> Iterator[Iterable[Turn]]:
        """The same in stages: the turns of a stage do not depend on each other, and may go on side by side."""
        for turn in self.turns(store, states):
            yield (turn,)


def perform(
    store: Store,
    job: Job,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    pause: threading.Event | None = None,
    *,
    take_over: bool = False,
    runner: Runner | None = None,
) -> tuple[RunState, ...]:
    """Do what is planned; blocks. A turn that fails is reported in its states, and the rest go on.

    Asking for the same again takes it up where it stopped: what is stored is not done twice.

    Args:
        cancel: once set, every worker is killed, what it has sent is stored, and this call returns.
        pause: while set, every worker sleeps once the batch at hand is done, its memory held, and no turn is begun.
        take_over: also do what a process on a machine out of sight is at, as far as is known: it is gone.
        runner: where workers run; None: where the job has them.

    Raises:
        StoreError: nothing can be stored.
    """
    states = States(job.states, progress or NoProgress())
    where = runner or job.runner
    signals = Signals(cancel or threading.Event(), pause or threading.Event())
    states.start()
    try:
        if job.asked is not None and sum(not state.phase.ended for state in states.all) > 1:
            remember_asked(store, *job.asked, runs=len(states.all))
        for stage in job.stages(store, states):
            _side_by_side(job.workers, stage, lambda turn: _begin(turn, states, signals, take_over, where))
            if signals.cancel.is_set():
                break
    except RudeError as error:
        states.finish(Phase.FAILED, str(error))
        raise
    except BaseException:
        states.finish(Phase.FAILED)
        raise
    states.finish()
    # What failed would fail again; what was stopped is taken up.
    if job.asked is not None and not any(state.phase in (Phase.CANCELLED, Phase.BUSY) for state in states.all):
        forget_asked(store, *job.asked)
    return states.all


def asked_again(store: Store, left: LeftOver) -> Job:
    """The job of what was asked for earlier; where it can no longer be made, it is not kept any longer.

    Raises:
        RudeError: what it needs is gone.
    """
    try:
        # A database may come from anybody: it names no other code than this.
        if not _ASKED_FOR.fullmatch(left.function):
            raise RudeError("what was asked for is none of this program's jobs", where=str(store.path))
        make: Callable[[Store, Mapping[str, Any]], Job] = pkgutil.resolve_name(left.function)
        return make(store, left.request)
    except RudeError:
        forget_asked(store, left.function, left.request)
        raise


def _begin(turn: Turn, states: States, signals: Signals, take_over: bool, runner: Runner) -> None:
    if signals.wait(turn.keys, states):
        turn.take_over = take_over
        _take(turn, signals, runner)


def _side_by_side(workers: int, turns: Iterable[Turn], do: Callable[[Turn], None]) -> None:
    """Do turns, so many at a time; what ends one of them without being expected to is raised once all have ended."""
    if workers == 1:
        for turn in turns:
            do(turn)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="turn") as pool:
        under_way = [pool.submit(do, turn) for turn in turns]
    for ended in under_way:
        ended.result()


def _take(turn: Turn, signals: Signals, runner: Runner) -> None:
    if not turn.claim():
        return
    phase, failure = Phase.CANCELLED, None
    try:
        turn.carry_out(signals, runner)
        if not signals.cancel.is_set():
            phase = Phase.DONE
    except RudeError as error:
        phase, failure = Phase.FAILED, error
    except Exception as error:
        phase, failure = Phase.FAILED, RudeError(in_words(error))
        raise
    finally:
        turn.close(phase, failure)


def exit_code(states: Sequence[RunState], refused: Sized = ()) -> Exit:
    """What a command line should return for these ends.

    Args:
        refused: what was asked for and could not even be planned.
    """
    phases = {state.phase for state in states}
    if Phase.CANCELLED in phases:
        return Exit.INTERRUPTED
    if Phase.FAILED in phases or phases == {Phase.REFUSED}:
        bad = all(state.phase is not Phase.FAILED or state.bad_input for state in states)
        return Exit.BAD_INPUT if bad and phases <= {Phase.FAILED, Phase.REFUSED} else Exit.FAILED
    if Phase.CAPPED in phases and not any(state.done for state in states):
        return Exit.FAILED
    skipped = any(state.skipped and state.prompt == "own" for state in states)
    return Exit.SOME_SKIPPED if refused or skipped or phases & {Phase.BUSY, Phase.CAPPED, Phase.REFUSED} else Exit.DONE
