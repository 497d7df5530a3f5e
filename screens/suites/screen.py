"""What suites are at hand, what they cover, and whether they can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, ScrollableContainer, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import ContentSwitcher, DataTable, Static

from engine.export.palette import glyph
from rubrics.counted import count
from rubrics.errors import RudeError
from screens.items.opening import try_pairs_of
from screens.run.state import named_suite
from screens.shell.dialogs import Ask, Choose
from screens.shell.place import Place
from screens.shell.plain import one_line, plain
from screens.suites.card import card_text, entry_line, facts_line, report_text
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.results.suites import SuiteEntry
    from rubrics.check import Report

__all__ = ["SuitesScreen"]

_PANES: Final = {"card": "card", "coverage": "coverage", "check": "check"}


class _Headings(Static):
    """What the columns of the list are, as wide as it is by now."""

    def render(self) -> Text:
        """The line."""
        name = max(12, self.size.width - 22)
        return Text(f"{'   suite':<{name}} {'pairs':>7} {'prompts':>7} {'runs':>5}", no_wrap=True)


class SuitesScreen(Place):
    """Built-in suites, files, and what the database holds."""

    MODE = "suites"
    TITLE = "Suites"
    GUIDE = """
● is built in, ▤ a file you named, ◌ a version that only the database holds. pairs: those that count; prompts: the
groups they come in; runs: how often the suite was scored here.

card: how the suite was made and what it does not show. coverage: pairs by subcategory and by |V|, the number of
criteria the rejected response violates – 1 is hardest; a pair counts in every subcategory it violates. enter on a cell
shows its pairs. check: duplicates, structure, lengths, and whether a reader who never sees the prompt could win.

t puts the pairs on trial by item response: which labels are suspected, which pairs tell nothing, a short suite of those
that tell most. Mark suites with space, then r takes them to the Run screen. n builds pairs from prompts of your own,
shows how that goes, and lets you read the result blind.
"""
    FIRST_KEYS = ("browse", "pane('coverage')", "pane('check')", "pane('card')", "trial", "construct")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "browse", "pairs", tooltip="read the pairs, or those of the cell", id="browse"),
        Binding("c", "pane('card')", "card", id="suite-card"),
        Binding("v", "pane('coverage')", "coverage", tooltip="pairs by subcategory and |V|", id="suite-coverage"),
        Binding("h", "pane('check')", "check", tooltip="can it be trusted? takes seconds", id="suite-check"),
        Binding("t", "trial", "trial", tooltip="pairs on trial: what the verdicts say about them", id="on-trial"),
        Binding("space", "mark", "mark", tooltip="mark for the next run", id="mark"),
        Binding("r", "run", "run marked", tooltip="take the marked suites to the Run screen", id="run"),
        Binding("a", "add", "add file", tooltip="offer a suite file (.jsonl)", id="add"),
        Binding("d", "drop", "drop file", tooltip="offer a file no longer; it stays on disk", id="drop"),
        Binding("n", "construct", "build pairs", tooltip="build pairs of your own, or review some", id="construct"),
        Binding("y", "copy", "copy", tooltip="copy the card or the report", id="copy"),
        Binding("f5", "again", "look again", show=False, id="again"),
    ]
    DEFAULT_CSS = """
    SuitesScreen #state { height: 1; padding: 0 1; color: $text-muted; }
    SuitesScreen #body { layout: vertical; height: 1fr; }
    SuitesScreen.-wide #body { layout: horizontal; }
    SuitesScreen #left { height: 6; }
    SuitesScreen.-tall #left { height: 10; }
    SuitesScreen.-wide #left { width: 46; height: 1fr; border-right: solid $panel; }
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
        self._entries: list[SuiteEntry] = []
        self._pane = "coverage"
        self._coverage: dict[SuiteEntry, Mapping[str, tuple[int, ...]]] = {}
        self._reports: dict[SuiteEntry, Report] = {}

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
                        table: DataTable[Text] = DataTable(cursor_type="cell")
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
        self.watch(rows, "cursor", self._changed, init=False)
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

        self.load("suites", read, self._arrived, same=files)

    def _arrived(self, entries: list[SuiteEntry]) -> None:
        self._entries = entries
        self._fill(self.query_one(Rows).cursor)

    def repaint(self) -> None:
        """Draw everything."""
        if self._entries:
            self._fill(self.query_one(Rows).cursor)

    def _fill(self, cursor: int) -> None:
        marked = len(self.session.marked_suites)
        parts = [count(len(self._entries), "suite"), f"{marked} marked" if marked else "none marked"]
        if faulty := sum(bool(entry.fault) for entry in self._entries):
            parts.append(f"✗ {faulty} cannot be used")
        self.query_one("#state", Static).update(Text(" · ".join(parts)))
        self.query_one(Rows).show(len(self._entries), self._line, cursor)
        self._changed()

    def _line(self, index: int, width: int) -> Text:
        entry = self._entries[index]
        return entry_line(entry, width, self.colour, marked=entry.path in self.session.marked_suites)

    @property
    def _current(self) -> SuiteEntry | None:
        at = self.query_one(Rows).cursor
        return self._entries[at] if at < len(self._entries) else None

    def _changed(self) -> None:
        """Show what stands in the open pane about the suite under the cursor."""
        entry = self._current
        if entry is None:
            return
        # What cannot be used has no coverage; its card says why.
        pane = "card" if entry.fault and self._pane == "coverage" else self._pane
        self.query_one(ContentSwitcher).current = pane
        tabs = self.query_one("#panes", Heading)
        keys = {"card": "c", "coverage": "v", "check": "h"}
        strong = f"bold {self.colour('primary')}"
        tabs.show(
            [(f" {keys[name]} [{title}]" if name == pane else f" {keys[name]}  {title} ",
              strong if name == pane else "", name) for name, title in _PANES.items()]
        )  # fmt: skip
        if pane == "card":
            self._show_card(entry)
        elif pane == "coverage":
            self._show_coverage(entry)
        else:
            self._show_report(entry)

    def _show_card(self, entry: SuiteEntry) -> None:
        text = Text(overflow="fold")
        if not entry.fault:
            text.append(facts_line(entry) + "\n", self.colour("chance"))
            if entry.origin == "file":
                text.append(plain(entry.path) + "\n", self.colour("chance"))
            text.append("\n")
        text.append_text(card_text(entry, self.colour))
        self.query_one("#words", Static).update(text)
        self.query_one("#card").scroll_home(animate=False)

    def _show_coverage(self, entry: SuiteEntry) -> None:
        facts = (
            facts_line(entry) + "\n\nA pair counts in every subcategory it violates. enter on a cell reads its pairs."
        )
        self.query_one("#facts", Static).update(Text(facts))
        if entry in self._coverage:
            self._fill_coverage(self._coverage[entry])
            return

        def read() -> Mapping[str, tuple[int, ...]]:
            from engine.results.suites import coverage

            return coverage(self.session.store, entry)

        def arrived(found: Mapping[str, tuple[int, ...]]) -> None:
            self._coverage[entry] = found
            if self._current == entry:
                self._fill_coverage(found)

        self.load("coverage", read, arrived, same=entry)

    def _fill_coverage(self, found: Mapping[str, tuple[int, ...]]) -> None:
        table: DataTable[Text] = self.query_one(DataTable)
        at = table.cursor_coordinate
        table.clear(columns=True)
        sizes = len(next(iter(found.values())))
        table.add_column(Text("violates"), width=16)
        for size in range(1, sizes + 1):
            table.add_column(Text(f"|V|={size}{'+' if size == sizes else ''}"), width=6)
        table.add_column(Text("all"), width=6)
        most = max((number for counts in found.values() for number in counts), default=0)
        for name, counts in found.items():
            mark, tone = glyph(name)
            cells = [Text.assemble((mark + " ", self.colour(tone)), name)]
            cells += [self._cell(number, most) for number in counts]
            cells.append(Text(f"{sum(counts):,}", "bold" if sum(counts) else self.colour("bad"), justify="right"))
            table.add_row(*cells)
        table.move_cursor(row=at.row, column=max(1, at.column), animate=False)

    def _cell(self, number: int, most: int) -> Text:
        if not number:
            return Text("·", self.colour("chance"), justify="right")
        # The block beside the figure lets the eye find thin spots.
        block = " ▁▂▃▄▅▆▇█"[max(1, round(8 * number / most))]
        return Text.assemble(f"{number:,}", (block, self.colour("mark-1")), justify="right")

    def _show_report(self, entry: SuiteEntry) -> None:
        place = self.query_one("#report", Static)
        if entry in self._reports:
            place.update(report_text(self._reports[entry], self.colour))
            self.query_one("#check").scroll_home(animate=False)
            return
        place.update(Text("Checking… some seconds for a large suite."))

        def read() -> Report:
            from engine.results.suites import check_report

            return check_report(self.session.store, entry)

        def arrived(report: Report) -> None:
            self._reports[entry] = report
            if self._current == entry and self._pane == "check":
                self._show_report(entry)

        def failed(error: RudeError) -> None:
            if self._current == entry:
                place.update(Text(f"✗ {plain(error.what)}\n→ {plain(error.fix)}", self.colour("bad")))

        self.load("check", read, arrived, failed, same=entry)

    def on_heading_clicked(self, event: Heading.Clicked) -> None:
        """Another pane by mouse."""
        self.action_pane(event.what)

    def action_pane(self, name: str) -> None:
        """Card, coverage or check."""
        self._pane = name
        self._changed()

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
            self.notify("It cannot be read; c says why, h checks it line by line", severity="warning", markup=False)
            return
        from engine.results.suites import SIZES, Wanted
        from screens.suite_pairs.screen import PairsScreen

        found = self._coverage.get(entry)
        wanted = Wanted()
        if row is not None and found is not None:
            wanted = Wanted(subcategory=list(found)[row], size=column if 1 <= column <= SIZES else 0)
        self.app.push_screen(PairsScreen(entry, wanted))

    def action_trial(self) -> None:
        """Put the pairs on trial, by the verdicts there are."""
        if (entry := self._current) is not None:
            try_pairs_of(self, entry)

    def action_mark(self) -> None:
        """Mark for the next run, or unmark."""
        entry = self._current
        if entry is None:
            return
        if entry.fault or not entry.path:
            why = "It cannot be read" if entry.fault else "Its file is not known: add it with a"
            self.notify(why, severity="warning", markup=False)
            return
        if entry.path in self.session.marked_suites:
            self.session.marked_suites.remove(entry.path)
        else:
            self.session.marked_suites.append(entry.path)
        self.repaint()

    def action_run(self) -> None:
        """Take the marked to the Run screen; with none marked, the one under the cursor."""
        if not self.session.marked_suites:
            self.action_mark()
        if self.session.marked_suites:
            self.call_later(self.run_action, "app.set_up")

    def action_construct(self) -> None:
        """Build pairs of one's own."""
        from screens.construct.screen import ConstructScreen

        self.app.push_screen(ConstructScreen())

    def action_add(self) -> None:
        """Offer a file."""

        def added(path: str) -> None:
            if path not in self.session.suite_files:
                self.session.suite_files.append(path)
                self.session.remember("suites", self.session.suite_files)
            self.action_again()

        def begin(named: str | None) -> None:
            if named:
                self.load("add", lambda: named_suite(named), added)

        self.app.push_screen(Ask("Suite file", hint="one pair a line, JSON", placeholder="pairs.jsonl"), begin)

    def action_drop(self) -> None:
        """Offer a file no longer."""

        def drop(path: str | None) -> None:
            if path is not None:
                self.session.suite_files.remove(path)
                if path in self.session.marked_suites:
                    self.session.marked_suites.remove(path)
                self.session.remember("suites", self.session.suite_files)
                self.action_again()

        if not self.session.suite_files:
            self.notify("No file has been added; a adds one", markup=False)
            return
        self.app.push_screen(Choose("Offer no longer", [(f, f) for f in self.session.suite_files]), drop)

    def action_copy(self) -> None:
        """Copy the report where it is open, else the card."""
        entry = self._current
        if entry is None:
            return
        report = self._reports.get(entry) if self._pane == "check" else None
        text = plain(report.render()) if report else facts_line(entry) + "\n\n" + plain(entry.card or entry.fault)
        self.app.copy_to_clipboard(text)
        self.notify(f"Copied: {one_line(entry.name, 40)}", timeout=2, markup=False)
