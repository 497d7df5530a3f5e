"""Candidates × subcategories, domains or numbers of violations, as a map of colours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from screens.heat_map.drawing import cell_words, heading, legend, map_line
from screens.heat_map.state import HeatMapState, Window, read_map
from screens.shell.export_dialogs import export_dialog
from screens.shell.grid_place import GridPlace
from screens.shell.plain import one_line
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.results.rankings import RankingTable

__all__ = ["HeatMapScreen"]


class HeatMapScreen(GridPlace):
    """Who is good at what, and where does nobody know?"""

    MODE = "rankings"
    TITLE = "Heat map"
    GUIDE = """
The accuracy of every candidate in every part of the suite, in per cent, the best overall on top. The further from
chance, the deeper the colour; + is above and − below it. ░ hatches what is not certain: the interval holds the chance
level, so there is nothing to be read from the value.

↑ ↓ walk through the candidates, ← → through the parts; the line at the foot has the interval of the cell, and F writes
one into every cell. b splits by domains, by how many criteria are violated, by the four Cs, and by subcategories
again. enter opens the candidate's failures.
"""
    TERMS = ("accuracy", "interval", "chance level", "category", "domain", "violations")
    FIRST_KEYS = ("back", "select", "grouping", "intervals", "export")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("b", "grouping", "by", tooltip="split by domain, violations, category, subcategory", id="by"),
        Binding("F", "intervals", "intervals", tooltip="every value with its interval, or without", id="intervals"),
        Binding("x", "export", "take away", tooltip="table and text, into a folder or a file", id="export"),
        Binding("left", "step(-1)", "part before", show=False, id="matrix-left"),
        Binding("right", "step(1)", "next part", show=False, id="matrix-right"),
    ]
    DEFAULT_CSS = """
    HeatMapScreen #question { padding: 0 1; color: $text-muted; }
    HeatMapScreen #cell { padding: 0 1; background: $surface; }
    HeatMapScreen #legend { padding: 0 1; color: $text-muted; }
    HeatMapScreen.-empty #map, HeatMapScreen.-empty .full { display: none; }
    """

    state: HeatMapState

    def __init__(self) -> None:
        super().__init__()
        self.state = HeatMapState()

    def body(self) -> Iterable[Widget]:
        """The map, and the cell under the cursor."""
        yield Brief(id="question")
        yield Heading(id="scopes")
        rows = Rows(id="map")
        rows.tooltip = "↑ ↓ walk through the candidates, ← → through the parts; enter opens failures"
        yield rows
        yield Brief(id="cell", classes="full")
        yield Brief(id="legend", classes="full")

    def on_mount(self) -> None:
        """Rank."""
        self.query_one(Rows).focus()
        self._ask()

    def _ask(self) -> None:
        by = self.state.by
        self.query_one("#question", Brief).update(Text("ranking…"))
        self.load("map", lambda: read_map(self.session, by), self._arrived, same=by)

    def _arrived(self, table: RankingTable) -> None:
        self.state.take(table)
        self.repaint()

    def repaint(self) -> None:
        """Draw the map."""
        state, rows = self.state, self.query_one(Rows)
        if (table := state.table) is None:
            return
        names, room = state.candidates, rows.size.width - 1
        window = Window.fitting(room, names, state.headings, state.column, intervals=state.intervals, skip=state.skip)
        state.skip = window.first
        hidden = len(state.parts) - len(window.widths)
        self.query_one("#question", Brief).tell(
            one_line(table.suite), table.protocol, table.metric, f"by {table.by}",
            f"← → {hidden} more" if hidden else "",
        )  # fmt: skip
        self.query_one(Heading).show(heading(state, window, self.colour))
        rows.show(len(names), lambda index, _: map_line(state, names[index], window, self.colour), rows.cursor)
        self.query_one("#legend", Brief).update(Text(legend(state)))
        self._point()

    def _point(self) -> None:
        names, cursor = self.state.candidates, self.query_one(Rows).cursor
        if cursor < len(names):
            self.query_one("#cell", Brief).update(cell_words(self.state, names[cursor], self.colour))

    def on_rows_highlighted(self) -> None:
        """Another candidate is under the cursor."""
        self._point()

    def on_rows_selected(self, event: Rows.Selected) -> None:
        """The failures of the candidate."""
        self.session.subject = self.state.candidates[event.index]
        self.call_later(self.run_action, "app.go('failures')")

    def action_grouping(self) -> None:
        """Split by the next thing."""
        self.state.next_grouping()
        self._ask()

    def action_intervals(self) -> None:
        """Write intervals into the cells, or leave them out."""
        self.state.intervals = not self.state.intervals
        self.repaint()

    def action_export(self) -> None:
        """Take away the ranking behind the map."""
        if (table := self.state.table) is not None:
            pinned = {"suite": table.suite_hash, "protocol": table.protocol, "metric": table.metric, "by": table.by}
            export_dialog(self, "rankings", pinned, name="heat-map")
