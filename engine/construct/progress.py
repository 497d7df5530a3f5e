"""How a construction reports itself: frozen snapshots through one callback, at most 20 a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.construct.underway import UnderWay

__all__ = ["ConstructPhase", "ConstructState", "PhaseYield", "Tell", "nobody"]


class ConstructPhase(StrEnum):
    """What a construction is doing; the last four are ends."""

    DRAFTING = "drafting criteria"
    MAKING = "making pairs"
    WRITING = "writing the suite"
    DONE = "done"
    CAPPED = "stopped at a cap"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self in _ENDS


_ENDS: Final = frozenset({ConstructPhase.DONE, ConstructPhase.CAPPED, ConstructPhase.CANCELLED, ConstructPhase.FAILED})


@dataclass(frozen=True)
class PhaseYield:
    """What came of one kind of work so far."""

    name: str
    """`criteria`, `positives` or `negatives`."""
    planned: int
    accepted: int = 0
    rejected: int = 0
    rounds: int = 0
    """Rounds that those took, all together."""
    reasons: tuple[tuple[str, int], ...] = ()
    """Why they were rejected, most frequent first."""

    @property
    def done(self) -> int:
        """Accepted and rejected."""
        return self.accepted + self.rejected


@dataclass(frozen=True)
class ConstructState:
    """A construction at one moment."""

    run_id: str
    name: str
    phase: ConstructPhase
    yields: tuple[PhaseYield, ...]
    calls: int = 0
    """Questions put to models for this construction, earlier stretches included."""
    fresh: int = 0
    """Those answered in this stretch."""
    remembered: int = 0
    """Answers that were in the store already."""
    failed_calls: int = 0
    in_flight: int = 0
    tokens: int = 0
    seconds: float = 0.0
    eta_seconds: float | None = None
    latest: UnderWay | None = None
    """The example in which something moved last."""
    notes: tuple[str, ...] = ()
    """What a reader of the result must know: prompts left out, pairs set aside."""
    error: str = ""
    pairs: int = 0
    """Written to the suite, once it is."""
    output: str = ""


Tell = Callable[[ConstructState], None]
"""Called from the thread that works; must return at once."""


def nobody(_: ConstructState) -> None:
    """Tells nobody."""
