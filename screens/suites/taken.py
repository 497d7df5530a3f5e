"""Suites as a table to take away. Plain Python."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.export.tables import Table
    from engine.results.suites import SuiteEntry

__all__ = ["suite_table"]

_COLUMNS: Final = {
    "suite": "VARCHAR", "origin": "VARCHAR", "path": "VARCHAR", "suite_hash": "VARCHAR", "marked": "BOOLEAN",
    "pairs": "BIGINT", "exemplars": "BIGINT", "prompts": "BIGINT", "runs": "BIGINT", "fault": "VARCHAR",
}  # fmt: skip


def suite_table(entries: Sequence[SuiteEntry], marks: Container[str]) -> Table:
    """One row a suite; what cannot be read has no counts, but the reason.

    Args:
        marks: paths of those that the next run takes.
    """
    from engine.export.tables import Table

    return Table(_COLUMNS, [
        (
            entry.name, entry.origin, entry.path or None, entry.suite_hash or None, entry.path in marks,
            *((None,) * 3 if entry.fault else (entry.n_scored, entry.n_shots, entry.n_groups)), entry.n_runs,
            entry.fault or None,
        )
        for entry in entries
    ])  # fmt: skip
