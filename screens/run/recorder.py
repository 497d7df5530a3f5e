"""Recording how a queue goes, thinned to what a chart can show. Plain Python."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from screens.shell.live import RunTrace, Trace

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.jobs.runs import PlannedRun

__all__ = ["Recorder"]

_POINTS: Final = 360
"""Points kept of each line; when there are more, every other one goes."""


class Recorder:
    """Takes every snapshot, keeps some."""

    def __init__(self, runs: Sequence[PlannedRun] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = clock()
        self._tokens = _Line()
        self._tokens.add(0.0, 0.0)
        self._sent: dict[str, float] = {}
        self._runs: dict[str, _Line] = {}
        self._about: dict[str, tuple[int, int, int]] = {}
        sizes: dict[str, tuple[int, int, int]] = {}
        for run in runs:
            if run.suite.hash not in sizes:
                sizes[run.suite.hash] = _sizes([pair.group for pair in run.suite.scored])
            self._about[run.run_id] = sizes[run.suite.hash]

    def take(self, state: RunState, *, turn: bool = False) -> None:
        """One snapshot; `turn` marks one whose moment must be kept, such as a change of phase."""
        self._sent[state.key] = state.tokens_per_second * state.seconds
        self._tokens.add(self._clock() - self._start, sum(self._sent.values()), sure=turn)
        if state.judged:
            self._runs.setdefault(state.key, _Line()).add(state.judged, state.right, sure=turn)

    def trace(self) -> Trace:
        """All of it, as it will stay."""
        runs = {}
        for key, line in self._runs.items():
            groups, pairs, largest = self._about.get(key, (0, 0, 1))
            runs[key] = RunTrace(line.snapshot, groups, pairs, largest)
        return Trace(self._tokens.snapshot, runs)


class _Line:
    """Points of one line, no closer to each other than the span of the whole allows."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self._gap = 0.0
        self._snapshot: tuple[tuple[float, float], ...] | None = None

    @property
    def snapshot(self) -> tuple[tuple[float, float], ...]:
        """The points as they are now, copied once for as long as none is added."""
        if self._snapshot is None:
            self._snapshot = tuple(self.points)
        return self._snapshot

    def add(self, x: float, y: float, *, sure: bool = False) -> None:
        self._snapshot = None
        # The last point always moves with what is newest; it stays once the next one is far enough away.
        if len(self.points) > 1 and not sure and x - self.points[-2][0] < self._gap:
            self.points[-1] = (x, y)
            return
        self.points.append((x, y))
        if len(self.points) > _POINTS:
            self.points = [*self.points[:-1:2], self.points[-1]]
            self._gap = max(self._gap * 2, (x - self.points[0][0]) / _POINTS * 2)


def _sizes(groups: Sequence[str]) -> tuple[int, int, int]:
    counts: dict[str, int] = {}
    for name in groups:
        counts[name] = counts.get(name, 0) + 1
    return len(counts), len(groups), max(counts.values(), default=1)
