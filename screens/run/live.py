"""The queue as it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable, Log, Static

from screens.plain import plain
from screens.run.board import columns, live_cells, summary
from screens.session import Live

__all__ = ["LivePane"]

_REDRAW: Final = ("phase", "bar", "pairs", "speed", "tokens", "eta", "right", "memory")


class LivePane(Vertical):
    """Summary, one line per run, and the log."""

    DEFAULT_CSS = """
    LivePane #summary { height: 2; padding: 0 1; }
    LivePane DataTable { height: 1fr; background: $background; }
    LivePane Log { height: 30%; min-height: 4; border-top: solid $panel; background: $background; padding: 0 1;
                   scrollbar-size: 1 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shape: tuple[object, ...] = ()
        self._logged: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Three parts."""
        yield Static(id="summary")
        table: DataTable[Text] = DataTable(cursor_type="row", id="queue")
        table.tooltip = "the runs, in the order they are scored"
        yield table
        log = Log(id="log", auto_scroll=True)
        log.tooltip = "what has happened; it is in the log file too"
        yield log

    def take_focus(self) -> None:
        """Where keys go when the pane opens."""
        self.query_one("#queue").focus()

    def show(self, live: Live, colour: Callable[[str], str], *, wide: bool) -> None:
        """Draw a snapshot; only cells that move are drawn again."""
        self.query_one("#summary", Static).update(Text(summary(live), no_wrap=True, overflow="ellipsis"))
        table: DataTable[Text] = self.query_one("#queue", DataTable)
        shape = (wide, self.app.theme, *(state.key for state in live.states))
        if shape != self._shape:
            self._shape = shape
            table.clear(columns=True)
            for key, heading, width in columns(wide=wide):
                table.add_column(Text(heading), key=key, width=width)
            for state in live.states:
                cells = live_cells(state, colour, wide=wide)
                table.add_row(*(cells[key] for key, _, _ in columns(wide=wide)), key=state.key)
        else:
            shown = {key for key, _, _ in columns(wide=wide)}
            for state in live.states:
                cells = live_cells(state, colour, wide=wide)
                for key in shown.intersection(_REDRAW):
                    if table.get_cell(state.key, key) != cells[key]:
                        table.update_cell(state.key, key, cells[key])
        self._log(live.log)

    def _log(self, lines: tuple[str, ...]) -> None:
        log = self.query_one("#log", Log)
        # The log only grows at its end and forgets at its beginning, so its last known line says where to go on.
        start = 0
        if self._logged:
            last = self._logged[-1]
            start = len(lines) - lines[::-1].index(last) if last in lines else 0
        if lines[start:]:
            log.write_lines([plain(line).replace("\n", " ") for line in lines[start:]])
        self._logged = lines
