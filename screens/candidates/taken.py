"""Candidates as a table to take away. Plain Python."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from screens.candidates.state import NoCandidate, Row

if TYPE_CHECKING:
    from engine.export.tables import Table

__all__ = ["candidate_table"]

_COLUMNS: Final = {
    "candidate": "VARCHAR", "place": "VARCHAR", "origin": "VARCHAR", "marked": "BOOLEAN", "architecture": "VARCHAR",
    "parameters": "BIGINT", "dtype": "VARCHAR", "bytes": "BIGINT", "context": "BIGINT", "tokenizer": "VARCHAR",
    "fits_as": "VARCHAR", "usable": "BOOLEAN", "problems": "VARCHAR",
}  # fmt: skip


def candidate_table(rows: Sequence[Row], marks: Container[str]) -> Table:
    """One row a line of the list: what the columns say, and what they have no room for.

    Args:
        marks: places of those that the next run takes.
    """
    from engine.export.tables import Table

    return Table(_COLUMNS, [_row(row, marked=row.path in marks) for row in rows])


def _row(row: Row, *, marked: bool) -> tuple[Any, ...]:
    if isinstance(row, NoCandidate):
        nothing = [None] * 6
        return PurePath(row.path).name, row.path, "watched", False, *nothing, None, False, row.what
    candidate, fit = row.candidate, row.fit
    problems = [f"{problem.code}: {problem.what}" for problem in candidate.problems]
    if fit is not None and fit.precision is None:
        problems.append("memory: it does not fit at any precision")
    return (
        candidate.name, row.path, row.origin, marked, candidate.architecture, candidate.parameters or None,
        candidate.dtype, candidate.weight_bytes or None, candidate.context, candidate.tokenizer,
        fit.precision if fit is not None else None, row.usable, "; ".join(problems),
    )  # fmt: skip
