"""The states of everything that a job does, kept current and shown."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from engine.jobs.progress import Phase, Progress, RunState, Throttle

__all__ = ["States"]


class States:
    """One state a run, by key; changes reach `progress` through the throttle, another phase always. Turns that go on
    side by side may change them, one at a time."""

    def __init__(self, states: Iterable[RunState], progress: Progress) -> None:
        self._states = {state.key: state for state in states}
        self._progress = progress
        self._throttle = Throttle()
        self._lock = threading.RLock()

    @property
    def all(self) -> tuple[RunState, ...]:
        """All of them, in the order of the plan."""
        return tuple(self._states.values())

    def __getitem__(self, key: str) -> RunState:
        return self._states[key]

    def start(self) -> None:
        """Show the whole queue."""
        self._progress.started(self.all)

    def update(self, key: str, **changes: Any) -> None:
        """Change a state, and show it if it is time to."""
        with self._lock:
            before = self._states[key]
            state = self._states[key] = replace(before, **changes)
            if self._throttle.ready() or state.phase is not before.phase:
                self._progress.advanced(state)

    def finish(self, phase: Phase = Phase.CANCELLED, error: str = "") -> None:
        """End whatever has not ended, and show all."""
        for key, state in self._states.items():
            if not state.phase.ended:
                self.update(key, phase=phase, error=error)
        self._progress.finished(self.all)
