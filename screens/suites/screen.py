"""What suites are at hand, what they cover, and whether they can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, ScrollableContainer, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import ContentSwitcher, DataTable, Static

from rubrics.errors import RudeError
from screens.items.opening import try_pairs_of
from screens.shell.forgetting import FORGET, forget_dialog
from screens.shell.place import Place
from screens.shell.plain import plain
from screens.suites.bad_line import open_bad_line
from screens.suites.card import card_plain, card_text, facts_line
from screens.suites.coverage import CoverageTable
from screens.suites.offering import add_dialog, drop_dialog
from screens.suites.report import report_text
from screens.suites.state import PANES, Pane, SuitesState, invert, mark_all, toggle
from screens.suites.suite_list import entry_line, heading
from screens.suites.taken import suite_table
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.export.tables import Table
    from engine.results.suites import SuiteEntry
    from rubrics.check import Report

__all__ = ["SuitesScreen"]


class _Headings(Static):
    """What the columns of the list are, as wide as it is by now."""

    def render(self) -> Text:
        """The line."""
        return heading(self.size.width)


class SuitesScreen(Place):
    """Built-in suites, files, and what the database holds."""

    MODE = "suites"
    TITLE = "Suites"
    GUIDE = """
● is built in, ▤ a file you named, ◌ a version that only the database holds. pairs: those that count; prompts: the
groups they come in; runs: how often the suite was scored here.

card: how the suite was made and what it does not show. coverage: pairs by subcategory and by |V|; a pair counts in
every subcategory it violates. enter on a cell shows its pairs. check: duplicates, structure, lengths, and whether a
reader who never sees the prompt could win.

T puts the pairs on trial: which labels are suspected, which pairs tell nothing, a short suite. Mark suites with space,
all of them with +, the others with *; then r takes them to the Run screen. Your own stand above those that ship, which
. hides and shows. Enter on a file that cannot be read opens its first bad line. D forgets a suite with every run on it,
after a question, or brings back what was forgotten. K builds pairs from prompts of your own, shows how that goes, and
lets you read the result blind.
"""
    TERMS = (
        "suite", "pair", "group", "category", "violations", "pairs on trial", "short suite", "construction",
        "blind reading",
    )  # fmt: skip
    FIRST_KEYS = ("browse", "pane('coverage')", "pane('check')", "pane('card')", "trial", "construct")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "browse", "pairs", tooltip="read the pairs, or those of the cell", id="browse"),
        Binding("left_square_bracket", "pane('card')", "card", id="suite-card"),
        Binding(
            "right_square_bracket",
            "pane('coverage')",
            "coverage",
            tooltip="pairs by subcategory and |V|",
            id="suite-coverage",
        ),
        Binding("semicolon", "pane('check')", "check", tooltip="can it be trusted? takes seconds", id="suite-check"),
        Binding("T", "trial", "trial", tooltip="pairs on trial: what the verdicts say about them", id="on-trial"),
        Binding("space", "mark", "mark", tooltip="mark for the next run", id="mark"),
        Binding("plus", "mark_all", "all", key_display="+", tooltip="mark all, or none", id="mark-all", show=False),
        Binding(
            "asterisk",
            "invert",
            "invert",
            key_display="*",
            show=False,
            tooltip="mark the others instead",
            id="mark-invert",
        ),
        Binding(
            "full_stop",
            "bundled",
            "bundled",
            key_display=".",
            show=False,
            tooltip="hide or show the suites that ship",
            id="bundled",
        ),
        Binding("r", "run", "run marked", tooltip="take the marked suites to the Run screen", id="run"),
        Binding("a", "add", "add file", tooltip="offer a suite file (.jsonl)", id="add"),
        Binding("d", "drop", "drop file", tooltip="offer a file no longer; it stays on disk", id="drop"),
        Binding("K", "construct", "build pairs", tooltip="build pairs of your own, or review some", id="construct"),
        FORGET,
        Binding("y", "copy", "copy", tooltip="copy the card or the report", id="copy"),
        Binding("f5", "again", "look again", show=False, id="again"),
    ]
    DEFAULT_CSS = """
    SuitesScreen #state { height: 1; padding: 0 1; color: $text-muted; }
    SuitesScreen #body { layout: vertical; height: 1fr; }
    SuitesScreen.-wide #body { layout: horizontal; }
    SuitesScreen #left { height: 6; }
    SuitesScreen.-tall #left { height: 10; }
    SuitesScreen.-wide #left { width: 33%; min-width: 46; height: 1fr; border-right: solid $panel; }
    SuitesScreen #headings { height: 1; color: $text-muted; }
    SuitesScreen #right { width: 1fr; height: 1fr; }
    SuitesScreen #panes { height: 1; background: $surface; }
    SuitesScreen ContentSwitcher { height: 1fr; }
    SuitesScreen #card, SuitesScreen #check { padding: 0 1; height: 1fr; scrollbar-size: 1 1; }
    SuitesScreen #report { width: auto; }
    SuitesScreen DataTable { height: auto; max-height: 1fr; background: $background; }
    SuitesScreen #facts { padding: 1; height: auto; color: $text-muted; }
    SuitesScreen.-short #facts, SuitesScreen.-low #facts { display: none; }
    SuitesScreen.-low #left { height: 4; }
    SuitesScreen #card:focus, SuitesScreen #check:focus { background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.state = SuitesState()

    def body(self) -> Iterable[Widget]:
        """List on one side; card, coverage or check on the other."""
        yield Brief(id="state")
        with Container(id="body"):
            with Container(id="left"):
                yield _Headings(id="headings")
                rows = Rows(id="suites")
                rows.tooltip = "the suites: space marks one for the next run, enter reads its pairs"
                yield rows
            with Container(id="right"):
                yield Heading(id="panes")
                with ContentSwitcher(initial="coverage"):
                    card = VerticalScroll(Static(id="words"), id="card")
                    card.tooltip = "how the suite was written and checked"
                    yield card
                    with Vertical(id="coverage"):
                        table = CoverageTable(cursor_type="cell")
                        table.tooltip = "pairs by subcategory and |V|: enter reads those of the cell"
                        yield table
                        yield Static(id="facts")
                    report = ScrollableContainer(Static(id="report"), id="check")
                    report.tooltip = "what the checks found"
                    yield report

    def on_mount(self) -> None:
        """Look around."""
        rows = self.query_one(Rows)
        rows.focus()
        self.watch(rows, "cursor", self._show_pane, init=False)
        self.query_one("#state", Static).update("reading…")
        self.action_again()

    def on_screen_resume(self) -> None:
        """Runs may have been added."""
        self.action_again()

    def action_again(self) -> None:
        """Look around again."""
        files = tuple(self.session.suite_files)

        def read() -> list[SuiteEntry]:
            from engine.results.suites import suites

            return suites(self.session.store, files)

        self.load("suites", read, self._arrived, same=(files, self.session.hide_bundled))

    def _arrived(self, entries: list[SuiteEntry]) -> None:
        self.state.entries = [e for e in entries if not (self.session.hide_bundled and e.origin == "built-in")]
        self._fill(self.query_one(Rows).cursor)

    def repaint(self) -> None:
        """Draw everything."""
        if self.state.entries:
            self._fill(self.query_one(Rows).cursor)

    def _fill(self, cursor: int) -> None:
        entries, marks = self.state.entries, self.session.marked_suites

        def line(index: int, width: int) -> Text:
            return entry_line(entries[index], width, self.colour, marked=entries[index].path in marks)

        self.query_one("#state", Static).update(Text(self.state.summary(len(marks))))
        self.query_one(Rows).show(len(entries), line, cursor)
        self._show_pane()

    @property
    def _current(self) -> SuiteEntry | None:
        return self.state.at(self.query_one(Rows).cursor)

    def _show_pane(self) -> None:
        """Show what stands in the open pane about the suite under the cursor."""
        entry = self._current
        if entry is None:
            return
        pane = self.state.pane_for(entry)
        self.query_one(ContentSwitcher).current = pane
        strong = f"bold {self.colour('primary')}"
        self.query_one("#panes", Heading).show(
            (f" {key} [{name}]" if name == pane else f" {key}  {name} ", strong if name == pane else "", name)
            for name, key in PANES.items()
        )
        if pane == "card":
            self.query_one("#words", Static).update(card_text(entry, self.colour))
            self.query_one("#card").scroll_home(animate=False)
        elif pane == "coverage":
            self._show_coverage(entry)
        else:
            self._show_report(entry)

    def _show_coverage(self, entry: SuiteEntry) -> None:
        facts = (
            facts_line(entry) + "\n\nA pair counts in every subcategory it violates. enter on a cell reads its pairs."
        )
        self.query_one("#facts", Static).update(Text(facts))
        if (coverage := self.state.coverage.get(entry)) is not None:
            self.query_one(CoverageTable).show(coverage, self.colour)
            return

        def read() -> Mapping[str, tuple[int, ...]]:
            from engine.results.suites import coverage

            return coverage(self.session.store, entry)

        def arrived(coverage: Mapping[str, tuple[int, ...]]) -> None:
            self.state.coverage[entry] = coverage
            if self._current == entry:
                self.query_one(CoverageTable).show(coverage, self.colour)

        self.load("coverage", read, arrived, same=entry)

    def _show_report(self, entry: SuiteEntry) -> None:
        panel = self.query_one("#report", Static)
        if (report := self.state.reports.get(entry)) is not None:
            panel.update(report_text(report, self.colour))
            self.query_one("#check").scroll_home(animate=False)
            return
        panel.update(Text("Checking… some seconds for a large suite."))

        def read() -> Report:
            from engine.results.suites import check_report

            return check_report(self.session.store, entry)

        def arrived(report: Report) -> None:
            self.state.reports[entry] = report
            if self._current == entry and self.state.pane == "check":
                self._show_report(entry)

        def failed(error: RudeError) -> None:
            if self._current == entry:
                panel.update(Text(f"✗ {plain(error.what)}\n→ {plain(error.fix)}", self.colour("bad")))

        self.load("check", read, arrived, failed, same=entry)

    def on_heading_clicked(self, event: Heading.Clicked) -> None:
        """Another pane by mouse."""
        self.action_pane(cast(Pane, event.target))

    def action_pane(self, name: Pane) -> None:
        """Card, coverage or check."""
        self.state.pane = name
        self._show_pane()

    def on_rows_selected(self) -> None:
        """Enter on a suite reads its pairs."""
        self.action_browse()

    def on_data_table_cell_selected(self, event: DataTable.CellSelected) -> None:
        """Enter on a cell reads its pairs."""
        self._open(event.coordinate.row, event.coordinate.column)

    def action_browse(self) -> None:
        """Read the pairs."""
        self._open(None, 0)

    def _open(self, row: int | None, column: int) -> None:
        entry = self._current
        if entry is None:
            return
        if entry.fault:
            open_bad_line(self, entry, lambda: self.action_pane("card"))
            return
        from screens.suite_pairs.screen import PairsScreen

        self.app.push_screen(PairsScreen(entry, self.state.pairs_in(entry, row, column)))

    def action_mark_all(self) -> None:
        """Mark all that can be scored, or none."""
        mark_all(self.session.marked_suites, self.state.entries)
        self.repaint()

    def action_invert(self) -> None:
        """Mark the others instead."""
        invert(self.session.marked_suites, self.state.entries)
        self.repaint()

    def action_bundled(self) -> None:
        """Hide the suites and candidates that ship, or show them again."""
        self.session.show_bundled(shown=self.session.hide_bundled)
        self.action_again()

    def shown_table(self) -> tuple[str, Callable[[], Table]] | None:
        """The suites that are listed."""
        entries, marks = self.state.entries, set(self.session.marked_suites)
        return ("suites", lambda: suite_table(entries, marks)) if entries else None

    def action_trial(self) -> None:
        """Put the pairs on trial, by the verdicts there are."""
        if (entry := self._current) is not None:
            try_pairs_of(self, entry)

    def action_mark(self) -> None:
        """Mark for the next run, or unmark."""
        entry = self._current
        if entry is None:
            return
        if why_not := toggle(self.session.marked_suites, entry):
            self.notify(why_not, severity="warning", markup=False)
        else:
            self.repaint()

    def action_run(self) -> None:
        """Take the marked to the Run screen; with none marked, the one under the cursor."""
        if not self.session.marked_suites:
            self.action_mark()
        if self.session.marked_suites:
            self.call_later(self.run_action, "app.set_up")

    def action_forget(self) -> None:
        """Forget the suite under the cursor with every run on it, or bring something back."""
        from engine.annotations.forgetting import Subject

        entry = self._current
        stored = entry is not None and bool(entry.added_at)
        forget_dialog(
            self,
            lambda: [Subject("suite", entry.suite_hash, entry.name)] if entry and stored else [],
            self.action_again,
        )

    def action_construct(self) -> None:
        """Build pairs of one's own."""
        from screens.construct.screen import ConstructScreen

        self.app.push_screen(ConstructScreen())

    def action_add(self) -> None:
        """Offer a file."""
        add_dialog(self, self.action_again)

    def action_drop(self) -> None:
        """Offer a file no longer."""
        drop_dialog(self, self._current.path if self._current is not None else None, self.action_again)

    def action_copy(self) -> None:
        """Copy the report where it is open, else the card."""
        entry = self._current
        if entry is None:
            return
        report = self.state.reports.get(entry) if self.state.pane == "check" else None
        self.app.copy_to_clipboard(plain(report.render()) if report else card_plain(entry))
