"""Abilities by topic as lines: what is surely better or worse than overall is marked. Plain Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

from engine.export.palette import glyph
from screens.shell.colour import Colour
from screens.shell.formats import signed
from screens.shell.plain import one_line, padded, plain
from screens.topics.state import TopicsState, Window

if TYPE_CHECKING:
    from engine.results.topic_abilities import TopicAbilities, TopicCell, WholeAbility

__all__ = ["ability_line", "cell_words", "heading", "said"]


def heading(state: TopicsState, window: Window, colour: Colour) -> list[tuple[str, str, str]]:
    """Names of the columns in view; what a click on one stands for is its number."""
    parts = [(f" {'':<{window.name}} ", "", "")]
    for number in range(window.first, window.first + window.count):
        topic = state.columns[number]
        mark, tone = glyph(topic) if number and state.by != "domain" else ("", "foreground")
        words = padded(f"{mark}{topic}", window.width - 1) + " "
        parts.append((words, f"bold {colour('foreground')}" if number == state.column else colour(tone), str(number)))
    return parts


def ability_line(state: TopicsState, one: WholeAbility, window: Window, colour: Colour) -> Text:
    """One candidate in the columns in view."""
    text = Text(f" {padded(one.candidate, window.name)} ", no_wrap=True)
    for number in range(window.first, window.first + window.count):
        cell = state.cell(one, number)
        mark = getattr(cell, "mark", "")
        words = "–"
        if not math.isnan(cell.ability):
            beside = f"±{cell.error:.2f}{mark}" if state.errors else f"{mark or ' '}{_places(cell)}"
            words = signed(cell.ability) + beside
        tone = colour("good" if mark == "▲" else "bad") if mark else ""
        text.append(f"{words:<{window.width}}", f"bold {tone}".strip() if number == state.column else tone)
    return text


def _places(cell: WholeAbility | TopicCell) -> str:
    return f"({cell.place_low})" if cell.place_low == cell.place_high else f"({cell.place_low}–{cell.place_high})"


def cell_words(state: TopicsState, one: WholeAbility, colour: Colour) -> Text:
    """The cell under the cursor in full."""
    from engine.results.topic_abilities import place_words

    topic = one.cells[state.column - 1] if state.column else None
    cell = topic or one
    text = Text.assemble((f"{one_line(one.candidate, 64)} × {one_line(state.columns[state.column], 64)}", "bold"))
    if math.isnan(cell.ability):
        return text.append("  no pair scored", colour("chance"))
    text.append(f"  {signed(cell.ability)} ({signed(cell.ci_low)} to {signed(cell.ci_high)}) · {place_words(cell)}")
    if topic is None:
        return text
    text.append(f" · {signed(topic.shift)} beside overall ({signed(topic.shift_low)} to {signed(topic.shift_high)})")
    alone = f"{signed(topic.raw)} ± {topic.raw_error:.2f}" if not math.isnan(topic.raw) else "no number"
    return text.append(f" · its pairs alone: {alone}", colour("chance"))


def said(found: TopicAbilities, colour: Colour) -> Text:
    """What it comes to, and what it cannot tell."""
    from engine.results.topic_abilities import HELP, between_words, said_of

    text = Text(overflow="fold")
    for sentence in said_of(found):
        text.append(f"{plain(sentence)}\n", "bold")
    text.append(f"{between_words(found)}\n")
    text.append(f"{HELP[found.response]}\n", colour("chance"))
    for note in found.notes:
        text.append(f"! {plain(note)}\n", colour("mark-2"))
    text.rstrip()
    return text
