"""How work reports itself. The engine fills in frozen snapshots; the app, the terminal and JSON each show them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, Protocol

__all__ = [
    "CONTROLS", "MAX_HZ", "NONE_SCORED", "TRAINING", "NoProgress", "Phase", "Progress", "RunState", "Throttle",
    "seconds_left", "shown_phase", "way_of",
]  # fmt: skip

MAX_HZ: Final = 20
"""Snapshots a second at most: more only makes an interface lag."""


class Phase(StrEnum):
    """What a run is doing; the last seven are ends, `paused` is none."""

    QUEUED = "queued"
    HASHING = "hashing"
    LOADING = "loading"
    TOKENISING = "tokenising"
    SCORING = "scoring"
    TRAINING = "training"
    DRAFTING = "drafting criteria"
    MAKING = "making pairs"
    WRITING = "writing the suite"
    TRYING = "trying the verifier"
    PAUSED = "paused"
    DONE = "done"
    UP_TO_DATE = "up to date"
    CANCELLED = "cancelled"
    CAPPED = "stopped at a cap"
    FAILED = "failed"
    REFUSED = "refused"
    BUSY = "busy elsewhere"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self in _ENDS


CONTROLS: Final = {"none": "without the prompt", "other": "another pair's prompt"}
"""In words, by what is shown in place of a pair's own prompt."""
_ENDS: Final = frozenset({
    Phase.DONE, Phase.UP_TO_DATE, Phase.CANCELLED, Phase.CAPPED, Phase.FAILED, Phase.REFUSED, Phase.BUSY,
})  # fmt: skip


NONE_SCORED: Final = "none scored"
"""What a run is called that has ended with every pair skipped."""


def shown_phase(phase: str, scored: int, skipped: int) -> str:
    """A phase or a stored status as it is called: a run in which nothing could be scored is not done."""
    return NONE_SCORED if phase in ("done", "up to date") and skipped and not scored else phase


TRAINING: Final = "training"
"""What stands for post-training where a run of scoring has its protocol; steps stand where pairs do."""


def way_of(protocol: str, prompt: str, wording: str = "") -> str:
    """A protocol in words, with the wording where it is not the plain one, and what it is a control for."""
    way = f"{protocol} ({wording})" if wording else protocol
    return f"{way}, {CONTROLS[prompt]}" if prompt in CONTROLS else way


@dataclass(frozen=True)
class RunState:
    """One run at one moment."""

    key: str
    """Tells the runs of one call apart: candidate, suite and protocol."""
    candidate: str
    suite: str
    protocol: str
    precision: str = ""
    device: str = ""
    phase: Phase = Phase.QUEUED
    run_id: str = ""
    done: int = 0
    """Pairs with a verdict, earlier stretches included."""
    total: int = 0
    """Pairs that can be scored."""
    skipped: int = 0
    right: float = 0.0
    """Pairs won so far under the headline metric, in this stretch; ties count ½."""
    judged: int = 0
    """Pairs scored in this stretch."""
    pairs_per_second: float = 0.0
    tokens_per_second: float = 0.0
    eta_seconds: float | None = None
    memory_bytes: int = 0
    """Of the worker: resident memory, or the device's where it has one."""
    prompt: str = "own"
    """`none` or `other` for a control: the same pairs without their prompt, or with another pair's."""
    wording: str = ""
    """Its label; empty for the plain one."""
    stage: str = ""
    """Where a race for a decision stands: `round 3, 4 candidates left`."""
    note: str = ""
    error: str = ""
    """What failed, where and what to do; may have several lines."""
    bad_input: bool = False
    """Whether it failed for what was given, not for what happened."""
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())
    """Things a reader of the result must know: shots used, items skipped, fallbacks."""
    account: object = None
    """What its kind of job tells beyond this, as a frozen snapshot."""

    def to_json(self) -> dict[str, Any]:
        """What every kind of job tells, as plain JSON values."""
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "account"}
        return {**values, "phase": str(self.phase), "notes": list(self.notes)}

    @property
    def way(self) -> str:
        """The protocol, and what it is a control for."""
        return way_of(self.protocol, self.prompt, self.wording)


class Progress(Protocol):
    """Where snapshots go. Called from the threads that run, by one at a time; must return at once."""

    def started(self, states: tuple[RunState, ...]) -> None:
        """The whole queue, before anything happens."""

    def advanced(self, state: RunState) -> None:
        """One run moved on; at most `MAX_HZ` times a second, changes of phase always."""

    def finished(self, states: tuple[RunState, ...]) -> None:
        """Everything has ended."""


class NoProgress:
    """Tells nobody."""

    def started(self, states: tuple[RunState, ...]) -> None:
        """Nothing."""

    def advanced(self, state: RunState) -> None:
        """Nothing."""

    def finished(self, states: tuple[RunState, ...]) -> None:
        """Nothing."""


class Throttle:
    """Lets through at most `hz` calls a second."""

    def __init__(self, hz: float = MAX_HZ) -> None:
        self._gap = 1.0 / hz
        self._last = float("-inf")

    def ready(self) -> bool:
        """True if enough time has passed since the last True."""
        now = time.monotonic()
        if now - self._last < self._gap:
            return False
        self._last = now
        return True


def seconds_left(states: Sequence[RunState], workers: int = 1) -> tuple[float, bool]:
    """How long what is left will take, as fast as it has gone so far.

    A run that has not begun is taken to go as fast as its candidate did before under the same protocol.

    Args:
        workers: candidates that are scored side by side.

    Returns:
        Seconds, and whether that is all of it: False where of some run nothing is known.
    """
    speeds = {(s.candidate, s.protocol): s.pairs_per_second for s in states if s.pairs_per_second}
    by_candidate: dict[str, float] = {}
    whole = True
    for state in states:
        pairs = 0 if state.phase.ended else state.total - state.done
        if pairs <= 0:
            continue
        speed = state.pairs_per_second or speeds.get((state.candidate, state.protocol), 0.0)
        whole = whole and speed > 0
        if speed:
            by_candidate[state.candidate] = by_candidate.get(state.candidate, 0.0) + pairs / speed
    each = list(by_candidate.values())
    return max(sum(each) / max(1, workers), max(each, default=0.0)), whole
