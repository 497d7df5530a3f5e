"""Having expert traces written, a kind of job: this process asks, a model behind a server answers."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.candidates.address import Address, key_from
from engine.candidates.server import CallFailed
from engine.jobs.job import Job, Refused, Signals, Turn
from engine.jobs.process import POLL_SECONDS, Runner
from engine.jobs.progress import Phase, RunState
from engine.jobs.states import States
from engine.predictors.trace_file import by_candidates
from engine.predictors.trace_writing import Asking, TraceTask, Unusable, Writer, WrittenTrace, kept_lines, write_lines
from engine.store.connection import Store
from engine.store.runs import candidate_names
from rubrics.counted import count
from rubrics.errors import BadInput, EndpointError, RudeError

__all__ = ["TraceWriting", "plan_trace_writing"]

_WRITTEN_SECONDS = 5.0
"""In which what has come is in the file at the latest."""
_HOPELESS = 8
"""Questions that fail in a row, with none answered between, before the model is given up."""


@dataclass(frozen=True)
class TraceWriting(Job):
    """One file: what is in it already is not asked for again."""

    address: Address
    key: str
    tasks: tuple[TraceTask, ...]
    output: Path
    asking: Asking
    concurrency: int
    kept: dict[str, WrittenTrace]
    warning: str
    """What must be said of the writer; empty where nothing has to be."""
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        """See `Job`."""
        done = len(self.kept)
        return (
            RunState(
                key=str(self.output), run_id=str(self.output), candidate=self.address.model, suite=self.output.stem,
                protocol="traces", done=done, total=len(self.tasks), stage=count(done, "trace") if done else "",
                phase=Phase.QUEUED if done < len(self.tasks) else Phase.UP_TO_DATE,
                notes=(self.warning,) if self.warning else (),
            ),
        )  # fmt: skip

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        """See `Job`."""
        if len(self.kept) < len(self.tasks):
            yield _WritingTurn(self, states)


def plan_trace_writing(
    store: Store,
    address: Address,
    tasks: Sequence[TraceTask],
    output: Path,
    asking: Asking | None = None,
    *,
    key_variable: str | None = None,
    concurrency: int = 4,
) -> TraceWriting:
    """What would be asked. A file that is there is gone on with.

    Raises:
        BadInput: the file holds something else, cannot be written, or the key is not where it was said to be.
    """
    if output.suffix.lower() != ".jsonl":
        raise BadInput("does not end in .jsonl", where=str(output), fix=f"such as {output.stem or 'traces'}.jsonl")
    if not output.parent.is_dir():
        raise BadInput("no such folder", where=str(output.parent), fix="make it first, or name another")
    if not tasks:
        raise BadInput("there are no prompts to write traces of", fix="give a file of prompts, or a suite")
    key = key_from(key_variable)
    kept = kept_lines(output, tasks, address.model)
    warning = by_candidates([address.model], output.stem, candidate_names(store))
    return TraceWriting(address, key, tuple(tasks), output, asking or Asking(), concurrency, kept, warning)


class _WritingTurn(Turn):
    """All that is missing, several questions at a time."""

    def __init__(self, job: TraceWriting, states: States) -> None:
        self._key = job.states[0].key
        super().__init__([self._key], states)
        self._job = job
        self._lines = dict(job.kept)
        self._left_out: dict[str, str] = {}
        self._written = time.monotonic()
        self._told = True

    def carry_out(self, signals: Signals, runner: Runner) -> None:
        """See `Turn`.

        Raises:
            EndpointError: the model answers nobody.
        """
        asyncio.run(self._all(signals))

    def close(self, phase: Phase, failure: RudeError | None) -> None:
        """Write what has come."""
        self._write()
        notes = [*([self._job.warning] if self._job.warning else []), *self._remarks()]
        self.states.update(
            self._key, done=len(self._lines), skipped=len(self._left_out), notes=(*notes, *self._reasons())
        )
        super().close(phase, failure)

    def _remarks(self) -> Iterator[str]:
        if wrong := sum(not line.passed for line in self._lines.values()):
            yield f"{count(wrong, 'trace')} did not pass the checks and stay: traces are not filtered by being right"
        if self._lines and not self._told:
            lacking = sum(not line.tokens for line in self._lines.values())
            yield f"no log-probabilities for {count(lacking, 'trace')}: the file has none, and gives no rBridge weights"

    def _reasons(self) -> Iterator[str]:
        yield from (f"{name}: the answer {why}" for name, why in self._left_out.items())

    async def _all(self, signals: Signals) -> None:
        job = self._job
        writer = Writer(job.address, job.key, job.asking)
        left = deque(task for task in job.tasks if task.id not in self._lines)
        under_way: dict[asyncio.Task[WrittenTrace], TraceTask] = {}
        unlucky = 0
        try:
            while left or under_way:
                while left and len(under_way) < job.concurrency:
                    if not await asyncio.to_thread(signals.wait, self.keys, self.states):
                        return
                    task = left.popleft()
                    under_way[asyncio.create_task(writer.trace(task))] = task
                self.states.update(self._key, phase=Phase.SCORING)
                ended, _ = await asyncio.wait(under_way, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                for one in ended:
                    unlucky = self._take(under_way.pop(one), one, unlucky)
                if signals.cancel.is_set():
                    return
        finally:
            for one in under_way:
                one.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            await writer.close()

    def _take(self, task: TraceTask, answered: asyncio.Task[WrittenTrace], unlucky: int) -> int:
        """Take in what came of one question; how many have failed in a row."""
        try:
            self._lines[task.id] = answered.result()
            unlucky = 0
        except Unusable as error:
            self._left_out[task.id] = str(error)
            unlucky = 0
        except CallFailed as error:
            self._left_out[task.id] = f"did not come: {error}"
            unlucky += 1
            if unlucky >= _HOPELESS:
                raise EndpointError(
                    f"failed {_HOPELESS} questions in a row; the last: {error}", where=str(self._job.address),
                    fix="see to the server, then start it again: what has come is in the file",
                ) from None  # fmt: skip
        done = len(self._lines)
        self.states.update(
            self._key, done=done, skipped=len(self._left_out), stage=f"{done:,} of {len(self._job.tasks):,} traces"
        )
        if time.monotonic() - self._written > _WRITTEN_SECONDS:
            self._write()
        return unlucky

    def _write(self) -> None:
        self._told = write_lines(self._job.output, self._job.tasks, self._lines, self._job.address.model)
        self._written = time.monotonic()
