"""The matrix as a heat map, a line at a time, and the words beside it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text
from textual.color import Color

from engine.stats.p_value import p_is, p_text
from screens.matrix.state import MatrixData, Window
from screens.shell.colour import DEEPEST, Colour
from screens.shell.formats import strength
from screens.shell.plain import one_line, padded, plain

if TYPE_CHECKING:
    from engine.stats.correlation_matrix import MatrixCell

__all__ = ["heading", "heat_line", "words"]

SYMBOLS = {"pearson": "r", "spearman": "ρ", "kendall": "τ"}


def heading(data: MatrixData, window: Window, column: int, colour: Colour) -> list[tuple[str, str, str]]:
    """Names of the outcomes in view; what a click on one stands for is its number."""
    parts = [(f" {'':<{window.name}} ", "", "")]
    for number, width in enumerate(window.widths, start=window.first):
        name = padded(data.view.words_of(data.view.matrix.columns[number], short=True), width - 1) + " "
        style = f"bold {colour('foreground')}" if number == column else colour("chance")
        parts.append((name, style, str(number)))
    return parts


def heat_line(data: MatrixData, index: int, window: Window, column: int, colour: Colour) -> Text:
    """A part against the outcomes in view; a reference, which is no part, without heat and in brackets."""
    cells = data.rows[index]
    reference = index >= len(data.view.matrix.cells)
    name = f"({one_line(cells[0].row, window.name - 2)})" if reference else cells[0].row
    text = Text(f" {padded(name, window.name)} ", colour("chance") if reference else "", no_wrap=True)
    for number, width in enumerate(window.widths, start=window.first):
        text.append(*_cell(cells[number], reference, number == column, width, colour))
    return text


def _cell(cell: MatrixCell, reference: bool, chosen: bool, width: int, colour: Colour) -> tuple[str, str]:
    value = cell.statistic.value
    star = "∗" if cell.p_holm <= 0.05 else " "
    inside = f"{'▸' if cell.own else ' '}{strength(value)}{star}"
    shown = f"[{inside}]" if chosen else f" {inside} "
    if reference or math.isnan(value):
        return f"{shown:<{width}}", colour("chance")
    ground, tone = Color.parse(colour("surface")), Color.parse(colour("mark-1" if value >= 0 else "bad"))
    back = ground.blend(tone, DEEPEST * abs(value)).hex
    weight = "bold " if cell.own or chosen else ""
    return f"{shown:<{width}}", f"{weight}{colour('foreground')} on {back}"


def words(data: MatrixData, cell: MatrixCell, colour: Colour) -> Text:
    """The cell under the cursor in full, what the diagonal shows, and what has to be known."""
    from engine.correlation.by_part import PARTS, TIED, in_words

    view, statistic = data.view, cell.statistic
    one = PARTS[view.by][0]
    text = Text(overflow="fold")
    outcome = view.words_of(cell.column)
    text.append(f"{plain(cell.row)} × {plain(outcome)}\n", "bold")
    if outcome != cell.column:
        text.append(f"{plain(cell.column)}\n", colour("chance"))
    if cell.own:
        text.append(f"▸ the outcome of this {one}\n")
    if cell.column in view.lower:
        text.append("lower is better: turned here\n")
    span = ""
    if not math.isnan(statistic.ci_low):
        span = f" ({strength(statistic.ci_low).strip()} to {strength(statistic.ci_high).strip()})"
    text.append(f"{SYMBOLS[view.matrix.statistic]} {strength(statistic.value).strip()}{span}")
    if not math.isnan(statistic.p_value):
        text.append(f", {p_is(statistic.p_value)}")
        if not math.isnan(cell.p_holm):
            text.append(f", {p_text(cell.p_holm)} over all cells (Holm)")
    text.append(f", n = {statistic.n}\n")
    if statistic.note:
        text.append(f"! {plain(statistic.note)}\n", colour("mark-2"))
    # Where nothing is known of any, it is for one reason.
    told = [contrast for contrast in view.matrix.contrasts if not contrast.note] or view.matrix.contrasts[:1]
    for contrast in told if view.by in TIED else ():
        text.append(f"\n{plain(in_words(view, contrast))}\n")
    if view.by not in TIED:
        text.append(f"\nAn outcome is not of a {one}: nothing stands on a diagonal.\n", colour("mark-2"))
    elif not any(other.own for row in view.matrix.cells for other in row):
        text.append(f"\nNo outcome is tied to a {one}: & ties the one under the cursor.\n", colour("mark-2"))
    for note in view.notes:
        text.append(f"\n! {plain(note)}\n", colour("mark-2"))
    text.rstrip()
    return text
