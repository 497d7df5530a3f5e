"""Building pairs, and trying a verifier: kinds of job that this process does itself, since models answer elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.construct.account import Account
from engine.construct.chat import ChatModel
from engine.construct.output import NothingMade, write_construction
from engine.construct.pipeline import Construction, Pipeline, open_models
from engine.construct.request import ConstructRequest
from engine.construct.settings import Running
from engine.construct.tally import Tally
from engine.construct.trial import VerifierTrial, try_verifier
from engine.jobs.job import Job, Refused, Signals, Turn
from engine.jobs.process import Runner
from engine.jobs.progress import Phase, RunState
from engine.jobs.states import States
from engine.store.connection import Store
from engine.store.construct import ConstructRow, add_trial, close_construct, keep_facts, open_construct
from engine.store.runs import Status
from rubrics.errors import RudeError

__all__ = ["ConstructJob", "ConstructTurn", "TrialJob", "asked_for"]

_CAPPED: Final = "a cap is reached; asked for again with a higher one, it goes on"


@dataclass(frozen=True)
class ConstructJob(Job):
    """One construction: what has been answered is in the store, so asked for again it goes on where it stopped. Its
    state carries an `Account`; what is done counts pairs once they are written, and those that were planned and did
    not come out count as skipped."""

    construction: Construction
    running: Running
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        """See `Job`."""
        settings, run_id = self.construction.settings, self.construction.run_id
        state = RunState(
            key=run_id, run_id=run_id, candidate=settings.generator.name, suite=self.construction.output.stem,
            protocol=settings.method, account=Account(),
        )  # fmt: skip
        return (state,)

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        """See `Job`."""
        yield ConstructTurn(store, self.construction, self.running, states)


def asked_for(store: Store, values: Mapping[str, Any]) -> ConstructJob:
    """The job that a `ConstructRequest`, as JSON values, asks for.

    Raises:
        BadInput: something given cannot be used.
    """
    request = ConstructRequest.of_json(values)
    return ConstructJob(request.construction(), request.running)


class ConstructTurn(Turn):
    """All of a construction: examples, then the suite and its card. Cancelled, nothing is written; at a cap, what is
    whole."""

    def __init__(self, store: Store, construction: Construction, running: Running, states: States) -> None:
        self._run_id = construction.run_id
        super().__init__([self._run_id], states)
        self._store, self._construction, self._running = store, construction, running
        self._tally = Tally(lambda changes: states.update(self._run_id, **changes))
        self._models: dict[str, ChatModel] = {}
        self._end = Phase.CANCELLED
        """How it ended, unless it failed: cancelled until everything is made and written."""

    def claim(self) -> bool:
        """See `Turn`.

        Raises:
            BadInput: settings that cannot be meant, or a key that is not where it was said to be.
        """
        settings, running = self._construction.settings, self._running
        settings.check()
        self._models = open_models(settings, running)
        row = ConstructRow(
            self._run_id, self._construction.output.stem, settings.method, str(settings.generator),
            " + ".join(map(str, settings.verifiers)),
            {**settings.identity(), "caps": [running.max_calls, running.max_tokens]},
            "\n".join(prompt.canonical() for prompt in self._construction.prompts), 0, Status.STARTED, "", {}, "", "",
        )  # fmt: skip
        owner = open_construct(self._store, row, take_over=self.take_over)
        if owner is not None:
            self.states.update(self._run_id, phase=Phase.BUSY, error=str(owner.busy("at work on this construction")))
        return owner is None

    def carry_out(self, signals: Signals, runner: Runner) -> None:
        """See `Turn`.

        Raises:
            BadInput: no prompt has criteria.
            EndpointError: a model that answers nobody.
            RudeError: nothing came through, or the suite cannot be written.
        """
        pipeline = Pipeline(self._store, self._construction, self._running, self._tally, self._models, signals)
        end = asyncio.run(pipeline.run())
        if end is Phase.CANCELLED:
            return
        self._tally.enter(Phase.WRITING)
        keep_facts(self._store, self._run_id, self._tally.facts())
        try:
            written = write_construction(self._store, self._run_id, self._construction.output)
        except NothingMade:
            if end is Phase.DONE:
                raise
        else:
            self._tally.notes += written.notes
            self._tally.pairs, self._tally.output = written.pairs, str(self._construction.output)
        self._end = end

    def close(self, phase: Phase, failure: RudeError | None) -> None:
        """See `Turn`."""
        end = phase if phase is Phase.FAILED else self._end
        failure = RudeError(_CAPPED) if end is Phase.CAPPED else failure
        status = Status.CANCELLED if end is Phase.CAPPED else Status(str(end))
        close_construct(self._store, self._run_id, status, error=str(failure or ""))
        self._tally.phase = end
        changes = self._tally.changes()
        if end is not Phase.CANCELLED:
            account = changes["account"]
            lacking = len(self._construction.prompts) - account.planned("positives")
            changes |= {
                "done": account.pairs, "total": account.planned("negatives"),
                "skipped": max(0, lacking) + max(0, account.planned("negatives") - account.pairs),
            }  # fmt: skip
        self.states.update(self._run_id, **changes)
        self.end(self._run_id, end, failure)


@dataclass(frozen=True)
class TrialJob(Job):
    """A verifier on trial; its state carries the `TrialRow` once it is over."""

    trial: VerifierTrial
    model: ChatModel
    concurrency: int = 8
    max_calls: int | None = None
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        """See `Job`."""
        trial = self.trial
        return (RunState(key=trial.trial_id, run_id=trial.trial_id, candidate=trial.verifier.name, suite="world",
                         protocol="trial", total=trial.labels),)  # fmt: skip

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        """See `Job`."""
        yield _TrialTurn(store, self, states)


class _TrialTurn(Turn):
    """All of a trial. Two processes may do the same: they ask the same, and the later one finds the answers."""

    def __init__(self, store: Store, job: TrialJob, states: States) -> None:
        self._trial_id = job.trial.trial_id
        super().__init__([self._trial_id], states)
        self._store, self._job = store, job

    def carry_out(self, signals: Signals, runner: Runner) -> None:
        """See `Turn`.

        Raises:
            EndpointError: it answers nobody.
            RudeError: a cap was reached.
        """

        def tell(done: int) -> None:
            self.states.update(self._trial_id, phase=Phase.TRYING, done=done)

        job = self._job
        row = try_verifier(
            self._store, job.trial, job.model, concurrency=job.concurrency, max_calls=job.max_calls, tell=tell,
            cancel=signals.cancel,
        )  # fmt: skip
        if row is not None:
            add_trial(self._store, row)
            self.states.update(self._trial_id, account=row)
