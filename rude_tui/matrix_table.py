"""The matrix of parts × outcomes as a command prints it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from engine.stats.p_value import p_is, p_text
from rude_tui.output import narrate, print_table

if TYPE_CHECKING:
    from engine.correlation.by_part import MatrixView
    from engine.stats.correlation_matrix import MatrixCell

__all__ = ["matrix_json", "print_matrix"]

_SYMBOLS = {"pearson": "r", "spearman": "ρ", "kendall": "τ"}


def print_matrix(view: MatrixView) -> None:
    """A row for each part, a column for each outcome, the outcome's own part marked; then what the diagonal shows."""
    from engine.correlation.by_part import PARTS, TIED, in_words
    from engine.stats.correlation_matrix import ANOTHERS, HELP

    matrix, (one, _) = view.matrix, PARTS[view.by]
    symbol = _SYMBOLS[matrix.statistic]
    columns = [f"{name} (turned)" if name in view.lower else name for name in matrix.columns]
    rows = [[cells[0].row, *map(_cell, cells)] for cells in matrix.cells]
    rows += [[f"({cells[0].row})", *map(_cell, cells)] for cells in matrix.references]
    print_table([one, *columns], rows)
    tied = view.by in TIED
    if tied:
        print_table(
            [f"own {one} less", f"mean {symbol}", "95 %", "p", "n", "tied outcomes"],
            [
                [
                    c.versus if c.versus != ANOTHERS else f"another {one}'s", _r(c.value), _span(c.ci_low, c.ci_high),
                    p_text(c.p_value), c.n, c.outcomes,
                ]
                for c in matrix.contrasts
            ],
            right=[f"mean {symbol}", "95 %", "p", "n", "tied outcomes"],
        )  # fmt: skip
    narrate(*(f"{name}: {view.words_of(name)}" for name in matrix.columns if view.words_of(name) != name))
    narrate(*([in_words(view, matrix.contrasts[0])] if tied else []))
    sizes = sorted({cell.statistic.n for row in matrix.cells for cell in row})
    counted = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    narrate(
        f"{view.source_name} · {symbol} over {counted} candidates · ▸ the outcome is tied to this {one} · "
        f"p: {HELP['p_holm']} · in brackets: no part of it, p not adjusted",
        *([f"own less {ANOTHERS}: {HELP[ANOTHERS]}", f"own less another predictor: {HELP['reference']}"] * tied),
    )
    methods = dict.fromkeys(c.statistic.method for row in matrix.cells for c in row if c.statistic.method != "none")
    narrate(*(f"95 % and p of a cell: {method}" for method in methods))
    notes = dict.fromkeys(c.statistic.note for row in matrix.cells for c in row if c.statistic.note)
    narrate(*(f"note: {note}" for note in (*view.notes, *notes)))
    if not any(cell.own for row in matrix.cells for cell in row):
        told = f"no outcome is tied to a {one} of this suite: rude-tui outcomes tie OUTCOME DOMAIN, or a column domain"
        narrate(f"note: {told if tied else f'an outcome is not of a {one}: nothing is on a diagonal'}")


def _cell(cell: MatrixCell) -> str:
    statistic = cell.statistic
    if math.isnan(statistic.value):
        return "–"
    p = p_is(statistic.p_value if math.isnan(cell.p_holm) else cell.p_holm)
    return f"{'▸ ' if cell.own else ''}{_r(statistic.value)} ({_span(statistic.ci_low, statistic.ci_high)}) {p}"


def matrix_json(view: MatrixView) -> dict[str, Any]:
    """Everything, by name."""
    from dataclasses import asdict

    matrix = view.matrix

    def cells(rows: tuple[tuple[MatrixCell, ...], ...]) -> list[dict[str, Any]]:
        return [
            {"part": cell.row, "outcome": cell.column, "own": cell.own, "p_holm": cell.p_holm, **asdict(cell.statistic)}
            for row in rows
            for cell in row
        ]

    return {
        "source": view.source, "source_name": view.source_name, "by": view.by, "statistic": matrix.statistic,
        "candidates": view.candidates, "turned": sorted(view.lower), "cells": cells(matrix.cells),
        "references": cells(matrix.references), "contrasts": [asdict(contrast) for contrast in matrix.contrasts],
        "notes": view.notes,
    }  # fmt: skip


def _r(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _span(low: float, high: float) -> str:
    return "–" if math.isnan(low) or math.isnan(high) else f"{low:.2f} … {high:.2f}"
