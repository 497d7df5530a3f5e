"""The running account of a construction, from which snapshots are taken."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from engine.construct.caller import Caller
from engine.construct.progress import ConstructPhase, ConstructState, PhaseYield, Tell
from engine.construct.underway import UnderWay
from engine.jobs.progress import Throttle

__all__ = ["Board"]


class Board:
    """Counts what comes out, and tells it through the throttle."""

    def __init__(self, run_id: str, name: str, tell: Tell) -> None:
        self._run_id, self._name, self._tell = run_id, name, tell
        self._throttle = Throttle()
        self._begun = time.monotonic()
        self._planned: dict[str, int] = {}
        self._accepted: Counter[str] = Counter()
        self._rounds: Counter[str] = Counter()
        self._reasons: dict[str, Counter[str]] = {}
        self._latest: UnderWay | None = None
        self._passed = {"met": [0, 0], "violated": [0, 0]}
        self.phase = ConstructPhase.MAKING
        self.notes: list[str] = []
        self.caller: Caller | None = None
        self.error = ""
        self.pairs = 0
        self.output = ""

    def plan(self, name: str, planned: int) -> None:
        """How many of a kind there are to do."""
        self._planned[name] = planned
        self._reasons.setdefault(name, Counter())

    def came_out(self, name: str, reason: str, rounds: int) -> None:
        """One is finished; `reason` is empty where it was accepted."""
        self._rounds[name] += rounds
        if reason:
            self._reasons[name][reason] += 1
        else:
            self._accepted[name] += 1
        self.changed()

    def never(self, name: str, count: int, reason: str) -> None:
        """Some will not be tried, because what they stand on is missing."""
        if count:
            self._reasons[name][reason] += count

    def seen(self, moment: UnderWay) -> None:
        """Something moved in an example that is being made."""
        if moment.step == "judged" and len(moment.judgements) == len(moment.criteria):
            for item in moment.judgements:
                if item.votes:
                    count = self._passed["violated" if item.criterion in moment.violated else "met"]
                    count[0] += item.met is (item.criterion not in moment.violated)
                    count[1] += 1
        self._latest = moment
        if self.caller is not None:
            self.caller.note(moment)
        self.changed()

    def enter(self, phase: ConstructPhase) -> None:
        """Another phase; always told."""
        self.phase = phase
        self._tell(self.state())

    def changed(self) -> None:
        """Something moved; told if it is time."""
        if self._throttle.ready():
            self._tell(self.state())

    def yields(self) -> tuple[PhaseYield, ...]:
        """What came of each kind of work so far."""
        return tuple(
            PhaseYield(
                name,
                planned,
                self._accepted[name],
                sum(self._reasons[name].values()),
                self._rounds[name],
                tuple(self._reasons[name].most_common()),
            )
            for name, planned in self._planned.items()
        )

    def facts(self) -> dict[str, Any]:
        """What the card tells of the work, as plain JSON values. Answers from the store are gone through like new
        ones, so this is about the whole construction and not about one stretch of it."""
        state = self.state()
        return {
            "yields": [asdict(one) for one in state.yields],
            "passed": self._passed,  # of verdicts by models: as wanted, in all
            "calls": state.calls,
            "tokens": state.tokens,
            "notes": list(state.notes),
        }

    def state(self) -> ConstructState:
        """A snapshot."""
        yields = self.yields()
        seconds = time.monotonic() - self._begun
        caller = self.caller
        return ConstructState(
            self._run_id,
            self._name,
            self.phase,
            yields,
            calls=caller.calls if caller else 0,
            fresh=caller.fresh if caller else 0,
            remembered=caller.remembered if caller else 0,
            failed_calls=caller.failed if caller else 0,
            in_flight=caller.in_flight if caller else 0,
            tokens=caller.tokens if caller else 0,
            seconds=seconds,
            eta_seconds=None if self.phase.ended else _left(yields, seconds),
            latest=self._latest,
            notes=tuple(self.notes),
            error=self.error,
            pairs=self.pairs,
            output=self.output,
        )


def _left(yields: Iterable[PhaseYield], seconds: float) -> float | None:
    done = sum(one.done for one in yields)
    planned = sum(one.planned for one in yields)
    return None if done == 0 or seconds < 2 else seconds / done * (planned - done)
