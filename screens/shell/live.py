"""The work going on, as one snapshot that every screen may show. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.jobs.progress import RunState

__all__ = ["Live", "RunTrace", "Trace"]


@dataclass(frozen=True)
class RunTrace:
    """How the accuracy of one run settled."""

    points: tuple[tuple[float, float], ...] = ()
    """(pairs scored since the start, pairs won of them), as they grew."""
    groups: int = 0
    """Prompts in the suite."""
    pairs: int = 0
    """Pairs in the suite."""
    largest: int = 1
    """Pairs of the prompt that has most."""


@dataclass(frozen=True)
class Trace:
    """How the whole queue went."""

    tokens: tuple[tuple[float, float], ...] = ()
    """(seconds since the start, tokens sent to models so far)."""
    runs: Mapping[str, RunTrace] = field(default_factory=dict)
    """By key of the run's state."""


@dataclass(frozen=True)
class Live:
    """The runs going on, or those that ended last."""

    states: tuple[RunState, ...] = ()
    running: bool = False
    log: tuple[str, ...] = ()
    """What happened, newest last."""
    error: str = ""
    paused: bool = False
    """Whether the work has been asked to wait."""
    trace: Trace = field(default_factory=Trace)
    """How it went until now."""
    title: str = "Scoring"
    """What is done, in a few words."""
    came: str = ""
    """What came of it, in words, once it has ended; empty where the runs say it all."""

    @property
    def share(self) -> float:
        """How much of everything is done, 0 to 1."""
        total = sum(state.total for state in self.states)
        return sum(min(state.done, state.total) for state in self.states) / total if total else 0.0
