"""A plan with what it will take, as far as that is known. Plain Python; what reads blocks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rubrics.counted import count
from screens.formats import duration
from screens.plain import one_line, plain

if TYPE_CHECKING:
    from engine.jobs.preview import LaidRun
    from engine.jobs.run_cost import RunCost
    from engine.jobs.runs import Plan, PlannedRun
    from engine.store.connection import Store
    from rubrics.errors import RudeError

__all__ = ["Expected", "expect", "headline", "lay_out", "portions"]

UNKNOWN = "unknown until the first batches"


@dataclass(frozen=True)
class Expected:
    """One planned run, and what it will take."""

    run: PlannedRun
    outlook: RunCost
    needed_bytes: int | None = None
    """Estimated memory of the scoring process."""
    laid: LaidRun | None = None
    """Its requests; None while they are not laid out."""
    fault: str = ""
    """Why they cannot be laid out, and the way out."""

    @property
    def left(self) -> int:
        """Pairs still to score; those that do not fit are left out once that is known."""
        return self.run.left if self.laid is None else max(0, self.laid.total - self.run.done)

    @property
    def time(self) -> str:
        """How long scoring will take, or why that is not known."""
        if not self.run.left:
            return "all done"
        if self.laid is not None and not self.left:
            return "none fits"
        if self.laid is None and not self.fault:
            return "…"
        return duration(self.outlook.seconds) if self.outlook.seconds is not None else "unknown"

    @property
    def tokens(self) -> str:
        """Tokens still to send."""
        return f"{self.outlook.tokens:,}" if self.outlook.tokens is not None else "…" if not self.fault else "–"

    def about(self) -> list[str]:
        """All that is known, a line each."""
        from engine.jobs.progress import way_of
        from engine.machine.precision import human_bytes

        run, outlook = self.run, self.outlook
        lines = [f"{plain(run.candidate.name)} · {one_line(run.suite.name, 40)} · {way_of(run.protocol, run.prompt)}"]
        if self.fault:
            lines.append(f"✗ {plain(self.fault)}")
        lines.append(f"precision: {plain(run.why)}")
        if outlook.measured_bytes:
            lines.append(f"memory: an earlier run took {human_bytes(outlook.measured_bytes)}")
        if run.left and self.laid is not None:
            if not self.left:
                lines.append("no pair of it can be scored; a start passes it over")
            known = f"about {duration(outlook.seconds)}, by {count(outlook.runs, 'earlier run')} of it here"
            lines.append(f"time: {known if outlook.seconds is not None else UNKNOWN}; loading comes on top")
            reasons = Counter(skip.reason for skip in self.laid.skipped)
            lines += [f"! {count(number, 'pair')} left out: {plain(reason)}" for reason, number in reasons.items()]
            lines += [f"· {plain(note)}" for note in self.laid.notes]
        elif not run.left:
            lines.append("every pair is scored already; nothing will be done")
        return lines


def expect(store: Store, plan: Plan) -> list[Expected]:
    """What is known before anything is laid out. Blocks.

    Raises:
        StoreError: the store cannot be read.
    """
    from engine.jobs.run_cost import paces, run_cost
    from engine.machine.devices import resolve_device
    from engine.machine.precision import fits

    known = paces(store)
    devices = {spec: resolve_device(spec) for spec in {run.device for run in plan.runs}}
    return [
        Expected(
            run,
            run_cost(run, None, known),
            fits(run.candidate, devices[run.device], run.precision).needed_bytes,
        )
        for run in plan.runs
    ]


def portions(found: Sequence[Expected]) -> list[list[Expected]]:
    """Those with something left, by candidate: what one worker lays out at a time."""
    by_candidate: dict[str, list[Expected]] = {}
    for one in found:
        if one.run.left:
            by_candidate.setdefault(str(one.run.candidate.path), []).append(one)
    return list(by_candidate.values())


def lay_out(store: Store, plan: Plan, portion: Sequence[Expected], cancel: threading.Event) -> list[Expected]:
    """The same with their requests laid out. Blocks for a second or more: tokenizers run in a process of their own.

    Raises:
        StoreError: the store cannot be read.
    """
    from engine.jobs.preview import preview
    from engine.jobs.run_cost import paces, run_cost

    known = paces(store)
    faults: dict[str, str] = {}

    def failed(run: PlannedRun, error: RudeError) -> None:
        faults[run.run_id] = f"{error.what} → {error.fix}" if error.fix else error.what

    part = replace(plan, runs=tuple(one.run for one in portion))
    laid = {run.run_id: found for run, found in preview(part, cancel, failed)}
    return [
        replace(
            one,
            laid=laid.get(one.run.run_id),
            outlook=run_cost(one.run, laid.get(one.run.run_id), known),
            fault=faults.get(one.run.run_id, ""),
        )
        for one in portion
    ]


def headline(found: Sequence[Expected]) -> str:
    """The whole plan in a line: runs, pairs, tokens, time, memory."""
    from engine.machine.precision import human_bytes

    todo = [one for one in found if one.run.left]
    if not todo:
        return f"{count(len(found), 'run')}: everything is scored already."
    parts = [count(len(todo), "run"), count(sum(one.left for one in todo if not one.fault), "pair") + " to score"]
    if done := sum(one.run.done for one in found):
        parts.append(f"{done:,} scored already")
    parts.append(_total([one.outlook.tokens for one in todo if not one.fault], "token"))
    waiting = sum(one.laid is None and not one.fault for one in todo)
    seconds = [one.outlook.seconds for one in todo if one.laid is not None]
    timed = [second for second in seconds if second is not None]
    if waiting:
        parts.append(f"laying out, {count(waiting, 'run')} to go")
    elif not timed:
        parts.append(f"time {UNKNOWN}")
    elif len(timed) < len(seconds):
        parts.append(f"{duration(sum(timed))} and more: {count(len(seconds) - len(timed), 'run')} {UNKNOWN}")
    else:
        parts.append(f"about {duration(sum(timed))}, loading on top")
    if needed := max((one.needed_bytes or 0 for one in todo), default=0):
        parts.append(f"up to {human_bytes(needed)} of memory")
    return " · ".join(filter(None, parts))


def _total(numbers: Sequence[int | None], what: str) -> str:
    known = [number for number in numbers if number is not None]
    return count(sum(known), what) if len(known) == len(numbers) else ""
