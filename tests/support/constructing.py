"""A construction, and a verifier's trial, asked for in one call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from engine.construct.job import ConstructJob, TrialJob
from engine.construct.pipeline import Construction
from engine.construct.settings import Running
from engine.construct.trial import VerifierTrial
from engine.jobs.job import perform
from engine.jobs.progress import Phase, RunState
from engine.store.connection import Store
from rubrics.errors import BadInput, RudeError

Told = Callable[[SimpleNamespace], None]


class _Progress:
    def __init__(self, tell: Told | None) -> None:
        self.tell = tell

    def started(self, states: tuple[RunState, ...]) -> None: ...

    def advanced(self, state: RunState) -> None:
        if self.tell is not None:
            self.tell(_flat(state))

    def finished(self, states: tuple[RunState, ...]) -> None: ...


def _flat(state: RunState) -> SimpleNamespace:
    return SimpleNamespace(**(vars(state.account) if state.account else {}), state=state, phase=state.phase)


def _only(states: tuple[RunState, ...]) -> RunState:
    (state,) = states
    if state.phase is Phase.FAILED:
        raise (BadInput if state.bad_input else RudeError)(state.error)
    return state


def construct(
    store: Store,
    construction: Construction,
    running: Running,
    tell: Told | None = None,
    cancel: threading.Event | None = None,
    pause: threading.Event | None = None,
) -> SimpleNamespace:
    """Its end: phase, and all that its account holds. Raises what it failed for."""
    job = ConstructJob(construction, running)
    return _flat(_only(perform(store, job, _Progress(tell), cancel, pause)))


def run_trial(
    store: Store, trial: VerifierTrial, model: Any, *, concurrency: int = 8, tell: Told | None = None,
    cancel: threading.Event | None = None,
) -> Any:  # fmt: skip
    """What the verifier said; None if it was stopped."""
    job = TrialJob(trial, model, concurrency)
    return _only(perform(store, job, _Progress(tell), cancel)).account
