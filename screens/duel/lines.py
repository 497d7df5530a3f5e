"""Pairs and tokens on which two candidates part, as lines; the headings over them. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from engine.export.palette import glyph
from rubrics.counted import count
from screens.duel.state import DuelState
from screens.shell.annotation_text import annotation_marks
from screens.shell.colour import Colour
from screens.shell.formats import probability, signed
from screens.shell.plain import cells_of, one_line, padded
from screens.tokens.state import quoted

if TYPE_CHECKING:
    from engine.results.comparison import DifferingPair
    from engine.results.side_by_side import Step, Wanted

__all__ = ["chosen_by", "pair_heading", "pair_line", "piece_width", "step_heading", "step_line", "verdict_line"]

_SIDES: Final = {"chosen": ("✓", "good"), "rejected": ("✗", "bad")}
_PIECE: Final = 16
"""Cells of the longest token that is shown whole."""
_HEAD: Final = "token"
_WANTED: Final = 56
"""Cells from which a line has room for what was wanted instead."""


def chosen_by(score: float) -> tuple[str, str]:
    """Glyph and colour of what a candidate chose."""
    return ("✓", "good") if score == 1 else ("✗", "bad") if score == 0 else ("=", "chance")


def pair_heading(state: DuelState) -> str:
    """Over the pairs."""
    chosen = f", won by {state.winner.upper()} alone" if state.winner else ""
    listed = f"{count(len(state.pairs), 'pair')} on which they differ in {one_line(state.title, 30)}{chosen}"
    return f"  A − B       A        B      {listed}"


def pair_line(state: DuelState, pair: DifferingPair, width: int, colour: Colour) -> Text:
    """One pair: how far apart, what each chose and by how much, what is violated and what was asked.

    Args:
        width: cells of the line.
    """
    line = Text(f"{signed(pair.gap, 3):>7} ", "bold")
    for score, margin in ((pair.score_a, pair.margin_a), (pair.score_b, pair.margin_b)):
        mark, tone = chosen_by(score)
        line.append(f" {mark}", f"bold {colour(tone)}").append(f"{signed(margin, 3):>7}", colour("foreground"))
    line.append(" " + annotation_marks(state.annotations.get(pair.pair_id, ())))
    for subcategory in pair.subcategories[:2]:
        mark, tone = glyph(subcategory)
        line.append(mark, colour(tone))
    line.append(" " * (3 - len(pair.subcategories[:2])))
    words = state.words[pair.pair_id]
    line.append("✗ " + one_line("; ".join(words.criteria), 100), colour("chance"))
    if width - line.cell_len > 12:
        line.append("  " + one_line(words.prompt, 200))
    return line


def verdict_line(state: DuelState, colour: Colour) -> Text:
    """How far each candidate is for the chosen response on this pair, by token."""
    duel = state.duel
    if duel is None:
        return Text()
    text = Text("chosen − rejected  ", colour("chance"))
    for name, curve, tone in (("A", duel.curve_a, "mark-1"), ("B", duel.curve_b, "mark-2")):
        text.append(f"{name} {'──' if name == 'A' else '╌╌'} ", f"bold {colour(tone)}")
        text.append(f"{signed(curve.end)}  ", "bold")
    return text.append(f"apart {signed(duel.gap)} nats", colour("foreground"))


def piece_width(steps: Sequence[Step]) -> int:
    """Cells of the tokens: no more than the longest takes, so that the rest goes to what was wanted instead."""
    return min(_PIECE, max([len(_HEAD), *(cells_of(quoted(step.text)) for step in steps)]))


def step_heading(width: int, piece: int) -> str:
    """Over the tokens.

    Args:
        piece: cells of a token.
    """
    return f"  {_HEAD:<{piece}}      A      B   swing" + ("  wanted instead" if width >= _WANTED else "")


def step_line(step: Step, width: int, piece: int, colour: Colour) -> Text:
    """One place where the two part: the token, how likely each held it, and what each wanted in its place.

    Args:
        width: cells of the line.
        piece: cells of a token.
    """
    mark, tone = _SIDES[step.side]
    line = Text.assemble((f"{mark} ", f"bold {colour(tone)}"), padded(quoted(step.text), piece))
    line.append(f" {signed(step.a):>6} {signed(step.b):>6} ")
    line.append(f"{signed(step.swing):>7}", f"bold {colour('mark-1' if step.swing > 0 else 'mark-2')}")
    for name, wanted in (("A", step.wanted_a), ("B", step.wanted_b)):
        if wanted is not None and width >= _WANTED:
            line.append(f"  {name} {_wanted(wanted)}", colour("chance"))
    return line


def _wanted(wanted: Wanted) -> str:
    # Whole per cents do here: what was wanted is likely, and the next one wants the room.
    share = math.exp(wanted.logprob)
    return f"{quoted(wanted.text)} {f'{share:.0%}' if share >= 0.01 else probability(wanted.logprob)}"
