"""The home screen: the table of candidates with intervals, and what stands behind the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable, Static

from rubrics.errors import RudeError
from screens.asking import Asking
from screens.exporting import export_dialog
from screens.plain import plain
from screens.rankings.detail import detail
from screens.rankings.lines import FIXED, Line, Order, Standings, lines, scope_names
from screens.rankings.multiples import multiples
from screens.rankings.table import fill, legend
from screens.widgets.dialogs import Ask, Choose

if TYPE_CHECKING:
    from engine.results.rankings import RankingTable

__all__ = ["RankingsScreen"]


class RankingsScreen(Asking):
    """Which candidate, and how sure are we?"""

    MODE = "rankings"
    TITLE = "Rankings"
    GUIDE = """
Every candidate was shown pairs of responses: one meets the rubric, one violates it. The value is the share of pairs
where it preferred the one that meets it, in per cent. A tie counts half.

├──●──┤ is the 95 % interval, found by resampling clusters of prompts and not single pairs; ┊ is what a coin would
score. A rank such as 1–3 means that the pairs cannot tell the candidate from those around it. The four Cs stand to the
right, each with its glyph; a block ▁ to █ shows how high it is.

Pairs that you excluded (e in the failures) are left out, and said to be; i counts them.

+ and − beside a value: the interval lies above or below chance; ~ : it holds chance, so nothing is shown.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "compare", "compare", tooltip="compare two marked rows", id="compare"),
        Binding("x", "export", "export", tooltip="write what is shown to CSV, Parquet or JSON", id="export"),
        Binding("slash", "filter", "filter", key_display="/", tooltip="only candidates whose name holds…", id="filter"),
        Binding("o", "order", "order", tooltip="sort by a column; again turns it round", id="order"),
        Binding("space", "mark", "mark", tooltip="mark a row to compare", id="mark"),
    ]
    DEFAULT_CSS = """
    RankingsScreen #body { layout: vertical; height: 1fr; }
    RankingsScreen.-wide #body { layout: horizontal; }
    RankingsScreen #left { height: 1fr; width: 1fr; }
    RankingsScreen.-tall #table { height: auto; max-height: 60%; }
    RankingsScreen #multiples { height: 1fr; border-top: solid $panel; padding: 0 1; display: none; }
    RankingsScreen DataTable { height: 1fr; background: $background; }
    RankingsScreen #legend { height: 1; color: $text-muted; }
    RankingsScreen #detail { height: 8; border-top: solid $panel; padding: 0 1; }
    RankingsScreen.-wide #detail { width: 42; height: 1fr; border-top: none; border-left: solid $panel; }
    RankingsScreen.-tall #detail { height: 14; }
    RankingsScreen.-wide.-tall #detail { height: 1fr; }
    RankingsScreen #detail:focus { background: $surface; }
    RankingsScreen #empty { padding: 1 2; height: 1fr; display: none; }
    RankingsScreen.-empty #empty { display: block; }
    RankingsScreen.-empty #body { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._standings: Standings | None = None
        self._table: RankingTable | None = None
        self._order = Order()
        self._wanted = ""
        self._marked: list[str] = []
        self._lines: list[Line] = []

    def asking_body(self) -> Iterable[Widget]:
        """Table with legend, and the panel beside or below it."""
        with Container(id="body"):
            with Container(id="left"):
                table: DataTable[Text] = DataTable(cursor_type="row", id="table")
                table.tooltip = "the ranking: enter opens the failures of the candidate, a click on a heading sorts"
                yield table
                yield Static(id="legend")
                with VerticalScroll(id="multiples", can_focus=False):
                    yield Static(id="small")
            panel = VerticalScroll(Static(id="facts"), id="detail")
            panel.tooltip = "what stands behind the candidate under the cursor"
            yield panel
        yield Static(id="empty")

    def fetch(self) -> Standings:
        """Rank what is stored."""
        from engine.results.bias import position_biases

        return Standings(self.session.ranking(), position_biases(self.session.board(), resamples=1000))

    def arrived(self, standings: Standings) -> None:
        """Show a new ranking."""
        self.remove_class("-empty")
        table = standings.table
        self._standings, self._table = standings, table
        self._marked = [label for label in self._marked if label in table.entrants]
        if self._order.by not in (*FIXED, *scope_names(table)):
            self._order = Order()
        overall = table.overall
        first = overall.rows[0]
        out = f" ({table.excluded:,} excluded)" if table.excluded else ""
        self.say(
            table.suite, table.protocol, table.metric, f"by {table.by}",
            f"{first.n_pairs:,} pairs{out} in {first.n_clusters:,} clusters" if overall.rows else "",
        )  # fmt: skip
        self.repaint()
        if self.focused is None:
            self.query_one(DataTable).focus()

    def missing(self, error: RudeError) -> None:
        """Say what to do where there is nothing to rank."""
        self._table = None
        self.add_class("-empty")
        text = Text.assemble(("Nothing to rank yet\n\n", "bold"))
        text.append(plain(error.what) + "\n\n", "")
        text.append("1  pick candidates: mark them with space, then r runs them\n")
        text.append("2  choose suites and protocols, and start\n")
        text.append("4  look at the published results meanwhile\n\n")
        text.append("In a shell, rude-tui demo scores the bundled candidates.")
        self.query_one("#empty", Static).update(text)
        self.say(error.what)

    def repaint(self) -> None:
        """Draw table, legend and panel again."""
        if self._table is None:
            return
        self._lines = lines(self._table, self._order, self._wanted)
        widget = self.query_one(DataTable)
        fill(widget, self._table, self._lines, self._order, self._marked, self.colour)
        self._show_multiples()
        self.query_one("#legend", Static).update(legend(self._table, self.colour, self._wanted))
        self._show_detail()

    def on_resize(self) -> None:
        """Columns depend on the width."""
        self.repaint()

    def _show_multiples(self) -> None:
        # Only where the table leaves room below it.
        area = self.query_one("#multiples")
        area.display = self.size.height >= 36 and self._table is not None and bool(scope_names(self._table))
        if area.display and self._table is not None:
            width = max(40, self.query_one("#left").size.width - 2)
            self.query_one("#small", Static).update(multiples(self._table, self._lines, self.colour, width))

    def _show_detail(self) -> None:
        panel = self.query_one("#facts", Static)
        line = self._current()
        if self._standings is None or line is None:
            panel.update(Text("no candidate matches the filter" if self._wanted else ""))
            return
        width = 38 if self.wide else max(40, self.size.width - 4)
        panel.update(detail(self._standings, line, self.colour, width=width, wide=self.wide))
        self.query_one("#detail").scroll_home(animate=False)

    def _current(self) -> Line | None:
        row = self.query_one(DataTable).cursor_row
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def on_data_table_row_highlighted(self) -> None:
        """Another candidate is under the cursor."""
        self._show_detail()

    def on_data_table_row_selected(self) -> None:
        """On to the failures behind the number."""
        if line := self._current():
            self.session.subject = line.entrant.label
            self.call_later(self.run_action, "app.go('failures')")

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """A click on a heading sorts by it."""
        key = event.column_key.value
        if key:
            self._sort({"bar": "value", "interval": "value"}.get(key, key))

    def _sort(self, by: str) -> None:
        self._order = self._order.chosen(by)
        self.repaint()

    def action_order(self) -> None:
        """Choose the column to sort by."""
        if self._table is None:
            return
        options = [(name, name) for name in (*FIXED, *scope_names(self._table))]
        self.app.push_screen(Choose("Sort by", options, self._order.by), lambda by: self._sort(by) if by else None)

    def action_filter(self) -> None:
        """Show only some candidates."""

        def apply(wanted: str | None) -> None:
            self._wanted = wanted or ""
            self.repaint()

        self.app.push_screen(Ask("Only candidates whose name holds", self._wanted, "esc shows all"), apply)

    def action_mark(self) -> None:
        """Mark or unmark; the third mark drops the first."""
        if line := self._current():
            label = line.entrant.label
            if label in self._marked:
                self._marked.remove(label)
            else:
                self._marked = [*self._marked, label][-2:]
            self.repaint()

    def action_compare(self) -> None:
        """Open the comparison of the two marked rows."""
        if len(self._marked) != 2:
            self.notify("Mark two rows with space, then press c", markup=False)
            return
        from screens.rankings.compare import CompareScreen

        first, second = self._marked
        self.app.push_screen(CompareScreen(first, second))

    def action_export(self) -> None:
        """Write the ranking to a file."""
        if (table := self._table) is not None:
            export_dialog(
                self, "rankings", {"suite": table.suite_hash, "protocol": table.protocol, "metric": table.metric}
            )
