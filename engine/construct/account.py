"""What a construction tells beyond what every job does: what came of each kind of work, and what it took."""

from __future__ import annotations

from dataclasses import dataclass

from engine.construct.underway import UnderWay

__all__ = ["Account", "PhaseYield"]


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
class Account:
    """A construction at one moment."""

    yields: tuple[PhaseYield, ...] = ()
    calls: int = 0
    """Questions put to models for this construction, earlier stretches included."""
    fresh: int = 0
    """Those answered in this stretch."""
    remembered: int = 0
    """Answers that were in the store already."""
    failed_calls: int = 0
    in_flight: int = 0
    tokens: int = 0
    latest: UnderWay | None = None
    """The example in which something moved last."""
    pairs: int = 0
    """Written to the suite, once it is."""
    output: str = ""
    """The suite, once it is written."""

    def planned(self, name: str) -> int:
        """How many there are to do of one kind of work."""
        return sum(phase.planned for phase in self.yields if phase.name == name)
