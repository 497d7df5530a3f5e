"""The queue as it goes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Log, Static

from engine.jobs.progress import NONE_SCORED, TRAINING, shown_phase
from screens.run.charts import accuracy_chart, held_out_chart, interval_of, speed_chart
from screens.run.queue import columns, current, live_cells, summary
from screens.shell.formats import size
from screens.shell.live import Live, RunTrace
from screens.shell.plain import cells_of, plain
from screens.widgets.table import Table

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.machine.devices import Device
    from engine.results.database import LeftOver
    from screens.shell.place import Place

__all__ = ["LivePane"]

_DRAWN: Final = 0.2
"""Seconds between two drawings of the charts."""
_MEMORY: Final = 2.0
"""Seconds between two looks at the device."""
_TIME: Final = len("12:00:00  ")
"""Cells of the time before a line of the log."""
_CHANCE: Final = 0.5
"""Of the headline metric of either protocol."""


class LivePane(Vertical):
    """Summary, one line per run, how fast and how right, and the log."""

    DEFAULT_CSS = """
    LivePane #summary { height: auto; min-height: 2; max-height: 3; padding: 0 1; }
    LivePane #decided { height: auto; max-height: 5; padding: 0 1; display: none; }
    LivePane #queue { height: 1fr; min-height: 3; background: $background; }
    LivePane #charts { layout: horizontal; height: 36%; min-height: 8; border-top: solid $panel; }
    LivePane .chart { width: 1fr; height: 1fr; padding: 0 1; }
    LivePane Log { height: 20%; min-height: 3; border-top: solid $panel; background: $background; padding: 0 1;
                   scrollbar-size: 1 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shape: tuple[object, ...] = ()
        self._shown: dict[str, RunState] = {}
        self._logged: tuple[str, ...] = ()
        self._live = Live()
        self._followed = ""
        self._drawn = 0.0
        self._memory = ""
        self._elsewhere = 0
        self._left: LeftOver | None = None

    def compose(self) -> ComposeResult:
        """Summary, what is decided, queue, charts and log."""
        yield Static(id="summary")
        yield Static(id="decided")
        table = Table(cursor_type="row", id="queue")
        table.tooltip = "the runs, in the order they are scored; the curve of accuracy is of the one under the cursor"
        yield table
        with Container(id="charts"):
            yield Static(id="speed", classes="chart")
            yield Static(id="accuracy", classes="chart")
        log = Log(id="log", auto_scroll=True)
        log.tooltip = "what has happened; it is in the log file too"
        yield log

    def on_mount(self) -> None:
        """Look at the device now and then."""
        self.set_interval(_MEMORY, self._look)

    @property
    def _place(self) -> Place:
        return cast("Place", self.screen)

    def take_focus(self) -> None:
        """Where keys go when the pane opens."""
        self.query_one("#queue").focus()
        self._charts()

    def _look(self) -> None:
        state = current(self._live)
        if not self._live.running or state is None or not state.device:
            return
        spec = state.device

        def read() -> Device:
            from engine.machine.devices import resolve_device

            return resolve_device(spec)

        def arrived(device: Device) -> None:
            used = device.total - device.free
            self._memory = f"{'machine' if device.kind == 'cpu' else device.spec} {size(used)} of {size(device.total)}"
            self._summary()

        # What cannot be looked at is left unsaid: the run goes on, and tells of its own troubles.
        self._place.load("memory", read, arrived, lambda error: None)

    def _summary(self) -> None:
        text = Text(summary(self._live, self._memory, self._elsewhere, self._left))
        self.query_one("#summary", Static).update(text)

    def show_elsewhere(self, runs: int, left: LeftOver | None) -> None:
        """How many runs another process is at work on, and what was asked for earlier and has not come to its end."""
        if (runs, left) != (self._elsewhere, self._left):
            self._elsewhere, self._left = runs, left
            self._summary()

    def show_decided(self, text: Text) -> None:
        """What is decided already; nothing is shown where there is nothing to say."""
        decided = self.query_one("#decided", Static)
        decided.update(text)
        decided.display = bool(text)

    def show(self, live: Live) -> None:
        """Draw a snapshot; only cells that move are drawn again."""
        turned = [s.phase for s in live.states] != [s.phase for s in self._live.states] or not live.running
        self._live = live
        self._summary()
        self._queue(live)
        state = current(live)
        if state is not None and state.key != self._followed:
            self._followed = state.key
            table = self.query_one("#queue", Table)
            table.move_cursor(row=[state.key for state in live.states].index(state.key), animate=False)
        if turned or time.monotonic() - self._drawn >= _DRAWN:
            self._charts()
        self._write_log(live.log)

    def _queue(self, live: Live) -> None:
        table = self.query_one("#queue", Table)
        names = max((cells_of(state.candidate) for state in live.states), default=9)
        suites = max((cells_of(state.suite) for state in live.states), default=5)
        shown = columns(table.size.width, names, suites, len({state.suite for state in live.states}))
        colour = self._place.colour
        shape = (tuple(shown), self.app.theme, *(state.key for state in live.states))
        if shape != self._shape:
            self._shape = shape
            row = table.cursor_row
            table.clear(columns=True)
            for key, heading, width in shown:
                table.add_column(Text(heading), key=key, width=width)
            for state in live.states:
                cells = live_cells(state, colour, _ends(live, state))
                table.add_row(*(cells[key] for key, _, _ in shown), key=state.key)
            table.move_cursor(row=row, animate=False)
        else:
            for state in live.states:
                if self._shown.get(state.key) is state:
                    continue
                cells = live_cells(state, colour, _ends(live, state))
                for key, _, _ in shown:
                    if table.get_cell(state.key, key) != cells[key]:
                        table.update_cell(state.key, key, cells[key])
        self._shown = {state.key: state for state in live.states}

    def on_resize(self) -> None:
        """Charts are as wide as their place."""
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Draw everything again."""
        self.show(self._live)
        self._charts()
        # What was wrapped for another width is written anew, and stands at its end, or it would not follow.
        log = self.query_one("#log", Log)
        log.clear()
        self._logged = ()
        self._write_log(self._live.log)
        log.scroll_end(animate=False)

    def on_data_table_row_highlighted(self) -> None:
        """The curves of another run."""
        self._charts()

    def _charts(self) -> None:
        self._drawn = time.monotonic()
        live, colour = self._live, self._place.colour
        at = self.query_one("#queue", Table).cursor_row
        speed, accuracy = self.query_one("#speed", Static), self.query_one("#accuracy", Static)
        box = speed.content_size
        speed.update(speed_chart(live.trace.tokens if live.states else (), box.width, box.height, colour))
        box = accuracy.content_size
        if 0 <= at < len(live.states):
            state = live.states[at]
            if state.error:
                accuracy.update(Text(f"✗ {plain(state.error)}", colour("bad"), overflow="fold"))
                return
            if state.protocol.startswith(TRAINING):
                points, ends = getattr(state.account, "points", ()), getattr(state.account, "ends", None)
                accuracy.update(held_out_chart(points, state.total, box.width, box.height, colour, ends))
                return
            if shown_phase(str(state.phase), state.done, state.skipped) == NONE_SCORED:
                why = [note for note in state.notes if "skipped" in note] or [f"{state.skipped:,} cannot be scored"]
                accuracy.update(
                    Text(f"✗ nothing was scored\n{plain(chr(10).join(why))}", colour("bad"), overflow="fold")
                )
                return
            trace = live.trace.runs.get(state.key, RunTrace())
            accuracy.update(accuracy_chart(state, trace, _CHANCE, box.width, box.height, colour))
        else:
            accuracy.update("")

    def _write_log(self, lines: tuple[str, ...]) -> None:
        log = self.query_one("#log", Log)
        # The log only grows at its end and forgets at its beginning, so the last line written says where to go on.
        start = 0
        if self._logged:
            last = self._logged[-1]
            start = len(lines) - lines[::-1].index(last) if last in lines else 0
        if lines[start:]:
            log.write_lines(
                [part for line in lines[start:] for part in self._wrapped(line, log.content_size.width - 1)]
            )
        self._logged = lines

    def _wrapped(self, line: str, width: int) -> list[str]:
        """A line of the log in as many as it takes, further ones below what it says and not below its time."""
        text = Text(plain(line).replace("\n", " "))
        if width < 3 * _TIME or text.cell_len <= width:
            return [text.plain]
        time, said = text.divide([_TIME])
        parts = said.wrap(self.app.console, width - _TIME)
        return [f"{' ' * _TIME if number else time.plain}{part.plain.rstrip()}" for number, part in enumerate(parts)]


def _ends(live: Live, state: RunState) -> tuple[float, float] | None:
    return interval_of(state, live.trace.runs.get(state.key, RunTrace()))
