"""The map of families, a candidate a line, and what two candidates share in words. Plain Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.color import Color

from rubrics.counted import count
from screens.families.state import CELL, FamiliesState, Room
from screens.shell.colour import DEEPEST, Colour
from screens.shell.formats import strength
from screens.shell.plain import padded, plain

if TYPE_CHECKING:
    from engine.correlation.lineage import Kinship, Lineage

__all__ = ["family_heading", "family_line", "family_words"]

_LEGEND: Final = "in a cell: how alike two weights are (cosine), else t the same tokenizer and kind, n the same name"
_SHARED: Final = {"tokenizer and kind": "t", "name and kind": "n"}


def family_heading(found: Lineage, room: Room, column: int, colour: Colour) -> list[tuple[str, str, str]]:
    """Numbers of the candidates in view; what a click on one stands for is its place."""
    parts = [(f" {'':>3} {'family':<{room.family}} {'candidate':<{room.name}} ", colour("chance"), "")]
    for place in range(room.first, room.first + room.count):
        style = f"bold {colour('foreground')}" if place == column else colour("chance")
        parts.append((f"{place + 1:^{CELL}}", style, str(place)))
    return parts


def family_line(found: Lineage, row: int, room: Room, column: int, colour: Colour) -> Text:
    """A candidate against those in view: how alike weights are, else what is shared."""
    one = found.relatives[row]
    first = row == 0 or found.relatives[row - 1].family != one.family
    said = "✓" if one.by == "you" else " "
    family = padded(one.family if first else "", room.family)
    text = Text(f"{said}{row + 1:>3} ", no_wrap=True)
    text.append(f"{family} ", "bold").append(f"{padded(one.candidate, room.name)} ")
    for place in range(room.first, room.first + room.count):
        other = found.relatives[place]
        shared = found.between(one.candidate, other.candidate)
        text.append(*_cell(shared, place == row, place == column, one.family == other.family, colour))
    return text


def _cell(shared: Kinship | None, itself: bool, chosen: bool, family: bool, colour: Colour) -> tuple[str, str]:
    inside = "■" if itself else "·" if shared is None else _SHARED.get(shared.reason, "·")
    deep = 0.0
    if shared is not None and not math.isnan(shared.cosine):
        inside, deep = strength(shared.cosine).strip(), max(0.0, shared.cosine)
    inside = f"[{inside}]" if chosen else inside
    tone = colour("foreground") if family or deep > 0 else colour("chance")
    if not deep:
        return f"{inside:^{CELL}}", tone
    ground, mark = Color.parse(colour("surface")), Color.parse(colour("mark-1"))
    return f"{inside:^{CELL}}", f"{tone} on {ground.blend(mark, DEEPEST * deep).hex}"


def family_words(state: FamiliesState, over: str, colour: Colour) -> Text:
    """The candidate under the cursor, what it shares with the one of the column, and what has to be known."""
    one, other, found = state.one, state.other, state.found
    text = Text(overflow="fold")
    if one is None or other is None or found is None:
        return text
    text.append(f"{plain(one.candidate)} · {plain(one.family)}", "bold")
    text.append(" as you said" if one.by == "you" else f" by {one.by}")
    text.append(f", proposed {plain(one.proposed)}\n" if one.family != one.proposed else "\n")
    if one.kin is not None:
        kin = one.kin
        text.append(f"{plain(kin.model_type) or 'kind not known'}, {count(kin.layers, 'layer')} × {kin.hidden}, ")
        text.append(f"vocabulary {kin.vocabulary[:8] or 'not known'}\n", colour("chance"))
    if other is not one:
        text.append(f"and {plain(other.candidate)}: {_shared(found.between(one.candidate, other.candidate))}\n")
    if one.nearest:
        text.append(
            f"its weights are nearest to those of {plain(one.nearest)} (cosine {strength(one.cosine).strip()})\n"
        )
    text.append(f"intervals over {over}: b changes that\n")
    text.append(_LEGEND + "\n", colour("chance"))
    if state.unread:
        names = ", ".join(map(plain, state.unread))
        text.append(
            f"! nothing but the name is known of {names}: gone from where they were last seen\n", colour("mark-2")
        )
    text.rstrip()
    return text


def _shared(pair: Kinship | None) -> str:
    if pair is None:
        return "the files of one have not been read"
    compared = f"cosine of their weights {strength(pair.cosine).strip()} over {pair.matrices} matrices"
    parts = [compared if pair.matrices else "no matrices of one name and shape"]
    shared = {"vocabulary": pair.same_vocabulary, "kind of model": pair.same_kind, "sizes": pair.same_sizes}
    same = [name for name, held in shared.items() if held]
    parts.append(f"the same {', '.join(same)}" if same else "nothing else is shared")
    return "; ".join([*parts, f"kin by {pair.reason}" if pair.reason else "not kin"])
