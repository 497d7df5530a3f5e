"""What was scored before, and what stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static, TabbedContent

from engine.jobs.progress import shown_phase
from rubrics.counted import count
from screens.run.jobs import is_elsewhere, left_over, resume, stop, stored_work
from screens.run.queue import tone, way
from screens.run.stored_text import cell, column_widths, log_line, run_text
from screens.shell.plain import cells_of
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.jobs.job import Job
    from engine.results.database import LeftOver
    from engine.results.runs import RunRow
    from screens.shell.place import Place

__all__ = ["StoredPane"]

_LOOK: Final = 2.0
"""Seconds between two looks at runs that go on."""


class StoredPane(Vertical):
    """Every run of the database, newest first, and why the one under the cursor ended as it did."""

    DEFAULT_CSS = """
    StoredPane #headings { height: 1; color: $text-muted; }
    StoredPane #about { height: 8; border-top: solid $panel; padding: 0 1; }
    StoredPane #about:focus { background: $surface; }
    """

    class Looked(Message):
        """The runs have been read."""

        def __init__(self, elsewhere: int, left: LeftOver | None) -> None:
            super().__init__()
            self.elsewhere = elsewhere
            """How many another process is at work on."""
            self.left = left
            """What was asked for last and has not come to its end."""

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[RunRow] = []
        self._elsewhere = 0
        """Runs that another process was at work on when they were read; Live says so."""
        self._shown_stamp: object = None
        self._columns: dict[str, int] = {}

    def compose(self) -> ComposeResult:
        """List and reason."""
        yield Static(id="headings")
        rows = Rows(id="runs", opens=False)
        rows.tooltip = "every run of this database, newest first: R takes up one that stopped"
        yield rows
        about = VerticalScroll(Static(id="reason"), id="about")
        about.tooltip = "all about the run under the cursor; y copies it"
        yield about

    def on_mount(self) -> None:
        """Follow the cursor, and whatever another process does."""
        self.watch(self.query_one(Rows), "cursor", self._explain, init=False)
        self.set_interval(_LOOK, self._look)

    def on_resize(self) -> None:
        """A pane that was never in front had no width to draw for."""
        self.call_after_refresh(self.repaint)

    def _look(self) -> None:
        place = self._place
        followed = ("stored", "live") if self._elsewhere else ("stored",)
        if not place.is_current or place.query_one(TabbedContent).active not in followed:
            return
        # A process that dies leaves the file as it is, so one at work is looked at all the same.
        if place.session.stamp() != self._shown_stamp or any(run.status == "started" for run in self._runs):
            # Passed over while a look is under way: else the next one would drop its answer.
            self.read(place, same="look")

    @property
    def _place(self) -> Place:
        return cast("Place", self.screen)

    def take_focus(self) -> None:
        """Where keys go when the pane opens."""
        self.query_one(Rows).focus()
        self._look()

    def read(self, place: Place, same: str | None = None) -> None:
        """Read the runs."""

        def read() -> tuple[object, list[RunRow], LeftOver | None]:
            store = place.session.store
            return place.session.stamp(), stored_work(store), left_over(store)

        def arrived(answer: tuple[object, list[RunRow], LeftOver | None]) -> None:
            first = not self._runs
            self._shown_stamp, runs, left = answer
            self._runs = runs
            self.repaint()
            self._elsewhere = sum(map(is_elsewhere, runs))
            self.post_message(self.Looked(self._elsewhere, left))
            crashed = [number for number, run in enumerate(runs) if run.status == "crashed"]
            if crashed and first:
                self.query_one(Rows).cursor = crashed[0]
            if first and left is not None and not self._elsewhere:
                words = f"{count(left.runs, 'run')} asked for {left.asked_at} did not come to the end"
                place.notify(f"{words}; ] and R take up what is left", severity="warning", markup=False)
            elif crashed and first:
                words = f"{count(len(crashed), 'run')} stopped without a word; ; shows them, R takes one up"
                place.notify(words, severity="warning", markup=False)

        place.load("stored", read, arrived, same=same)

    def repaint(self) -> None:
        """Draw the list."""
        rows = self.query_one(Rows)
        names = max([0, *(cells_of(run.candidate) for run in self._runs)])
        suites = max([0, *(cells_of(run.suite) for run in self._runs)])
        pairs = max([0, *(len(_pairs(run)) for run in self._runs)])
        # The last cell is the scrollbar's, which comes only once there are lines.
        self._columns = column_widths(rows.size.width - 1, names, suites, pairs, wide=self._place.wide)
        heading = "".join(cell(column, column, width) for column, width in self._columns.items())
        self.query_one("#headings", Static).update(Text(heading))
        rows.show(len(self._runs), self._line, rows.cursor)
        self._explain()

    def _line(self, index: int, width: int) -> Text:
        run, colour = self._runs[index], self._place.colour
        status = shown_phase(str(run.status), run.n_scored, run.n_skipped)
        mark, style = tone(status, colour)
        cells = {
            "state": f"{mark} {status}", "candidate": run.candidate, "suite": run.suite,
            "protocol": way(run.protocol, run.prompt), "prec": run.precision,
            "pairs": _pairs(run),
            "when": run.updated_at[:16] if self._place.wide else run.updated_at[5:16],
        }  # fmt: skip
        styles = {"state": style, "when": colour("chance")}
        line = Text()
        for column, width_of in self._columns.items():
            line.append(cell(column, cells[column], width_of), styles.get(column, ""))
        return line

    @property
    def runs(self) -> list[RunRow]:
        """All of them, newest first."""
        return list(self._runs)

    @property
    def current(self) -> RunRow | None:
        """The run under the cursor."""
        at = self.query_one(Rows).cursor
        return self._runs[min(at, len(self._runs) - 1)] if self._runs else None

    @property
    def resumable(self) -> bool:
        """Whether anything is left to do of the run under the cursor."""
        return (run := self.current) is not None and run.status != "done" and not is_elsewhere(run)

    @property
    def stoppable(self) -> bool:
        """Whether another process is at work on the run under the cursor."""
        return (run := self.current) is not None and is_elsewhere(run)

    def stop(self, place: Place) -> None:
        """Ask that process to stop."""
        run = self.current
        if run is None:
            return

        def stopped(was_running: bool) -> None:
            words = "Asked to stop; what is done is kept" if was_running else "It has ended already"
            place.notify(words, markup=False)
            self.read(place)

        place.load("stop", lambda: stop(run), stopped)

    @property
    def about(self) -> str:
        """All about the run under the cursor, as text."""
        run = self.current
        return "" if run is None else run_text(run, lambda name: "").plain + log_line(run)

    def _explain(self) -> None:
        run = self.current
        if run is None:
            text = Text("No run is stored yet. [ sets one up: mark candidates (1), choose a suite, Q plans, s starts.")
        else:
            text = run_text(run, self._place.colour)
        self.query_one("#reason", Static).update(text)
        self._place.refresh_bindings()

    def resume(self, place: Place, begin: Callable[[Job], None]) -> None:
        """Plan what takes up the run under the cursor, and hand it on."""
        run = self.current
        if run is not None:
            store = place.session.store
            place.load("plan", lambda: resume(store, run), begin)


def _pairs(run: RunRow) -> str:
    return f"{run.n_scored:,}/{run.n_wanted:,}"
