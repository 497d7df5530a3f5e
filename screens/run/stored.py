"""What was scored before, and what stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from screens.formats import count
from screens.plain import one_line, plain
from screens.run.board import tone
from screens.run.choices import make_plan, resume_request
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.runs import Plan
    from engine.store.runs import RunRow
    from screens.run.screen import RunScreen

__all__ = ["StoredPane"]


class StoredPane(Vertical):
    """Every run of the database, newest first, and why the one under the cursor ended as it did."""

    DEFAULT_CSS = """
    StoredPane #headings { height: 1; color: $text-muted; }
    StoredPane #about { height: 7; border-top: solid $panel; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[RunRow] = []
        self._colour: Callable[[str], str] = lambda name: ""
        self._wide = False

    def compose(self) -> ComposeResult:
        """List and reason."""
        yield Static(id="headings")
        rows = Rows(id="runs")
        rows.tooltip = "every run of this database, newest first: e takes up one that stopped"
        yield rows
        with VerticalScroll(id="about", can_focus=False):
            yield Static(id="reason")

    def on_mount(self) -> None:
        """Follow the cursor."""
        self.watch(self.query_one(Rows), "cursor", self._explain)

    def take_focus(self) -> None:
        """Where keys go when the pane opens."""
        self.query_one(Rows).focus()

    def read(self, place: RunScreen) -> None:
        """Read the runs."""

        def read() -> list[RunRow]:
            from engine.store.runs import stored_runs

            return stored_runs(place.session.store)

        def arrived(runs: list[RunRow]) -> None:
            first = not self._runs
            self._runs = runs
            self.repaint(place.colour, wide=place.wide)
            crashed = [number for number, run in enumerate(runs) if run.status == "crashed"]
            if crashed and first:
                self.query_one(Rows).cursor = crashed[0]
                place.notify(
                    f"{count(len(crashed), 'run')} stopped without a word; h shows them, e takes one up",
                    severity="warning",
                    markup=False,
                )

        place.load("stored", read, arrived)

    def repaint(self, colour: Callable[[str], str], *, wide: bool) -> None:
        """Draw the list."""
        self._colour, self._wide = colour, wide
        rows = self.query_one(Rows)
        name, suite = self._widths
        heading = f"{'state':<12}{'candidate':<{name}}{'suite':<{suite}}{'protocol':<11}{'prec':<5}{'pairs':>11}  when"
        self.query_one("#headings", Static).update(Text(heading, no_wrap=True))
        rows.show(len(self._runs), self._line, rows.cursor)
        self._explain()

    @property
    def _widths(self) -> tuple[int, int]:
        """Cells for candidate and suite, each with the gap behind it."""
        return (33, 21) if self._wide else (16, 10)

    def _line(self, index: int, width: int) -> Text:
        run = self._runs[index]
        mark, style = tone(str(run.status), self._colour)
        name, suite = self._widths
        line = Text(f"{mark + ' ' + str(run.status):<12}", style)
        line.append(f"{one_line(run.candidate, name - 1):<{name}}", "")
        line.append(f"{one_line(run.suite, suite - 1):<{suite}}{run.protocol:<11}{run.precision:<5}")
        line.append(f"{f'{run.n_scored:,}/{run.n_wanted:,}':>11}  ")
        line.append(run.updated_at[:16] if self._wide else run.updated_at[5:16], self._colour("chance"))
        return line

    def _explain(self) -> None:
        cursor = self.query_one(Rows).cursor
        if not self._runs:
            text = Text("No run is stored yet. u sets one up.")
        else:
            run = self._runs[min(cursor, len(self._runs) - 1)]
            text = Text(overflow="fold")
            text.append(f"{plain(run.candidate)} · {plain(run.suite)} · {run.protocol} · {run.precision}", "bold")
            text.append(f" · {run.device} · seed {run.seed} · {run.run_id[:12]}\n")
            if run.error:
                text.append(plain(run.error) + "\n", self._colour("bad"))
            if run.status == "crashed":
                text.append("stopped without a word; e takes it up where it was\n", self._colour("bad"))
            if run.n_skipped:
                text.append(f"{count(run.n_skipped, 'pair')} cannot be scored (too long, or empty)\n")
            for note in run.facts.get("notes", ()):
                text.append(f"· {plain(str(note))}\n")
        self.query_one("#reason", Static).update(text)

    def resume(self, place: RunScreen) -> None:
        """Take up the run under the cursor."""
        if not self._runs:
            return
        run = self._runs[min(self.query_one(Rows).cursor, len(self._runs) - 1)]
        if run.status == "done":
            place.notify("This run is complete", markup=False)
            return

        def read() -> Plan:
            return make_plan(place.session.store, resume_request(place.session.store, run))

        place.load("plan", read, place.begin)
