"""The map, a candidate a line: deep colours far from chance, hatching where nothing is certain. Plain Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text
from textual.color import Color

from engine.export.palette import glyph
from rubrics.counted import count
from screens.heat_map.state import HeatMapState, Window
from screens.shell.colour import DEEPEST, Colour
from screens.shell.formats import percent
from screens.shell.plain import one_line, padded

if TYPE_CHECKING:
    from engine.stats.ranking import RankRow

__all__ = ["cell_words", "heading", "legend", "map_line"]


def uncertain(row: RankRow) -> bool:
    """Whether its interval holds the chance level."""
    return math.isnan(row.ci_low) or row.ci_low <= row.chance <= row.ci_high


def heading(state: HeatMapState, window: Window, colour: Colour) -> list[tuple[str, str, str]]:
    """Names of the parts in view; what a click on one stands for is its number."""
    parts = [(f" {'':<{window.name}} ", "", "")]
    for number, width in zip(window.shown, window.widths, strict=True):
        said, part = state.headings[number], state.parts[number]
        tone = glyph(part)[1] if said != part else "foreground"
        style = f"bold {colour('foreground')}" if number == state.column else colour(tone)
        parts.append((padded(said, width - 1) + " ", style, str(number)))
    return parts


def map_line(state: HeatMapState, candidate: str, window: Window, colour: Colour) -> Text:
    """One candidate in the parts in view."""
    text = Text(f" {padded(candidate, window.name)} ", no_wrap=True)
    for number, width in zip(window.shown, window.widths, strict=True):
        row = state.row_of(state.parts[number], candidate)
        shown, style = _cell(row, state, number == state.column, width, colour)
        text.append(shown, style)
    return text


def _cell(row: RankRow | None, state: HeatMapState, chosen: bool, width: int, colour: Colour) -> tuple[str, str]:
    if row is None or math.isnan(row.value):
        return f"{'–':^{width - 1}} ", colour("chance")
    said = percent(row.value, 0)
    if state.intervals and not math.isnan(row.ci_low):
        said += f" ({percent(row.ci_low, 0)}–{percent(row.ci_high, 0)})"
    said = f"[{said}]" if chosen else said
    if uncertain(row):
        return f"{said:░^{width - 1}} ", colour("chance")
    ground, tone = Color.parse(colour("surface")), Color.parse(colour("good" if row.value > row.chance else "bad"))
    far = (row.value - row.chance) / (1 - row.chance) if row.value > row.chance else 1 - row.value / row.chance
    back = ground.blend(tone, DEEPEST * far).hex
    # Without colour a sign says which side of chance it is on.
    signed = ("+" if row.value > row.chance else "−") + said
    return f"{signed:^{width - 1}} ", f"{'bold ' if chosen else ''}{colour('foreground')} on {back}"


def cell_words(state: HeatMapState, candidate: str, colour: Colour) -> Text:
    """The cell under the cursor in full."""
    part = state.parts[state.column]
    row = state.row_of(part, candidate)
    text = Text.assemble((f"{one_line(candidate, 64)} × {one_line(part, 64)}", "bold"))
    if row is None or math.isnan(row.value):
        return text.append("  nothing was scored", colour("chance"))
    text.append(f"  {percent(row.value)} ({percent(row.ci_low)}–{percent(row.ci_high)})")
    side = "not told from" if uncertain(row) else "above" if row.value > row.chance else "below"
    text.append(f" · {side} chance {percent(row.chance, 0)}")
    text.append(f" · {count(row.n_pairs, 'pair')}, {count(row.n_clusters, 'cluster')}", colour("chance"))
    return text.append(f" · {row.method}", colour("chance"))


def legend(state: HeatMapState) -> str:
    """What the looks mean."""
    chance = percent(state.table.chance, 0) if state.table is not None else ""
    return f"% right · + above, − below chance ({chance}), deeper is further · ░ chance is in it"
