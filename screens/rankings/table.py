"""How a ranking looks as lines of a table: as much of it as the width has room for, names before all else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from engine.export.palette import glyph
from screens.rankings.state import CandidateRow, rank_text, scope_names, standing
from screens.shell.bars import Axis, axis_for, axis_line, interval_bar, level
from screens.shell.colour import Colour
from screens.shell.formats import parameters, percent
from screens.shell.order import Order
from screens.shell.plain import cells_of, padded, plain
from screens.widgets.cells import filled
from screens.widgets.spans import Part

if TYPE_CHECKING:
    from engine.results.rankings import RankingTable
    from engine.stats.intervals import Estimate
    from engine.stats.ranking import RankRow

__all__ = [
    "Columns",
    "fit_columns",
    "headings",
    "legend",
    "row_text",
    "set_text",
]

_NONE: Final[Mapping[str, Estimate]] = MappingProxyType({})
_STANDING_COLOURS: Final = {"above": "good", "at": "chance", "below": "bad"}
_STANDING_GLYPHS: Final = {"above": "+", "at": "~", "below": "−"}
EARLIER, LATER = "‹", "›"
"""What a click on them shows: the scopes before and after those in view."""

_EXTRAS: Final = {"size": 5, "prec": 4, "interval": 9, "control": 9}
_LONGEST = 64
_NARROW_BAR, _BAR, _WIDE_BAR = 12, 20, 48
_LEAST_NAME, _LEAST_BAR = 12, 5
_TIGHT, _ROOMY, _FULL = 5, 7, 12
"""Widths of a scope: `61▅` under `●Comp`, `61.4▅+` under `● Comp`, and the same under its whole name."""


@dataclass(frozen=True)
class Columns:
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


def fit_columns(table: RankingTable, width: int, skip: int = 0, *, controlled: bool = False) -> Columns:
    """The richest of several arrangements in which every name and every scope fits, else the tightest.

    Args:
        width: cells.
        skip: scopes that were scrolled past.
        controlled: whether there is something to show of accuracies without the prompt.
    """
    names = scope_names(table)
    longest = max((cells_of(label, _LONGEST) for label in table.entrants), default=0)
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
            if names:
                # What the bar leaves is for longer names of scopes.
                spare = (room - bar) // len(names) - gap
                scope = max(scope, min(spare, max(cells_of(name) for name in names) + 2))
            shown = tuple(enumerate(names))
            return Columns(longest, extras, scope, shown, 0, axis_for(ends, table.chance, bar), gap, levels)
    # Some scopes must wait, and very long names are cut.
    name = min(longest, max(_LEAST_NAME, width - fixed - _NARROW_BAR - 5 * (_TIGHT + 1)))
    fit = max(0, (width - fixed - name - _NARROW_BAR - 1) // (_TIGHT + 1))
    first = min(skip, max(0, len(names) - fit))
    shown = tuple(enumerate(names))[first : first + fit]
    axis = axis_for(ends, table.chance, _NARROW_BAR if fit else max(_LEAST_BAR, width - fixed - name - 1))
    return Columns(name, (), _TIGHT, shown, len(names) - len(shown), axis, 1, levels)


def headings(table: RankingTable, columns: Columns, order: Order) -> list[Part]:
    """The line over the table; each part names what a click sorts by."""

    def part(label: str, by: str, width: int, *, right: bool = False) -> Part:
        if order.by == by:
            label = label[: width - 1] + order.arrow
        # What is cut here is told in full by whatever it leads to: three letters and a sign would say less than four.
        label = filled(label, width, right=right) if cell_len(label) < width else set_cell_size(label, width)
        return label + " " * columns.gap, "bold" if order.by == by else "", by

    parts = [(" ", "", ""), part("rank", "rank", 6, right=True), part(" candidate", "candidate", columns.name + 1)]
    if "size" in columns.extras:
        parts.append(part("size", "parameters", 5, right=True))
    if "prec" in columns.extras:
        parts.append(part("prec", "precision", 4))
    parts.append(part("wtd %" if table.weighted else "acc %", "value", 6))
    if "interval" in columns.extras:
        parts.append(part("95 %", "value", 9))
    if "control" in columns.extras:
        parts.append(("no prompt" + " " * columns.gap, "", ""))
    axis = axis_line(columns.axis, table.chance)
    parts.append((axis + " " * columns.gap, "bold" if order.by == "value" else "", "value"))
    earlier = columns.scopes[0][0] if columns.scopes else 0
    for number, name in columns.scopes:
        mark, _ = glyph(name, number)
        if columns.hidden and earlier and number == earlier:
            mark, target = EARLIER, EARLIER
        elif (
            columns.hidden
            and (number, name) == columns.scopes[-1]
            and number + 1 < columns.hidden + len(columns.scopes)
        ):
            mark, target = LATER, LATER
        else:
            target = name
        # Competence and Compliance part only at the sixth letter.
        label = f"{mark}{_short(name)}" if columns.scope < _ROOMY else f"{mark} {_short(name, columns.scope)}"
        parts.append((part(label, name, columns.scope)[0], "bold" if order.by == name else "", target))
    return parts


_SHORT: Final = {"overall": "all", "Competence": "Comp", "Content": "Cont", "Control": "Ctrl", "Compliance": "Cmpl"}


def _short(name: str, width: int = _TIGHT) -> str:
    return _SHORT.get(name, name) if width < _FULL else name


def row_text(
    table: RankingTable,
    columns: Columns,
    candidate: CandidateRow,
    marked: Sequence[str],
    colour: Colour,
    *,
    without: Mapping[str, Estimate] = _NONE,
    indent: bool = False,
) -> Text:
    """One candidate; `without` holds accuracies without the prompt, by label."""
    row = candidate.overall
    label = candidate.entrant.label
    where = standing(row, table.chance)
    tone, faint = colour(_STANDING_COLOURS[where]), colour("chance")
    gap = " " * columns.gap
    chosen = label in marked
    text = Text(no_wrap=True)
    text.append((" │" if indent else "  ") + f"{rank_text(row):>5}" + gap)
    text.append(f"{'✓' if chosen else ' '}{padded(label, columns.name)}{gap}", "bold" if chosen else "")
    if "size" in columns.extras:
        text.append(f"{parameters(candidate.entrant.parameters):>5}{gap}")
    if "prec" in columns.extras:
        text.append(f"{candidate.entrant.precision:<4}{gap}")
    text.append(f"{percent(row.value):>5}{_STANDING_GLYPHS[where]}{gap}", tone)
    if "interval" in columns.extras:
        text.append(f"{percent(row.ci_low)}–{percent(row.ci_high)}".ljust(9) + gap)
    if "control" in columns.extras:
        text.append(f"{percent(without[label].value) if label in without else '–':>9}{gap}", faint)
    text.append_text(
        interval_bar(columns.axis, row.value, row.ci_low, row.ci_high, table.chance, colour=tone, faint=faint)
    )
    text.append(gap)
    for number, scope in columns.scopes:
        cell = _small(columns, candidate.scopes.get(scope), table.chance, colour(glyph(scope, number)[1]), faint)
        cell.truncate(columns.scope, pad=True)
        text.append_text(cell)
        text.append(gap)
    return text


def _small(columns: Columns, row: RankRow | None, chance: float, tone: str, faint: str) -> Text:
    if row is None:
        return Text("  –", faint)
    block = level(row.value, columns.levels.low, columns.levels.high)
    if columns.scope < _ROOMY:
        return Text(f"{percent(row.value, 0):>3}{block}", tone)
    return Text(f"{percent(row.value):>5}{block}{_STANDING_GLYPHS[standing(row, chance)]}", tone)


def set_text(members: Sequence[CandidateRow], colour: Colour) -> Text:
    """What stands over a set of candidates that cannot be told apart."""
    ranks = [rank for candidate in members for rank in (candidate.overall.rank_low, candidate.overall.rank_high)]
    if len(members) == 1:
        words = "told apart from every other"
    else:
        words = f"{len(members)} that these pairs do not tell apart · ranks {min(ranks)} to {max(ranks)}"
    return Text(f" ┌ {words}", f"bold {colour('chance')}", no_wrap=True)


def legend(table: RankingTable, columns: Columns, colour: Colour, name_filter: str) -> Text:
    """One line that explains the marks."""
    text = Text(" ")
    if name_filter:
        text.append(f"only names with “{plain(name_filter)}”  ", "bold")
    text.append(f"┊ chance {table.chance:.0%}  ├─●─┤ 95 % ")
    for name, words in (("above", "surely above"), ("below", "below"), ("at", "neither")):
        text.append(f" {_STANDING_GLYPHS[name]} {words}", colour(_STANDING_COLOURS[name]))
    if columns.scopes:
        text.append(f"  ▁ {columns.levels.low:.0%} █ {columns.levels.high:.0%}")
    return text
