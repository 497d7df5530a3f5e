"""Failed pairs as lines, and the heading over them. Plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from engine.export.palette import glyph
from rubrics.counted import count
from screens.failures.state import ORDERS, FailuresState
from screens.shell.annotation_text import annotation_marks
from screens.shell.colour import Colour
from screens.shell.formats import signed
from screens.shell.plain import one_line
from screens.widgets.spans import Part

if TYPE_CHECKING:
    from engine.results.failures import FailedPair

__all__ = ["headings", "id_width", "pair_line"]

_ID, _GLYPHS, _WORTH = 40, 3, 12
"""Cells for the name of a pair, for the glyphs before it, and those that words behind it are worth."""
_TITLES: Final = {"margin": "{:>8}", "fails": " {:<6}", "pair": " {:<6}"}


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
    return [*parts, (selection, "bold", "")]


def id_width(state: FailuresState) -> int:
    """Cells for the names of the pairs shown."""
    return min(_ID, max((len(pair.pair_id) for pair in state.shown), default=0))


def pair_line(state: FailuresState, pair: FailedPair, width: int, name: int, colour: Colour) -> Text:
    """One pair.

    Args:
        width: cells of the line.
        name: cells for its name.
    """
    assert state.failures is not None
    line = Text(f"{signed(pair.margin, 3) if pair.margin else '0':>7} {f'{pair.failed_by}/{pair.scored_by}':>6} ")
    line.append(annotation_marks(state.failures.board.annotations.get(pair.pair_id, ())))
    drawn = pair.subcategories[:_GLYPHS]
    for subcategory in drawn:
        mark, tone = glyph(subcategory)
        line.append(mark, colour(tone))
    line.append(" " * (_GLYPHS - len(drawn)) + f" {one_line(pair.pair_id, _ID):<{name}}")
    if width - line.cell_len >= _WORTH:
        why = f"  {', '.join(pair.subcategories)} · {one_line(', '.join(pair.violated), 80)}"
        line.append(why, colour("chance"))
    return line
