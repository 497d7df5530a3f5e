"""The pairs on trial as lines: as many columns as there is room for. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from rich.text import Text

from engine.export.palette import glyph
from engine.stats.p_value import p_text
from screens.shell.annotation_text import annotation_marks
from screens.shell.colour import Colour
from screens.shell.formats import signed
from screens.shell.order import Order
from screens.shell.plain import one_line
from screens.widgets.spans import Part

if TYPE_CHECKING:
    from engine.results.pair_trial import PairTrial, Trial

__all__ = ["FINDING_MARKS", "columns", "finding_tabs", "headings", "pair_line", "with_error"]

FINDING_MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "reversed": ("⇅", "bad"),
    "suspect": ("?", "mark-2"),
    "all pass": ("✓", "chance"),
    "all fail": ("✗", "chance"),
}
"""Glyph and colour of each finding."""
_TITLES: Final = {
    "found": " found", "passed": "passed", "difficulty": "difficulty", "discrimination": "rest", "slope": "slope",
    "p": "p", "q": "q", "information": "inform", "id": "pair",
}  # fmt: skip
_WIDTHS: Final = {
    "found": 10, "passed": 6, "difficulty": 11, "discrimination": 6, "slope": 11, "p": 6, "q": 6, "information": 7,
}  # fmt: skip
_SORTED: Final = {"found": "suspicion"}
"""The order behind a heading, where it has another name."""
_NAME: Final = 24
"""Least room for a pair's id and what it violates."""


def columns(trial: Trial, width: int) -> list[str]:
    """The columns that there is room for; ids come last and take the rest."""
    names = ["found", "passed", "difficulty", "discrimination", "slope", "p", "q", "information"]
    if trial.model != "2pl":
        names.remove("slope")
    for least in ("p", "information", "slope", "q"):
        if sum(_WIDTHS[name] + 1 for name in names) + _NAME <= width:
            break
        if least in names:
            names.remove(least)
    return names


def headings(names: Iterable[str], order: Order) -> list[Part]:
    """Over the list; a click on one sorts by it."""
    parts: list[Part] = []
    for name in (*names, "id"):
        by = _SORTED.get(name, name)
        title = _TITLES[name] + (order.arrow if order.by == by else "")
        wide = _WIDTHS.get(name, 0)
        words = f"{title:<{wide}} " if name in ("found", "id") else f"{title:>{wide}} "
        if name == "id":
            words = "   " + words
        parts.append((words, "bold" if order.by == by else "", by if by not in ("passed", "slope", "p", "q") else ""))
    return parts


def pair_line(pair: PairTrial, names: Iterable[str], colour: Colour) -> Text:
    """One pair."""
    line = Text(no_wrap=True)
    for name in names:
        if name == "found":
            line.append_text(_findings(pair, colour))
        else:
            line.append(f"{_cell(pair, name):>{_WIDTHS[name]}} ")
    line.append(annotation_marks(pair.notes) + " ")
    for name in pair.subcategories:
        mark, tone = glyph(name)
        line.append(mark, colour(tone))
    line.append(f" {one_line(pair.pair_id, 64)} ")
    line.append(", ".join(pair.subcategories) + " · " + one_line(", ".join(pair.violated), 80), colour("chance"))
    return line


def _findings(pair: PairTrial, colour: Colour) -> Text:
    if not pair.findings:
        return Text(" " * (_WIDTHS["found"] + 1))
    # The gravest says what it is; others are marks beside it.
    first, *rest = pair.findings
    mark, tone = FINDING_MARKS[first]
    words = Text(f"{mark} {first}" + "".join(FINDING_MARKS[name][0] for name in rest), colour(tone))
    words.append(" " * max(1, _WIDTHS["found"] + 1 - words.cell_len))
    return words


def _cell(pair: PairTrial, name: str) -> str:
    if name == "passed":
        return f"{pair.passed:g}/{pair.scored}"
    if name == "difficulty":
        return with_error(pair.difficulty, pair.difficulty_se)
    if name == "slope":
        return with_error(pair.slope, pair.slope_se)
    if name == "discrimination":
        return signed(pair.discrimination)
    if name == "information":
        return f"{pair.information:.2f}"
    return p_text(pair.p_value if name == "p" else pair.q_value)


def with_error(value: float, error: float) -> str:
    """A number and its standard error."""
    return "–" if math.isnan(value) else f"{signed(value)}±{error:.2f}"


def finding_tabs(trial: Trial, finding: str, colour: Colour) -> list[Part]:
    """What was found of how many pairs; a click on one keeps those."""
    strong = f"bold {colour('primary')}"
    parts: list[Part] = []
    for name, mark in [("all", ""), *((name, look[0]) for name, look in FINDING_MARKS.items())]:
        number = len(trial.pairs_with(name)) if mark else len(trial.pairs)
        is_current = finding == ("" if name == "all" else name)
        words = f"{mark} {name} {number:,}".strip()
        parts.append((f" [{words}]" if is_current else f"  {words} ", strong if is_current else "", name))
    return parts
