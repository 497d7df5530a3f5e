"""Rows made again against those that ship: the same machine and libraries give the same to the digit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.posttrain.ladder2.rows import TABLES, finished, processor, read_finished

__all__ = ["differences", "made_alike"]

_CAUSES: Final = ("recipe", "regimen", "met", "sources", "versions", "processor")


def differences(mine: Path, theirs: Path, tables: Sequence[str] = TABLES) -> tuple[list[str], list[str]]:
    """Models that both folders have, and in a line each what differs between their rows, and why it may."""
    both = sorted(set(finished(mine)) & set(finished(theirs)))
    found = list[str]()
    for a, b in zip(read_finished(mine, both, tables), read_finished(theirs, both, tables), strict=True):
        unlike = [
            f"{a.name}: {count} of {len(column)} rows of {table} have another {name}"
            for table in tables
            for name, column in a.tables[table].items()
            if (count := _unlike(column, b.tables[table][name]))
        ]
        causes = [
            f"{a.name}: {cause} was {b.facts[cause]}, is {a.facts[cause]}"
            for cause in _CAUSES
            if a.facts[cause] != b.facts[cause]
        ]
        found += [*unlike, *causes] if unlike else []
    return both, found


def made_alike(shipped: Path) -> list[str]:
    """Models whose rows were made on a processor like this one: its sums are rounded in the same way."""
    return [model.name for model in read_finished(shipped, tables=()) if model.facts["processor"] == processor()]


def _unlike(column: npt.NDArray[Any], other: npt.NDArray[Any]) -> int:
    """Rows that are not the same in both; all of them where there are not as many."""
    return len(column) if column.shape != other.shape else int(np.count_nonzero(column != other))
