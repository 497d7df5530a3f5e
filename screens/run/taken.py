"""The three panes of the Run screen as tables to take away. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from engine.jobs.progress import shown_phase
from screens.run.charts import interval_of
from screens.run.queue import unit
from screens.shell.live import Live, RunTrace

if TYPE_CHECKING:
    from engine.export.tables import Table
    from engine.results.runs import RunRow
    from screens.run.forecast import Expected

__all__ = ["live_table", "plan_table", "stored_table"]

_WHAT: Final = {"candidate": "VARCHAR", "suite": "VARCHAR", "protocol": "VARCHAR", "prompt": "VARCHAR"}
_PLANNED: Final = {
    **_WHAT, "precision": "VARCHAR", "device": "VARCHAR", "left": "BIGINT", "done": "BIGINT", "tokens": "BIGINT",
    "seconds": "DOUBLE", "memory_bytes": "BIGINT", "fault": "VARCHAR",
}  # fmt: skip
_LIVE: Final = {
    **_WHAT, "precision": "VARCHAR", "phase": "VARCHAR", "counted": "VARCHAR", "done": "BIGINT", "total": "BIGINT",
    "skipped": "BIGINT", "accuracy": "DOUBLE", "ends_low": "DOUBLE", "ends_high": "DOUBLE", "seconds_left": "DOUBLE",
    "memory_bytes": "BIGINT", "error": "VARCHAR",
}  # fmt: skip
_STORED: Final = {
    **_WHAT, "precision": "VARCHAR", "device": "VARCHAR", "status": "VARCHAR", "wanted": "BIGINT", "scored": "BIGINT",
    "skipped": "BIGINT", "seed": "BIGINT", "created_at": "VARCHAR", "updated_at": "VARCHAR", "run_id": "VARCHAR",
    "weights_hash": "VARCHAR", "suite_hash": "VARCHAR", "error": "VARCHAR",
}  # fmt: skip


def plan_table(plan: Sequence[Expected]) -> Table:
    """One row a planned run: how much is left, and what it will take as far as that is known."""
    from engine.export.tables import Table

    return Table(_PLANNED, [
        (
            e.run.candidate.name, e.run.suite.name, e.run.protocol, e.run.prompt, e.run.precision, e.run.device, e.left,
            e.run.done, e.outlook.tokens, e.outlook.seconds, e.needed_bytes or None, e.fault or None,
        )
        for e in plan
    ])  # fmt: skip


def live_table(live: Live) -> Table:
    """One row a run of the queue: how far it is, its accuracy so far, and where that will end (95 %), as shares."""
    from engine.export.tables import Table

    rows = []
    for s in live.states:
        low, high = interval_of(s, live.trace.runs.get(s.key, RunTrace())) or (None, None)
        accuracy = s.right / s.judged if s.judged else None
        phase = shown_phase(str(s.phase), s.done, s.skipped)
        rows.append((
            s.candidate, s.suite, s.protocol, s.prompt, s.precision or None, phase, unit(s), s.done, s.total, s.skipped,
            accuracy, low, high, s.eta_seconds, s.memory_bytes or None, s.error or None,
        ))  # fmt: skip
    return Table(_LIVE, rows)


def stored_table(runs: Sequence[RunRow]) -> Table:
    """One row a run of the database, newest first; post-training counts steps."""
    from engine.export.tables import Table

    return Table(_STORED, [
        (
            r.candidate, r.suite or None, r.protocol, r.prompt, r.precision or None, r.device or None,
            shown_phase(str(r.status), r.n_scored, r.n_skipped), r.n_wanted, r.n_scored, r.n_skipped, r.seed,
            r.created_at, r.updated_at, r.run_id, r.weights_hash, r.suite_hash or None, r.error or None,
        )
        for r in runs
    ])  # fmt: skip
