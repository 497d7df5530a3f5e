"""The running account of a construction, from which snapshots are taken."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from engine.construct.account import Account, PhaseYield
from engine.construct.caller import Caller
from engine.construct.underway import UnderWay
from engine.jobs.progress import Phase, Throttle

__all__ = ["Tally"]


class Tally:
    """Counts what comes out, and shows it through the throttle.

    Args:
        show: given what changes in the state of the run.
    """

    def __init__(self, show: Callable[[dict[str, Any]], None]) -> None:
        self._show = show
        self._throttle = Throttle()
        self._begun = time.monotonic()
        self._planned: dict[str, int] = {}
        self._accepted: Counter[str] = Counter()
        self._rounds: Counter[str] = Counter()
        self._reasons: dict[str, Counter[str]] = {}
        self._latest: UnderWay | None = None
        self._passed = {"met": [0, 0], "violated": [0, 0]}
        self.phase = Phase.MAKING
        self.notes: list[str] = []
        self.caller: Caller | None = None
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

    def enter(self, phase: Phase) -> None:
        """Another phase; always shown."""
        self.phase = phase
        self._show(self.changes())

    def changed(self) -> None:
        """Something moved; shown if it is time."""
        if self._throttle.ready():
            self._show(self.changes())

    def facts(self) -> dict[str, Any]:
        """What the card tells of the work, as plain JSON values. Answers from the store are gone through like new
        ones, so this is about the whole construction and not about one stretch of it."""
        account = self.account()
        return {
            "yields": [asdict(phase_yield) for phase_yield in account.yields],
            "passed": self._passed,  # of verdicts by models: as wanted, in all
            "calls": account.calls,
            "tokens": account.tokens,
            "notes": list(self.notes),
        }

    def changes(self) -> dict[str, Any]:
        """A snapshot, as changes of the run's state."""
        account = self.account()
        seconds = time.monotonic() - self._begun
        return {
            "phase": self.phase, "account": account, "notes": tuple(self.notes), "seconds": seconds,
            "done": sum(phase_yield.done for phase_yield in account.yields),
            "total": sum(phase_yield.planned for phase_yield in account.yields),
            "eta_seconds": None if self.phase.ended else _left(account.yields, seconds),
        }  # fmt: skip

    def account(self) -> Account:
        """The same without what every job tells."""
        caller = self.caller
        yields = tuple(
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
        return Account(
            yields,
            calls=caller.calls if caller else 0,
            fresh=caller.fresh if caller else 0,
            remembered=caller.remembered if caller else 0,
            failed_calls=caller.failed if caller else 0,
            in_flight=caller.in_flight if caller else 0,
            tokens=caller.tokens if caller else 0,
            latest=self._latest,
            pairs=self.pairs,
            output=self.output,
        )


def _left(yields: Iterable[PhaseYield], seconds: float) -> float | None:
    done = sum(phase_yield.done for phase_yield in yields)
    planned = sum(phase_yield.planned for phase_yield in yields)
    return None if done == 0 or seconds < 2 else seconds / done * (planned - done)
