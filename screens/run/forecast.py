"""A planned run with what it will take, as far as that is known. Plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rubrics.counted import count
from screens.run.queue import way
from screens.shell.formats import duration
from screens.shell.plain import cells_of, one_line, plain

if TYPE_CHECKING:
    from engine.jobs.preview import LaidRun
    from engine.jobs.run_cost import RunCost
    from engine.jobs.runs import PlannedRun

__all__ = ["Expected", "headline", "plan_cells", "plan_columns", "portions"]

_PLAN: Final = ("candidate", "protocol", "left", "time", "tokens", "memory", "done", "prec", "suite")
"""Columns of a plan, as they are shown."""
_MORE: Final = ("prec", "tokens", "memory", "suite", "done")
"""Those that come where there is room, by need."""
_LEAST: Final = {"candidate": 4, "suite": 12}
"""Cells below which these are not worth a column; others are whole or not there."""
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
        from engine.machine.sizes import human_bytes

        run, outlook = self.run, self.outlook
        way = way_of(run.protocol, run.prompt, run.wording.label)
        lines = [f"{plain(run.candidate.name)} · {one_line(run.suite.name, 40)} · {way}"]
        if self.fault:
            lines.append(f"✗ {plain(self.fault)}")
        lines.append(f"precision: {plain(run.why)}")
        if outlook.measured_bytes:
            lines.append(f"memory: an earlier run took {human_bytes(outlook.measured_bytes)}")
        if run.left and self.laid is not None:
            if not self.left:
                lines.append("no pair of it can be scored; a start passes it over")
            estimate = f"about {duration(outlook.seconds)}, by {count(outlook.runs, 'earlier run')} of it here"
            lines.append(f"time: {estimate if outlook.seconds is not None else UNKNOWN}; loading comes on top")
            reasons = Counter(skip.reason for skip in self.laid.skipped)
            lines += [f"! {count(number, 'pair')} left out: {plain(reason)}" for reason, number in reasons.items()]
            lines += [f"· {plain(note)}" for note in self.laid.notes]
        elif not run.left:
            lines.append("every pair is scored already; nothing will be done")
        return lines


def plan_cells(expected: Expected) -> dict[str, str]:
    """A planned run by column, each as long as it is."""
    from engine.machine.sizes import human_bytes

    run = expected.run
    return {
        "candidate": plain(run.candidate.name), "protocol": way(run.protocol, run.prompt),
        "left": f"{expected.left:,}", "time": expected.time, "tokens": expected.tokens,
        "memory": human_bytes(expected.needed_bytes) if expected.needed_bytes else "–", "done": f"{run.done:,}",
        "prec": run.precision, "suite": plain(run.suite.name),
    }  # fmt: skip


def plan_columns(cells: Sequence[Mapping[str, str]], room: int) -> dict[str, int]:
    """The columns that there is room for, in the order they are shown in, with their widths.

    Each is as wide as what stands in it. The name is cut only to keep the protocol and how much is left.

    Args:
        cells: every line's.
        room: cells of a line, without the mark before it.
    """
    needed = {column: max([cells_of(column), *(cells_of(line[column]) for line in cells)]) for column in _PLAN}
    several = len({line["suite"] for line in cells}) > 1
    by_need = ["protocol", "left", "candidate", "time", *_MORE]
    if several:
        by_need.insert(4, "suite")
    widths: dict[str, int] = {}
    for column in by_need:
        remaining = room - sum(width + 1 for width in widths.values())
        least = min(needed[column], _LEAST.get(column, needed[column]))
        if column in widths or least > remaining:
            continue
        widths[column] = min(needed[column], remaining)
    return {column: widths[column] for column in _PLAN if column in widths}


def portions(plan: Sequence[Expected]) -> list[list[Expected]]:
    """Those with something left, by candidate: what one worker lays out at a time."""
    by_candidate: dict[str, list[Expected]] = {}
    for expected in plan:
        if expected.run.left:
            by_candidate.setdefault(expected.run.candidate.place, []).append(expected)
    return list(by_candidate.values())


def headline(plan: Sequence[Expected]) -> str:
    """The whole plan in a line: runs, pairs, tokens, time, memory."""
    from engine.machine.sizes import human_bytes

    todo = [expected for expected in plan if expected.run.left]
    if not todo:
        return f"{count(len(plan), 'run')}: everything is scored already."
    fitting = [expected for expected in todo if not expected.fault]
    parts = [count(len(todo), "run"), count(sum(expected.left for expected in fitting), "pair") + " to score"]
    if done_before := sum(expected.run.done for expected in plan):
        parts.append(f"{done_before:,} scored already")
    parts.append(_total([expected.outlook.tokens for expected in fitting], "token"))
    waiting = sum(expected.laid is None for expected in fitting)
    seconds = [expected.outlook.seconds for expected in todo if expected.laid is not None]
    timed = [second for second in seconds if second is not None]
    if waiting:
        parts.append(f"laying out, {count(waiting, 'run')} to go")
    elif not timed:
        parts.append(f"time {UNKNOWN}")
    elif len(timed) < len(seconds):
        parts.append(f"{duration(sum(timed))} and more: {count(len(seconds) - len(timed), 'run')} {UNKNOWN}")
    else:
        parts.append(f"about {duration(sum(timed))}, loading on top")
    if needed := max((expected.needed_bytes or 0 for expected in todo), default=0):
        parts.append(f"up to {human_bytes(needed)} of memory")
    return " · ".join(filter(None, parts))


def _total(numbers: Sequence[int | None], noun: str) -> str:
    """The sum, unless a number of it is not known."""
    summands = [number for number in numbers if number is not None]
    return count(sum(summands), noun) if len(summands) == len(numbers) else ""
