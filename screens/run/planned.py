"""The plan before it starts: what will run, what it will take, what is left out and why."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static, TabbedContent

from screens.run.forecast import Expected, headline, plan_cells, plan_columns, portions
from screens.run.jobs import expect, lay_out, make_plan
from screens.shell.plain import one_line, padded, plain
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.jobs.runs import Plan, RunRequest
    from screens.shell.place import Place

__all__ = ["PlanPane"]

_NUMBERS: Final = ("left", "time", "tokens", "memory", "done")
"""Columns that stand at the right of their cells."""


class PlanPane(Vertical):
    """A line for each run, what it will take behind it; below, all about the one under the cursor."""

    DEFAULT_CSS = """
    PlanPane #advice { height: auto; max-height: 8; padding: 0 1; }
    PlanPane #plan-headings { height: 1; color: $text-muted; }
    PlanPane Rows { height: 1fr; min-height: 3; }
    PlanPane #plan-about { height: auto; max-height: 9; border-top: solid $panel; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.plan: Plan | None = None
        self._expected: list[Expected] = []
        self._columns: dict[str, int] = {}
        self._note = ""
        self._laying = threading.Event()
        """Set once the laying out that goes on is no longer wanted."""

    def compose(self) -> ComposeResult:
        """Advice, lines, details."""
        yield Static(id="advice")
        yield Static(id="plan-headings")
        rows = Rows(id="plan", opens=False)
        rows.tooltip = "the plan: what a start would do; below, all about the run under the cursor"
        yield rows
        with VerticalScroll(id="plan-about", can_focus=False):
            yield Static(id="plan-facts")

    def on_mount(self) -> None:
        """Follow the cursor."""
        self.watch(self.query_one(Rows), "cursor", self._explain, init=False)
        self.show_note("")

    def on_resize(self) -> None:
        """Names have another width."""
        self.call_after_refresh(self.repaint)

    def on_unmount(self) -> None:
        """Nobody waits for it any more."""
        self._laying.set()

    @property
    def _place(self) -> Place:
        return cast("Place", self.screen)

    @property
    def expected(self) -> list[Expected]:
        """The runs of the plan, and what they will take; none where nothing is planned."""
        return list(self._expected)

    def forget(self, note: str = "") -> None:
        """The plan no longer holds."""
        self._laying.set()
        self.plan, self._expected = None, []
        self.show_note(note)

    def show_note(self, note: str) -> None:
        """Say something in place of a plan."""
        self._note = note
        self.repaint()

    def make(self, place: Place, request: RunRequest, then: Callable[[Plan], None] | None = None) -> None:
        """Plan in a thread: weights are hashed, which takes a while for large ones. Then lay out what is left, a
        candidate at a time.

        Args:
            then: given the plan, in place of laying it out.
        """
        self.forget("Looking at models, suites and what is stored… (large weights take a while to hash)")
        store = place.session.store

        def read() -> tuple[Plan, list[Expected]]:
            plan = make_plan(store, request)
            return plan, expect(store, plan)

        def arrived(answer: tuple[Plan, list[Expected]]) -> None:
            self.plan, self._expected = answer
            self._note = ""
            self._laying = threading.Event()
            self.repaint()
            if then is not None:
                then(answer[0])
                return
            if place.query_one(TabbedContent).active == "setup":
                # What is focused in a pane that is not open would open it.
                self.query_one(Rows).focus()
            self._lay(place, answer[0], portions(answer[1]), self._laying)

        def failed(error: Any) -> None:
            self.forget(f"✗ {plain(error.what)}")
            place.show_error(error)

        place.load("plan", read, arrived, failed)

    def _lay(self, place: Place, plan: Plan, portions_left: list[list[Expected]], cancel: threading.Event) -> None:
        if not portions_left or cancel.is_set():
            return

        def arrived(portion: list[Expected]) -> None:
            if cancel.is_set():
                return
            laid = {expected.run.run_id: expected for expected in portion}
            self._expected = [laid.get(expected.run.run_id, expected) for expected in self._expected]
            self.repaint()
            self._lay(place, plan, portions_left[1:], cancel)

        place.load("lay", lambda: lay_out(place.session.store, plan, portions_left[0], cancel), arrived)

    def repaint(self) -> None:
        """Draw it."""
        if not self.is_mounted:
            return
        place = self._place
        shown = self.plan is not None
        advice = Text(self._note)
        if self.plan is not None:
            advice = Text(headline(self._expected), "bold")
            if any(run.left for run in self.plan.runs):
                advice.append("  s starts.", "bold")
            for said in self.plan.left_out:
                advice.append(f"\n! {plain(said)}", place.colour("mark-2"))
            for name, what, fix in self.plan.refused:
                advice.append(f"\n✗ {one_line(name, 30)} is left out: {plain(what)}", place.colour("bad"))
                advice.append(f"\n  → {plain(fix)}")
        self.query_one("#advice", Static).update(advice)
        for name in ("#plan-headings", "#plan"):
            self.query_one(name).display = shown
        self.query_one("#plan-about").display = shown and not place.has_class("-low")
        rows = self.query_one(Rows)
        # A cell for the scrollbar; the list itself has no width before it is shown.
        self._columns = plan_columns([plan_cells(expected) for expected in self._expected], self.size.width - 3)
        heading = "  " + self._cells({key: key for key in self._columns})
        self.query_one("#plan-headings", Static).update(Text(heading, no_wrap=True))
        rows.show(len(self._expected), self._line, rows.cursor)
        self._explain()

    def _cells(self, line: Mapping[str, str]) -> str:
        """A line of cells, each padded to its column."""
        return " ".join(padded(line[key], width, right=key in _NUMBERS) for key, width in self._columns.items())

    def _line(self, index: int, width: int) -> Text:
        expected = self._expected[index]
        run, colour = expected.run, self._place.colour
        mark, tone = ("✓", "mark-3") if not run.left else ("·", "chance")
        if expected.fault or (run.left and not expected.left):
            mark, tone = "✗", "bad"
        elif expected.laid is not None and expected.laid.skipped:
            mark, tone = "!", "mark-2"
        line = Text(mark + " ", colour(tone))
        return line.append(self._cells(plan_cells(expected)))

    def _explain(self) -> None:
        if not self._expected:
            return
        from engine.machine.sizes import human_bytes

        expected = self._expected[min(self.query_one(Rows).cursor, len(self._expected) - 1)]
        head, *rest = expected.about()
        text = Text(overflow="fold")
        text.append(head, "bold")
        if not self._place.wide and expected.run.left:
            memory = f" · {human_bytes(expected.needed_bytes)}" if expected.needed_bytes else ""
            text.append(f"\n{expected.tokens} tokens · {expected.run.precision}{memory} · {expected.run.done:,} done")
        for line in rest:
            text.append("\n" + line, self._place.colour("bad") if line.startswith("✗") else "")
        self.query_one("#plan-facts", Static).update(text)
