"""The numbers beside a scatter, in words. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from engine.stats.p_value import p_is
from screens.correlation.state import SYMBOLS, Highlight, ScatterData, bounds, strength
from screens.shell.colour import Colour
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from engine.correlation.predictor_outcome import Point
    from engine.stats.correlation import LeftOut

__all__ = ["facts", "sources"]

_ROOMY = 46
"""Cells in which the statistics stand with their names."""


def facts(
    data: ScatterData, highlight: Highlight, letters: Iterable[tuple[str, str]], width: int, colour: Colour
) -> Text:
    """Statistics of something that has a view, and what has to be said with them.

    Args:
        letters: what stands in the plot for names that found no room there, and the names.
        width: cells there are.
    """
    view = data.view
    assert view is not None
    text, roomy = Text(overflow="fold"), width >= _ROOMY
    # What was asked for last stands first, where it is seen even on a low screen.
    _point(text, data, highlight, colour)
    _family(text, data, highlight, colour)
    for statistic in view.statistics.statistics:
        text.append(f"{SYMBOLS.get(statistic.name, '')} ", "bold")
        text.append(f"{statistic.name.capitalize():<9}" if roomy else "", "bold")
        text.append(f"{bounds(statistic):<{18 if roomy else 13}}", "bold" if statistic.name == "pearson" else "")
        p = "" if math.isnan(statistic.p_value) else p_is(statistic.p_value)
        text.append(f" {p:<{10 if roomy else 8}} n = {statistic.n}\n")
    if typical := _typical(data.points):
        text.append(f"95 % of a typical point: {typical}\n", colour("chance"))
    for expected in data.expected:
        text.append("◇ ", colour("mark-2"))
        text.append(f"{one_line(expected.name, 24)}: {_number(expected.value)} expected")
        text.append(_span(expected.low, expected.high))
        text.append(", beyond the others\n" if expected.outside else "\n")
    notes = [view.statistics.note, *(s.note for s in view.statistics.statistics), *view.notes]
    for note in dict.fromkeys(filter(None, notes)):
        text.append(f"! {plain(note)}\n", colour("mark-2"))
    text.append("  ".join(f"{letter}\N{NO-BREAK SPACE}{name}" for letter, name in letters))
    text.rstrip()
    return text


def sources(data: ScatterData, verdict: str, colour: Colour) -> Text:
    """What may be said of the predictor among its rivals, and where the outcomes come from."""
    text = Text(overflow="fold")
    if verdict:
        text.append(f"\n{plain(verdict)}\n")
    if any(point.shipped for point in data.points):
        text.append("\n◉ ships with the program, ● make ladder rebuilds it\n", colour("chance"))
    if data.view is not None and data.view.source:
        text.append(f"\nSource: {plain(data.view.source)}\n", colour("chance"))
    if data.view is not None and not math.isnan(data.view.chance):
        text.append(f"\nBy chance x is {_number(data.view.chance)}\n", colour("chance"))
    return text


def _point(text: Text, data: ScatterData, highlight: Highlight, colour: Colour) -> None:
    point = next((point for point in data.points if point.name == highlight.candidate), None)
    if point is None:
        return
    text.append(f"{one_line(point.name, 30)} ", "bold reverse")
    text.append(f" x {_number(point.x)}{_span(point.x_low, point.x_high)}")
    known = not math.isnan(point.y)
    text.append(f", y {_number(point.y)}{_span(point.y_low, point.y_high)}" if known else ", no outcome yet")
    text.append(f" · {one_line(point.family, 16)}\n" if point.family else "\n")
    if highlight.left_out:
        _left_out(text, data.left_out(point.name), "without it", colour)


def _family(text: Text, data: ScatterData, highlight: Highlight, colour: Colour) -> None:
    if highlight.family:
        text.append("◆ ", colour("mark-3"))
        count = data.families[highlight.family]
        text.append(f"{one_line(highlight.family, 20)}, {count} of {len(data.points)}\n", "bold")
        _left_out(text, data.left_out(highlight.family, family=True), "without them", colour)


def _left_out(text: Text, left_out: LeftOut | None, words: str, colour: Colour) -> None:
    if left_out is None:
        text.append(f"{words}: it was in none of these numbers\n", colour("chance"))
    elif left_out.n < 3:
        text.append(f"{words}: {left_out.n} points always lie on a line\n", colour("chance"))
    else:
        values = zip("rρτ", (left_out.pearson, left_out.spearman, left_out.kendall), strict=True)
        shown = "  ".join(f"{symbol} {strength(value).strip()}" for symbol, value in values)
        text.append(f"{words}: {shown}  n = {left_out.n}\n")


def _typical(points: Sequence[Point]) -> str:
    """Half the middle 95 % interval of either axis, as far as it is known."""
    from statistics import median

    halves = {
        "x": [(point.x_high - point.x_low) / 2 for point in points],
        "y": [(point.y_high - point.y_low) / 2 for point in points],
    }
    known = {axis: [half for half in each if not math.isnan(half)] for axis, each in halves.items()}
    return ", ".join(f"{axis} ±{median(each):.2g}" for axis, each in known.items() if each)


def _span(low: float, high: float) -> str:
    return "" if math.isnan(low) or math.isnan(high) else f" ({_number(low)} to {_number(high)})"


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
