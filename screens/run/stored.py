"""What was scored before, and what stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from engine.jobs.progress import TRAINING
from rubrics.counted import count
from screens.formats import duration, size
from screens.plain import one_line, plain
from screens.run.board import tone, way
from screens.run.choices import make_plan, resume_request
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.jobs.runs import Plan
    from engine.posttrain.job import PostTrainJob
    from engine.store.runs import RunRow
    from screens.run.screen import RunScreen

__all__ = ["StoredPane", "run_text"]

_LOOK: Final = 2.0
"""Seconds between two looks at runs that go on."""


class StoredPane(Vertical):
    """Every run of the database, newest first, and why the one under the cursor ended as it did."""

    DEFAULT_CSS = """
    StoredPane #headings { height: 1; color: $text-muted; }
    StoredPane #about { height: 8; border-top: solid $panel; padding: 0 1; }
    StoredPane #about:focus { background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[RunRow] = []
        self._seen: object = None
        self._columns: dict[str, int] = {}

    def compose(self) -> ComposeResult:
        """List and reason."""
        yield Static(id="headings")
        rows = Rows(id="runs", opens=False)
        rows.tooltip = "every run of this database, newest first: e takes up one that stopped"
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
        if not (place.is_current and place.pane == "stored"):
            return
        # A process that dies leaves the file as it is, so one at work is looked at all the same.
        if place.session.stamp() != self._seen or any(run.status == "started" for run in self._runs):
            # Passed over while a look is under way: else the next one would drop its answer.
            self.read(place, same="look")

    @property
    def _place(self) -> RunScreen:
        return cast("RunScreen", self.screen)

    def take_focus(self) -> None:
        """Where keys go when the pane opens."""
        self.query_one(Rows).focus()
        self._look()

    def read(self, place: RunScreen, same: str | None = None) -> None:
        """Read the runs."""

        def read() -> tuple[object, list[RunRow]]:
            from engine.posttrain.stored import training_rows
            from engine.store.runs import stored_runs

            seen = place.session.stamp()
            found = [*stored_runs(place.session.store), *training_rows(place.session.store)]
            return seen, sorted(found, key=lambda run: run.created_at, reverse=True)

        def arrived(answer: tuple[object, list[RunRow]]) -> None:
            first = not self._runs
            self._seen, runs = answer
            self._runs = runs
            self.repaint()
            crashed = [number for number, run in enumerate(runs) if run.status == "crashed"]
            if crashed and first:
                self.query_one(Rows).cursor = crashed[0]
                place.notify(
                    f"{count(len(crashed), 'run')} stopped without a word; h shows them, e takes one up",
                    severity="warning",
                    markup=False,
                )

        place.load("stored", read, arrived, same=same)

    def repaint(self) -> None:
        """Draw the list."""
        rows = self.query_one(Rows)
        self._columns = _columns(rows.scrollable_content_region.width or rows.size.width, wide=self._place.wide)
        heading = "".join(_cell(column, column, width) for column, width in self._columns.items())
        self.query_one("#headings", Static).update(Text(heading))
        rows.show(len(self._runs), self._line, rows.cursor)
        self._explain()

    def _line(self, index: int, width: int) -> Text:
        run, colour = self._runs[index], self._place.colour
        mark, style = tone(str(run.status), colour)
        cells = {
            "state": f"{mark} {run.status}", "candidate": one_line(run.candidate, 32), "suite": one_line(run.suite, 20),
            "protocol": way(run.protocol, run.prompt), "prec": run.precision,
            "pairs": f"{run.n_scored:,}/{run.n_wanted:,}",
            "when": run.updated_at[:16] if self._place.wide else run.updated_at[5:16],
        }  # fmt: skip
        styles = {"state": style, "when": colour("chance")}
        line = Text()
        for column, cells_of in self._columns.items():
            line.append(_cell(column, cells[column], cells_of), styles.get(column, ""))
        return line

    @property
    def _current(self) -> RunRow | None:
        at = self.query_one(Rows).cursor
        return self._runs[min(at, len(self._runs) - 1)] if self._runs else None

    @property
    def resumable(self) -> bool:
        """Whether anything is left to do of the run under the cursor."""
        return (run := self._current) is not None and run.status != "done"

    @property
    def told(self) -> str:
        """All about the run under the cursor, as text."""
        run = self._current
        return "" if run is None else run_text(run, lambda name: "").plain + _log_of(run)

    def _explain(self) -> None:
        run = self._current
        if run is None:
            text = Text("No run is stored yet. u sets one up: mark candidates (1), choose a suite, p plans, s starts.")
        else:
            text = run_text(run, self._place.colour)
        self.query_one("#reason", Static).update(text)
        self._place.refresh_bindings()

    def resume(self, place: RunScreen) -> None:
        """Take up the run under the cursor."""
        run = self._current
        if run is None:
            return
        store = place.session.store
        if run.protocol == TRAINING:

            def found() -> PostTrainJob:
                from engine.posttrain.stored import resume_training

                return resume_training(store, run)

            place.load("plan", found, place.train)
            return

        def read() -> Plan:
            return make_plan(store, resume_request(store, run))

        place.load("plan", read, place.begin)


def _columns(room: int, *, wide: bool) -> dict[str, int]:
    """Cells of each column with the gap behind it: what there is room for, by need, in the order they are shown in."""
    needed = {
        "state": 12, "candidate": 33 if wide else max(9, min(16, room - 24)), "protocol": 12, "pairs": 13,
        "suite": 21 if wide else 10, "when": 16 if wide else 11, "prec": 5,
    }  # fmt: skip
    taken, found = 0, set()
    for column, width in needed.items():
        taken += width
        if taken > room:
            break
        found.add(column)
    shown = ("state", "candidate", "suite", "protocol", "prec", "pairs", "when")
    return {column: needed[column] for column in shown if column in found}


def _cell(column: str, text: str, width: int) -> str:
    if column == "pairs":
        return f"{text:>{width - 2}}  "
    return f"{one_line(text, width - 1) if column in ('candidate', 'suite') else text:<{width}}"


_WAYS_OUT = {
    "crashed": "its process ended without a word (killed, out of memory, or the machine went down)",
    "cancelled": "it was stopped",
}


def run_text(run: RunRow, colour: Callable[[str], str]) -> Text:
    """What a run was, what it cost, and where it did not end well, why and the way out."""
    from engine.jobs.progress import way_of

    training = run.protocol == TRAINING
    about = run.candidate, run.suite, run.protocol, run.precision or str(run.facts.get("recipe", ""))
    text = Text(overflow="fold")
    text.append(plain(" · ".join(filter(None, about))), "bold")
    text.append(" · ".join(["", *filter(None, [run.device, f"seed {run.seed}", run.run_id[:12]])]) + "\n")
    if run.error:
        reason, _, fix = plain(run.error).partition("\n  → ")
        text.append(f"✗ {reason}\n", colour("bad"))
        if fix:
            text.append(f"→ {fix}\n")
    elif way := _WAYS_OUT.get(str(run.status)):
        text.append(f"✗ {way}\n", colour("bad"))
    if run.status in ("crashed", "cancelled", "failed"):
        left = max(0, run.n_wanted - run.n_scored - run.n_skipped)
        text.append(
            f"→ e takes it up where it was; {count(left, 'step' if training else 'pair')} are left\n"
            if left
            else "→ e tries again\n"
        )
    facts = run.facts
    parts = []
    if facts.get("seconds"):
        parts.append(f"{'trained' if training else 'scored'} for {duration(facts['seconds'])}")
        if facts.get("tokens"):
            parts.append(f"{facts['tokens'] / facts['seconds']:,.0f} tokens/s")
    if facts.get("memory"):
        parts.append(f"{size(facts['memory'])} at most")
    parts += [str(facts[name]) for name in ("device_name", "attention", "sharing") if facts.get(name)]
    if parts:
        text.append(plain(" · ".join(parts)) + "\n", colour("chance"))
    if run.n_skipped:
        text.append(f"! {count(run.n_skipped, 'pair')} cannot be scored (too long, or empty)\n", colour("mark-2"))
    if run.prompt != "own":
        text.append(f"· a control: {way_of(run.protocol, run.prompt)}; rankings leave it out\n")
    for note in facts.get("notes", ()):
        text.append(f"· {plain(str(note))}\n")
    if run.status in ("failed", "crashed") and facts.get("log"):
        text.append(f"log {plain(Path(str(facts['log'])).name)} (y copies the whole path)\n", colour("chance"))
    return text


def _log_of(run: RunRow) -> str:
    log = run.facts.get("log")
    return f"log: {log}\n" if log else ""
