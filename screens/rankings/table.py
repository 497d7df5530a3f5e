"""How a ranking looks as lines of a table: as much of it as the width has room for, names before all else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rich.text import Text

from engine.export.palette import glyph
from screens.rankings.state import Line, rank_text, scope_names, standing
from screens.shell.bars import Axis, axis_for, axis_line, interval_bar, level
from screens.shell.formats import parameters, percent
from screens.shell.order import Order
from screens.shell.plain import one_line, plain
from screens.widgets.spans import Part

if TYPE_CHECKING:
    from engine.results.rankings import RankingTable
    from engine.stats.intervals import Estimate
    from engine.stats.ranking import RankRow

__all__ = ["STANDING_COLOURS", "STANDING_GLYPHS", "Layout", "headings", "layout", "legend", "row_text", "set_text"]

Colour = Callable[[str], str]
_NONE: Final[Mapping[str, Estimate]] = MappingProxyType({})
STANDING_COLOURS: Final = {"above": "good", "at": "chance", "below": "bad"}
STANDING_GLYPHS: Final = {"above": "+", "at": "~", "below": "−"}
EARLIER, LATER = "‹", "›"
"""What a click on them shows: the scopes before and after those in view."""

_EXTRAS: Final = {"size": 5, "prec": 4, "interval": 9, "control": 9}
_LONGEST = 40
_NARROW_BAR, _BAR, _WIDE_BAR = 12, 20, 48
_LEAST_NAME, _LEAST_BAR = 12, 5
_TIGHT, _ROOMY, _FULL = 5, 7, 12
"""Widths of a scope: `61▅` under `●Comp`, `61.4▅+` under `● Comp`, and the same under its whole name."""


@dataclass(frozen=True)
class Layout:
    """Which columns there is room for, and how wide each is."""

    name: int
    extras: tuple[str, ...]
    """Of size, precision, interval and accuracy without the prompt, those shown."""
    scope: int
    """Width of a scope's column."""
    scopes: tuple[tuple[int, str], ...]
    """The scopes in view, each with its number."""
    hidden: int
    """Scopes that are out of view."""
    axis: Axis
    gap: int
    levels: Axis
    """What the lowest and the highest block of a scope stand for."""


def layout(table: RankingTable, width: int, skip: int = 0, *, controlled: bool = False) -> Layout:
    """The richest of several arrangements in which every name and every scope fits, else the tightest.

    Args:
        width: cells.
        skip: scopes that were scrolled past.
        controlled: whether there is something to show of accuracies without the prompt.
    """
    names = scope_names(table)
    longest = max((len(one_line(label, _LONGEST)) for label in table.entrants), default=0)
    longest = max(longest, len("candidate") + 1)
    ends = [end for row in table.overall.rows for end in (row.value, row.ci_low, row.ci_high)]
    levels = axis_for((row.value for name in names for row in table.scopes[name].rows), table.chance, 8)
    control = ("control",) if controlled else ()
    for extras, scope, gap, least in (
        (("size", "prec", "interval", *control), _FULL, 2, _BAR),
        (("size", "interval", *control), _ROOMY, 2, _NARROW_BAR),
        (("size", *control), _ROOMY, 2, _NARROW_BAR),
        (("size", *control), _TIGHT, 2, _NARROW_BAR),
        (control, _TIGHT, 1, _NARROW_BAR),
        ((), _TIGHT, 1, _NARROW_BAR),
    ):
        fixed = 1 + 6 + gap + 1 + gap + 6 + gap + sum(_EXTRAS[extra] + gap for extra in extras)
        room = width - fixed - longest - gap
        if room >= least + len(names) * (scope + gap):
            bar = min(_WIDE_BAR, room - len(names) * (scope + gap))
            shown = tuple(enumerate(names))
            return Layout(longest, extras, scope, shown, 0, axis_for(ends, table.chance, bar), gap, levels)
    # Some scopes must wait, and very long names are cut.
    name = min(longest, max(_LEAST_NAME, width - fixed - _NARROW_BAR - 5 * (_TIGHT + 1)))
    fit = max(0, (width - fixed - name - _NARROW_BAR - 1) // (_TIGHT + 1))
    first = min(skip, max(0, len(names) - fit))
    shown = tuple(enumerate(names))[first : first + fit]
    axis = axis_for(ends, table.chance, _NARROW_BAR if fit else max(_LEAST_BAR, width - fixed - name - 1))
    return Layout(name, (), _TIGHT, shown, len(names) - len(shown), axis, 1, levels)


def headings(table: RankingTable, found: Layout, order: Order) -> list[Part]:
    """The line over the table; each part names what a click sorts by."""

    def part(label: str, by: str, width: int, *, right: bool = False) -> Part:
        if order.by == by:
            label = label[: width - 1] + order.arrow
        label = f"{label:>{width}}" if right else f"{label:<{width}}"
        return label[:width] + " " * found.gap, "bold" if order.by == by else "", by

    parts = [(" ", "", ""), part("rank", "rank", 6, right=True), part(" candidate", "candidate", found.name + 1)]
    if "size" in found.extras:
        parts.append(part("size", "parameters", 5, right=True))
    if "prec" in found.extras:
        parts.append(part("prec", "precision", 4))
    parts.append(part("acc %", "value", 6))
    if "interval" in found.extras:
        parts.append(part("95 %", "value", 9))
    if "control" in found.extras:
        parts.append(("no prompt" + " " * found.gap, "", ""))
    axis = axis_line(found.axis, table.chance)
    parts.append((axis + " " * found.gap, "bold" if order.by == "value" else "", "value"))
    earlier = found.scopes[0][0] if found.scopes else 0
    for number, name in found.scopes:
        mark, _ = glyph(name, number)
        if found.hidden and earlier and number == earlier:
            mark, what = EARLIER, EARLIER
        elif found.hidden and (number, name) == found.scopes[-1] and number + 1 < found.hidden + len(found.scopes):
            mark, what = LATER, LATER
        else:
            what = name
        # Competence and Compliance part only at the sixth letter.
        label = f"{mark}{_short(name)}" if found.scope == _TIGHT else f"{mark} {_short(name, found.scope)}"
        parts.append((part(label, name, found.scope)[0], "bold" if order.by == name else "", what))
    return parts


_SHORT: Final = {"Competence": "Comp", "Content": "Cont", "Control": "Ctrl", "Compliance": "Cmpl"}


def _short(name: str, width: int = _TIGHT) -> str:
    return _SHORT.get(name, name) if width < _FULL else name


def row_text(
    table: RankingTable,
    found: Layout,
    line: Line,
    marked: Sequence[str],
    colour: Colour,
    *,
    without: Mapping[str, Estimate] = _NONE,
    indent: bool = False,
) -> Text:
    """One candidate; `without` holds accuracies without the prompt, by label."""
    row = line.overall
    label = line.entrant.label
    where = standing(row, table.chance)
    tone, faint = colour(STANDING_COLOURS[where]), colour("chance")
    gap = " " * found.gap
    chosen = label in marked
    text = Text(no_wrap=True)
    text.append((" │" if indent else "  ") + f"{rank_text(row):>5}" + gap)
    text.append(f"{'✓' if chosen else ' '}{one_line(label, found.name):<{found.name}}{gap}", "bold" if chosen else "")
    if "size" in found.extras:
        text.append(f"{parameters(line.entrant.parameters):>5}{gap}")
    if "prec" in found.extras:
        text.append(f"{line.entrant.precision:<4}{gap}")
    text.append(f"{percent(row.value):>5}{STANDING_GLYPHS[where]}{gap}", tone)
    if "interval" in found.extras:
        text.append(f"{percent(row.ci_low)}–{percent(row.ci_high)}".ljust(9) + gap)
    if "control" in found.extras:
        text.append(f"{percent(without[label].value) if label in without else '–':>9}{gap}", faint)
    text.append_text(
        interval_bar(found.axis, row.value, row.ci_low, row.ci_high, table.chance, colour=tone, faint=faint)
    )
    text.append(gap)
    for number, scope in found.scopes:
        cell = _small(found, line.scopes.get(scope), table.chance, colour(glyph(scope, number)[1]), faint)
        cell.truncate(found.scope, pad=True)
        text.append_text(cell)
        text.append(gap)
    return text


def _small(found: Layout, row: RankRow | None, chance: float, tone: str, faint: str) -> Text:
    if row is None:
        return Text("  –", faint)
    block = level(row.value, found.levels.low, found.levels.high)
    if found.scope == _TIGHT:
        return Text(f"{percent(row.value, 0):>3}{block}", tone)
    return Text(f"{percent(row.value):>5}{block}{STANDING_GLYPHS[standing(row, chance)]}", tone)


def set_text(members: Sequence[Line], colour: Colour) -> Text:
    """What stands over a set of candidates that cannot be told apart."""
    ranks = [rank for line in members for rank in (line.overall.rank_low, line.overall.rank_high)]
    if len(members) == 1:
        words = "told apart from every other"
    else:
        words = f"{len(members)} that these pairs do not tell apart · ranks {min(ranks)} to {max(ranks)}"
    return Text(f" ┌ {words}", f"bold {colour('chance')}", no_wrap=True)


def legend(table: RankingTable, found: Layout, colour: Colour, wanted: str) -> Text:
    """One line that explains the marks."""
    text = Text(" ")
    if wanted:
        text.append(f"only names with “{plain(wanted)}”  ", "bold")
    text.append(f"┊ chance {table.chance:.0%}  ├─●─┤ 95 % ")
    for name, words in (("above", "surely above"), ("below", "below"), ("at", "neither")):
        text.append(f" {STANDING_GLYPHS[name]} {words}", colour(STANDING_COLOURS[name]))
    if found.scopes:
        text.append(f"  ▁ {found.levels.low:.0%} █ {found.levels.high:.0%}")
    return text
