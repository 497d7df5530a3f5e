"""Models one after the other, until all are finished or time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from engine.posttrain.ladder2.cell import Cell, OutOfTime, frontier
from engine.posttrain.ladder2.design import Planned
from engine.posttrain.ladder2.regimen import Regimen, common
from engine.posttrain.ladder2.rows import read_traces, write_common, write_traces

__all__ = ["finish", "work"]


def work(
    models: Sequence[Planned],
    regimen: Regimen,
    out: Path,
    rows: Path,
    claims: str,
    *,
    say: Callable[[str], None],
    until: float | None = None,
) -> bool:
    """Finish models in order; one core is used, since sums in another order round otherwise.

    Args:
        out: for weights and pieces of unfinished models.
        rows: for rows of finished ones.
        claims: hash of the file that named the predictors.
        until: by `time.monotonic`.

    Returns:
        Whether all are finished.
    """
    if read_traces(rows) is None:
        torch.set_num_threads(1)
        write_common(rows, common(regimen))
        write_traces(rows, frontier(regimen))
    # Read again even where just made: they are rounded when they are written.
    traces = read_traces(rows) or []
    return finish([Cell(planned, regimen, out, rows, claims, traces) for planned in models], say=say, until=until)


def finish(cells: Sequence[Cell], *, say: Callable[[str], None], until: float | None = None) -> bool:
    """One after the other; returns whether all are finished. One core is used."""
    torch.set_num_threads(1)
    try:
        for cell in cells:
            cell.go_on(say, lambda: until is not None and time.monotonic() >= until)
    except OutOfTime:
        say(f"time is up: {sum(cell.done for cell in cells)} of {len(cells)} models are finished")
        return False
    return True
