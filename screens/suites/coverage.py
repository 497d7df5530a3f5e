"""How many pairs a suite has of each subcategory and each number of violated criteria, as a table."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual.widgets import DataTable

from engine.export.palette import glyph
from screens.shell.colour import Colour

__all__ = ["CoverageTable"]


class CoverageTable(DataTable[Text]):
    """A row for each subcategory, a column for each size of V, and one for all."""

    def show(self, coverage: Mapping[str, tuple[int, ...]], colour: Colour) -> None:
        """Fill it; the cursor stays where it was."""
        at = self.cursor_coordinate
        self.clear(columns=True)
        sizes = len(next(iter(coverage.values())))
        self.add_column(Text("violates"), width=16)
        for size in range(1, sizes + 1):
            self.add_column(Text(f"|V|={size}{'+' if size == sizes else ''}"), width=6)
        self.add_column(Text("all"), width=6)
        most = max((number for counts in coverage.values() for number in counts), default=0)
        for name, counts in coverage.items():
            mark, tone = glyph(name)
            cells = [Text.assemble((mark + " ", colour(tone)), name)]
            cells += [_cell(number, most, colour) for number in counts]
            cells.append(Text(f"{sum(counts):,}", "bold" if sum(counts) else colour("bad"), justify="right"))
            self.add_row(*cells)
        self.move_cursor(row=at.row, column=max(1, at.column), animate=False)


def _cell(number: int, most: int, colour: Colour) -> Text:
    if not number:
        return Text("·", colour("chance"), justify="right")
    # The block beside the figure lets the eye find thin spots.
    block = " ▁▂▃▄▅▆▇█"[max(1, round(8 * number / most))]
    return Text.assemble(f"{number:,}", (block, colour("mark-1")), justify="right")
