"""How a ranking looks as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.widgets import DataTable

from screens.bars import Axis, axis_for, axis_line, interval_bar, level
from screens.formats import parameters, percent
from screens.palette import glyph
from screens.plain import one_line, plain
from screens.rankings.lines import Line, Order, rank_text, scope_names, standing

if TYPE_CHECKING:
    from engine.results.rankings import RankingTable
    from engine.stats.ranking import RankRow

__all__ = ["STANDING_COLOURS", "STANDING_GLYPHS", "fill", "legend"]

Colour = Callable[[str], str]
STANDING_COLOURS: Final = {"above": "good", "at": "chance", "below": "bad"}
STANDING_GLYPHS: Final = {"above": "+", "at": "~", "below": "−"}


_NARROW_BAR, _WIDE_BAR = 12, 30
_ROOMY = 96
"""Cells of width from which on the table shows size, precision and the interval in figures."""


def fill(
    widget: DataTable[Text],
    table: RankingTable,
    shown: Sequence[Line],
    order: Order,
    marked: Sequence[str],
    colour: Colour,
) -> None:
    """Put the lines into the widget; the cursor stays on its candidate, the bar takes what width is left."""
    kept = _label_at(widget)
    roomy = widget.size.width >= _ROOMY
    widget.clear(columns=True)
    columns = _columns(table, order, roomy=roomy)
    taken = sum(width + 2 for _, _, width in columns) + 2 + 1
    axis = axis_for(_ends(table), table.chance, min(_WIDE_BAR, max(_NARROW_BAR, widget.size.width - taken)))
    place = next(i for i, (_, key, _) in enumerate(columns) if key == "value") + 1
    columns.insert(place, (axis_line(axis, table.chance), "bar", axis.width))
    for label, key, width in columns:
        widget.add_column(Text(label, no_wrap=True), key=key, width=width)
    for line in shown:
        cells = _cells(table, line, marked, axis, colour, roomy=roomy)
        widget.add_row(*(cells[key] for _, key, _ in columns), key=line.entrant.label)
    labels = [line.entrant.label for line in shown]
    if kept in labels:
        widget.move_cursor(row=labels.index(kept), animate=False)


def _label_at(widget: DataTable[Text]) -> str | None:
    if not widget.is_valid_row_index(widget.cursor_row):
        return None
    return widget.coordinate_to_cell_key(widget.cursor_coordinate).row_key.value


def _ends(table: RankingTable) -> list[float]:
    return [end for row in table.overall.rows for end in (row.value, row.ci_low, row.ci_high)]


def _columns(table: RankingTable, order: Order, *, roomy: bool) -> list[tuple[str, str, int]]:
    """(heading, key, width) of all but the bar."""
    names = max((len(one_line(label, 40)) for label in table.entrants), default=9)
    found = [("rank", "rank", 5), ("candidate", "candidate", min(max(names, 9), 28 if roomy else 14) + 1)]
    if roomy:
        found += [("size", "parameters", 5), ("prec", "precision", 4), ("acc %   95 %", "value", 16)]
    else:
        found += [("acc %", "value", 6)]
    for number, name in enumerate(scope_names(table)):
        mark, _ = glyph(name, number)
        # Competence and Compliance part only at the sixth letter.
        found.append((f"{mark} {name[:7]}" if roomy else f"{mark}{name[:5]}", name, 9 if roomy else 6))
    arrow = "↑" if order.reverse else "↓"
    return [(label + (arrow if key == order.by else ""), key, width + (key == order.by)) for label, key, width in found]


def _cells(
    table: RankingTable, line: Line, marked: Sequence[str], axis: Axis, colour: Colour, *, roomy: bool
) -> dict[str, Text]:
    row = line.overall
    label = line.entrant.label
    where = standing(row, table.chance)
    tone, faint = colour(STANDING_COLOURS[where]), colour("chance")
    value = Text(f"{percent(row.value):>5}{STANDING_GLYPHS[where]}", tone)
    if roomy:
        value.append(f" {percent(row.ci_low)}–{percent(row.ci_high)}", "")
    cells = {
        "rank": Text(rank_text(row), justify="right"),
        "candidate": Text(
            ("✓" if label in marked else "") + one_line(label, 28 if roomy else 14),
            "bold" if label in marked else "",
            no_wrap=True,
        ),
        "parameters": Text(parameters(line.entrant.parameters), justify="right"),
        "precision": Text(line.entrant.precision),
        "value": value,
        "bar": interval_bar(axis, row.value, row.ci_low, row.ci_high, table.chance, colour=tone, faint=faint),
    }
    for number, scope in enumerate(scope_names(table)):
        cells[scope] = _small(line.scopes.get(scope), table.chance, scope, number, colour, roomy=roomy)
    return cells


def _small(row: RankRow | None, chance: float, scope: str, number: int, colour: Colour, *, roomy: bool) -> Text:
    mark, tone = glyph(scope, number)
    if row is None:
        return Text("–", colour("chance"))
    # From nothing right to everything right, so that small pictures compare across rows and columns.
    block = level(row.value, 0.0, 1.0)
    if roomy:
        return Text(f"{mark} {percent(row.value):>5}{block}{STANDING_GLYPHS[standing(row, chance)]}", colour(tone))
    return Text(f"{mark}{percent(row.value, 0):>3}{block}", colour(tone))


def legend(table: RankingTable, colour: Colour, wanted: str) -> Text:
    """One line that explains the marks."""
    text = Text(f" ┊ chance {table.chance:.0%}  ├─●─┤ 95 % ", no_wrap=True, overflow="ellipsis")
    for name, words in (("above", "above chance"), ("below", "below"), ("at", "not told from it")):
        text.append(f" {STANDING_GLYPHS[name]} {words}", colour(STANDING_COLOURS[name]))
    if wanted:
        text.append(f"   only names with “{plain(wanted)}”", "bold")
    return text
