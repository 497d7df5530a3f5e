"""Failed pairs as lines, what groups of them have in common, and what stands over and under them. Plain Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from rich.text import Text

from engine.export.palette import glyph
from engine.stats.p_value import p_is
from rubrics.counted import count
from screens.failures.state import ORDERS, FailuresState
from screens.shell.annotation_text import annotation_marks
from screens.shell.colour import Colour
from screens.shell.formats import signed
from screens.shell.plain import one_line
from screens.widgets.spans import Part

if TYPE_CHECKING:
    from engine.results.alike import Alike
    from engine.results.failure_standing import Standing
    from engine.results.failures import FailedPair

__all__ = ["asked_line", "group_line", "headings", "pair_line", "standing_line"]

_GLYPHS: Final = 3
_BOTH: Final = 48
"""Cells from which a line has room for what is asked beside what is violated."""
_SAID: Final = {"more": "▲", "fewer": "▼", "": "≈"}
_TITLES: Final = {"margin": "{:>8}", "fails": " {:<6}", "pair": "    {:<5}"}


def headings(state: FailuresState) -> list[Part]:
    """What the columns are, then how many pairs of what; a click on a column sorts by it."""
    assert state.failures is not None
    order = state.order
    parts: list[Part] = []
    for name in ORDERS:
        title = name + (order.arrow if name == order.by else " ")
        parts.append((_TITLES[name].format(title), "bold" if name == order.by else "", name))
    # What was searched for stands first: on a narrow screen the end is cut.
    selection = count(len(state.shown), "pair") + (f" with “{one_line(state.needle, 30)}”" if state.needle else "")
    selection += f" in {one_line(state.failures.pick.title, 40)}"
    selection += f", by {state.alike}" if state.alike else ""
    return [*parts, (selection, "bold", "")]


def pair_line(state: FailuresState, pair: FailedPair, width: int, colour: Colour) -> Text:
    """One pair: how far it was lost, who else loses it, what is violated and, where there is room, what was asked.

    Args:
        width: cells of the line.
    """
    assert state.failures is not None
    line = Text(f"{signed(pair.margin, 3) if pair.margin else '0':>7} {f'{pair.failed_by}/{pair.scored_by}':>6} ")
    line.append(annotation_marks(state.failures.board.annotations.get(pair.pair_id, ())))
    drawn = pair.subcategories[:_GLYPHS]
    for subcategory in drawn:
        mark, tone = glyph(subcategory)
        line.append(mark, colour(tone))
    line.append(" " * (_GLYPHS - len(drawn)) + " ")
    words = state.failures.words[pair.pair_id]
    broken = Text("✗ " + one_line("; ".join(words.criteria), 160), colour("chance"))
    room = width - line.cell_len
    if room < _BOTH:
        return line.append_text(broken)
    asked = Text(one_line(words.prompt, 200))
    share = max(room - broken.cell_len - 2, room * 11 // 20)
    asked.truncate(min(share, asked.cell_len), overflow="ellipsis")
    asked.truncate(share, pad=True)
    return line.append_text(asked).append("  ").append_text(broken)


def group_line(group: Alike, shown: int, colour: Colour) -> Text:
    """A group of failed pairs: what makes them one, how many such pairs there are, what else they have in common."""
    line = Text(" ▾ ", colour("chance"))
    line.append(one_line(group.title, 120), "bold")
    line.append(f"  {shown} of {group.scored} failed" if group.scored else f"  {shown}", colour("foreground"))
    if group.common:
        line.append(f" · all: {one_line(group.common, 120)}", colour("chance"))
    return line


def standing_line(title: str, standing: Standing, colour: Colour) -> Text:
    """Where the candidate stands in a branch, in words."""
    line = Text.assemble((one_line(title, 40), "bold"), f" {standing.share:.0%} lost")
    line.append(f" ({standing.ci_low * 100:.0f}–{standing.ci_high * 100:.0f})", colour("chance"))
    line.append(
        f" of {count(standing.n_pairs, 'pair')} · chance {standing.chance:.0%} {_SAID[standing.against_chance]}"
    )
    if not math.isnan(standing.others):
        line.append(f" · others {standing.others:.0%} {_SAID[standing.against_others]}", _tone(standing, colour))
        line.append(f" {p_is(standing.p_others)}" if not math.isnan(standing.p_others) else "", colour("chance"))
    return line


def _tone(standing: Standing, colour: Colour) -> str:
    return colour({"more": "bad", "fewer": "good", "": "foreground"}[standing.against_others])


def asked_line(state: FailuresState, pair: FailedPair | None, colour: Colour) -> Text:
    """What the pair under the cursor asks, for lists that have no room to say it."""
    if pair is None or state.failures is None:
        return Text()
    return Text.assemble(("asked ", colour("chance")), one_line(state.failures.words[pair.pair_id].prompt, 240))
