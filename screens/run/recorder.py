"""How a queue went so far, thinned to what a chart can show. Plain Python."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.jobs.runs import PlannedRun

__all__ = ["Recorder", "RunTrace", "Trace", "speeds"]

_POINTS: Final = 360
"""Points kept of each line; when there are more, every other one goes."""


@dataclass(frozen=True)
class RunTrace:
    """How the accuracy of one run settled."""

    points: tuple[tuple[float, float], ...] = ()
    """(pairs scored in this stretch, pairs won of them), as they grew."""
    groups: int = 0
    """Prompts in the suite."""
    pairs: int = 0
    """Pairs in the suite."""
    largest: int = 1
    """Pairs of the prompt that has most."""


@dataclass(frozen=True)
class Trace:
    """The whole queue."""

    tokens: tuple[tuple[float, float], ...] = ()
    """(seconds since the start, tokens sent to models so far)."""
    runs: Mapping[str, RunTrace] = field(default_factory=dict)
    """By key of the run's state."""


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
            runs[key] = RunTrace(line.kept, groups, pairs, largest)
        return Trace(self._tokens.kept, runs)


class _Line:
    """Points of one line, no closer to each other than the span of the whole allows."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self._gap = 0.0
        self._kept: tuple[tuple[float, float], ...] | None = None

    @property
    def kept(self) -> tuple[tuple[float, float], ...]:
        """The points as they are now, copied once for as long as none is added."""
        if self._kept is None:
            self._kept = tuple(self.points)
        return self._kept

    def add(self, x: float, y: float, *, sure: bool = False) -> None:
        self._kept = None
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


def speeds(points: Sequence[tuple[float, float]], samples: int) -> list[float]:
    """Tokens a second over each of `samples` equal stretches of time, from tokens sent so far.

    Between two points the speed is taken to have been even.
    """
    if len(points) < 2 or samples < 1 or points[-1][0] <= points[0][0]:
        return []
    start, end = points[0][0], points[-1][0]
    step = (end - start) / samples
    found, at, before = [], 0, points[0][1]
    for sample in range(1, samples + 1):
        moment = start + step * sample
        while at < len(points) - 2 and points[at + 1][0] < moment:
            at += 1
        (x0, y0), (x1, y1) = points[at], points[at + 1]
        total = y1 if x1 <= x0 else y0 + (y1 - y0) * min(1.0, (moment - x0) / (x1 - x0))
        found.append(max(0.0, total - before) / step)
        before = total
    return found
