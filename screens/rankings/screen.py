"""The home screen: the table of candidates with intervals, and what stands behind the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.errors import RudeError
from screens.rankings.detail import detail
from screens.rankings.multiples import multiples
from screens.rankings.state import BY_RANK, FIXED, Line, Standings, lines, scope_names, standings, tie_sets
from screens.rankings.table import EARLIER, LATER, Layout, headings, layout, legend, row_text, set_text
from screens.shell.dialogs import Ask, Choose
from screens.shell.exporting import export_dialog
from screens.shell.plain import plain
from screens.shell.question_place import Asking
from screens.widgets.brief import Brief
from screens.widgets.line_list import Lines
from screens.widgets.measured import Measured
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.results.rankings import RankingTable
    from engine.stats.intervals import Estimate

__all__ = ["RankingsScreen"]


class _Left(Container, Measured):
    """Table and pictures."""


class RankingsScreen(Asking):
    """Which candidate, and how sure are we?"""

    MODE = "rankings"
    TITLE = "Rankings"
    GUIDE = """
Every candidate was shown pairs of responses: one meets the rubric, one violates it. The value is the share of pairs
where it preferred the one that meets it, in per cent. A tie counts half.

├──●──┤ is the 95 % interval over clusters of prompts, not single pairs; the panel says whether by Wilson's with a
design effect or by bootstrap. ┊ is what a coin would score. A rank such as 1–3 means that the pairs cannot tell the
candidate from those around it (paired sign flips by cluster, Holm); “best with probability”: share of resamples of
clusters in which it comes first. For choice, lean: mean log-odds for label A over both orders; flips: share of verdicts
that change with the order. The four Cs stand to the right, each with its glyph; a block ▁ to █ shows how high it is.

Pairs that you excluded (e in the failures) are left out, and said to be; i counts them.

+ and − beside a value: the interval lies above or below chance; ~ : it holds chance, so nothing is shown.

Beside an accuracy by likelihood stands, where it was measured, what is left of it without the prompt: what survives
there is fluency and not understanding.

t groups the candidates into sets that the pairs do not tell apart (paired tests, Holm); one may stand in two sets.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "compare", "compare", tooltip="compare two marked rows", id="compare"),
        Binding("x", "export", "export", tooltip="write what is shown, as a table or a figure", id="export"),
        Binding("slash", "filter", "filter", key_display="/", tooltip="only candidates whose name holds…", id="filter"),
        Binding("o", "order", "order", tooltip="sort by a column; again turns it round", id="order"),
        Binding("space", "mark", "mark", tooltip="mark a row to compare", id="mark"),
        Binding("t", "ties", "tie sets", tooltip="group by sets that cannot be told apart, or not", id="ties"),
        Binding("left", "scopes(-1)", "scopes before", show=False, tooltip="the scopes before these", id="scopes-left"),
        Binding("right", "scopes(1)", "scopes after", show=False, tooltip="the scopes after these", id="scopes-right"),
    ]
    FIRST_KEYS = ("select", "compare", "export", "filter", "ties")
    DEFAULT_CSS = """
    RankingsScreen #body { layout: vertical; height: 1fr; }
    RankingsScreen.-wide #body { layout: horizontal; }
    RankingsScreen #left { height: 1fr; width: 1fr; }
    RankingsScreen #headings { color: $text-muted; }
    RankingsScreen #multiples { height: 1fr; border-top: solid $panel; display: none; }
    RankingsScreen #multiples:focus { background: $surface; }
    RankingsScreen #legend { height: 1; color: $text-muted; }
    RankingsScreen #detail { height: 8; border-top: solid $panel; padding: 0 1; }
    RankingsScreen.-low #detail { display: none; }
    RankingsScreen.-wide #detail { width: 26%; min-width: 42; max-width: 60; height: 1fr;
                                   border-top: none; border-left: solid $panel; }
    RankingsScreen.-tall #detail { height: 14; }
    RankingsScreen.-wide.-tall #detail { height: 1fr; }
    RankingsScreen #detail:focus { background: $surface; }
    RankingsScreen.-empty #body { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._standings: Standings | None = None
        self._table: RankingTable | None = None
        self._order = BY_RANK
        self._wanted = ""
        self._marked: list[str] = []
        self._grouped = False
        self._skip = 0
        self._lines: list[Line | list[Line]] = []
        """What stands in the table: a candidate, or a set of them, which is the heading over its members."""

    def asking_body(self) -> Iterable[Widget]:
        """Table with legend, and the panel beside or below it."""
        with Container(id="body"):
            with _Left(id="left"):
                yield Heading(id="headings")
                table = Rows(id="table")
                table.tooltip = "the ranking: enter opens the failures of the candidate, a click on a heading sorts"
                yield table
                yield Brief(id="legend")
                area = Lines(id="multiples")
                area.tooltip = "every candidate's interval in each part of the ranking, all on one axis"
                yield area
            panel = VerticalScroll(Static(id="facts"), id="detail")
            panel.tooltip = "what stands behind the candidate under the cursor"
            yield panel

    def fetch(self) -> Standings:
        """Rank what is stored."""
        return standings(self.session)

    def arrived(self, standings: Standings) -> None:
        """Show a new ranking."""
        table = standings.table
        self._standings, self._table = standings, table
        self._marked = [label for label in self._marked if label in table.entrants]
        if self._order.by not in (*FIXED, *scope_names(table)):
            self._order = BY_RANK
        overall = table.overall
        first = overall.rows[0]
        out = f" ({table.excluded:,} excluded)" if table.excluded else ""
        self.say(
            table.suite, table.protocol, table.metric, f"by {table.by}",
            f"{first.n_pairs:,} pairs{out} in {first.n_clusters:,} clusters" if overall.rows else "",
        )  # fmt: skip
        self.call_after_refresh(self.repaint)
        if self.focused is None:
            self.query_one(Rows).focus()

    def missing(self, error: RudeError) -> Text:
        """What to do where there is nothing to rank."""
        self._table = None
        text = Text.assemble(("Nothing to rank yet\n\n", "bold"))
        text.append(plain(error.what) + "\n\n", "")
        text.append("1  pick candidates: mark them with space, then r runs them\n")
        text.append("2  choose suites and protocols, and start\n")
        text.append("4  see how well others were foretold meanwhile\n\n")
        text.append("In a shell, rude-tui demo scores the bundled candidates.")
        return text

    def repaint(self) -> None:
        """Draw table, legend and panel again."""
        if self._table is None:
            return
        kept = self._current()
        shown = lines(self._table, self._order, self._wanted)
        self._lines = list(shown)
        if self._grouped:
            self._lines = []
            for members in tie_sets(shown):
                self._lines += [members, *members]
        rows = self.query_one(Rows)
        found = self._draw_table(rows, self._place(kept, rows.cursor))
        self._show_multiples(found, shown)
        self.query_one("#legend", Static).update(legend(self._table, found, self.colour, self._wanted))
        self._show_detail()

    def _draw_table(self, rows: Rows, cursor: int) -> Layout:
        table = self._table
        assert table is not None
        width = rows.scrollable_content_region.width or rows.size.width
        found = layout(table, width, self._skip, controlled=bool(self._without()))
        self._skip = found.scopes[0][0] if found.hidden and found.scopes else 0
        order = BY_RANK if self._grouped else self._order
        self.query_one(Heading).show(headings(table, found, order))
        if self.size.height >= 36:
            # What the table does not need is left to the pictures below it.
            rows.styles.height = min(len(self._lines) + 1, self.size.height * 6 // 10)
        else:
            rows.styles.height = "1fr"
        rows.show(len(self._lines), lambda index, width: self._line_text(found, index), cursor)
        return found

    def _line_text(self, found: Layout, index: int) -> Text:
        entry = self._lines[index]
        assert self._table is not None
        if isinstance(entry, list):
            return set_text(entry, self.colour)
        return row_text(
            self._table, found, entry, self._marked, self.colour, without=self._without(), indent=self._grouped
        )

    def _without(self) -> dict[str, Estimate]:
        return self._standings.without if self._standings is not None else {}

    def _place(self, kept: Line | None, otherwise: int) -> int:
        """Where the candidate that was under the cursor stands now."""
        for index, entry in enumerate(self._lines):
            if kept is not None and not isinstance(entry, list) and entry.entrant.label == kept.entrant.label:
                return index
        return min(otherwise, max(0, len(self._lines) - 1))

    @on(_Left.Resized)
    def _laid_out(self) -> None:
        """Columns and bars have another width."""
        self.repaint()

    def _show_multiples(self, found: Layout, shown: list[Line]) -> None:
        # Only where the table leaves room below it.
        area = self.query_one("#multiples", Lines)
        area.display = self.size.height >= 36 and bool(found.scopes) and bool(shown)
        if area.display and self._table is not None:
            # The frame, this screen's lines above and below, the headings and the legend of the table.
            height = self.size.height - 6 - min(len(self._lines) + 1, self.size.height * 6 // 10)
            width = self.query_one("#left").size.width - 1
            pictures = multiples(self._table, found.scopes, shown, self.colour, (width, height))
            area.show(pictures.count, lambda index, _: pictures.line(index))
            area.can_focus = pictures.count > height

    def _show_detail(self) -> None:
        panel = self.query_one("#facts", Static)
        line = self._current()
        if self._standings is None or line is None:
            nobody = self._standings is not None and not self._lines
            panel.update(Text("no candidate matches the filter" if nobody else ""))
            return
        width = self.query_one("#detail").size.width - 3 if self.wide else max(40, self.size.width - 4)
        panel.update(detail(self._standings, line, self.colour, width=width, wide=self.wide))
        self.query_one("#detail").scroll_home(animate=False)

    def _current(self) -> Line | None:
        """The candidate under the cursor; on the heading of a set, its first."""
        index = self.query_one(Rows).cursor
        if not 0 <= index < len(self._lines):
            return None
        entry = self._lines[index]
        return entry[0] if isinstance(entry, list) else entry

    def on_rows_highlighted(self) -> None:
        """Another candidate is under the cursor."""
        self._show_detail()

    def on_rows_selected(self) -> None:
        """On to the failures behind the number."""
        if line := self._current():
            self.session.subject = line.entrant.label
            self.call_later(self.run_action, "app.go('failures')")

    def on_heading_clicked(self, event: Heading.Clicked) -> None:
        """A click on a heading sorts by it; one on ‹ or › shows other scopes."""
        if event.what in (EARLIER, LATER):
            self.action_scopes(-1 if event.what == EARLIER else 1)
        else:
            self._sort(event.what)

    def _sort(self, by: str) -> None:
        self._order = self._order.chosen(by)
        self._grouped = False
        self.repaint()

    def action_scopes(self, step: int) -> None:
        """Scroll to scopes that found no room."""
        self._skip = max(0, self._skip + step)
        self.repaint()

    def action_ties(self) -> None:
        """Group by tie set, or stop."""
        self._grouped = not self._grouped
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

        self.app.push_screen(Ask("Only candidates whose name holds", self._wanted, without="shows all"), apply)

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
        from screens.comparison.screen import CompareScreen

        first, second = self._marked
        self.app.push_screen(CompareScreen(first, second))

    def action_export(self) -> None:
        """Write the ranking to a file."""
        if (table := self._table) is not None:
            order = BY_RANK if self._grouped else self._order
            shown = [line.entrant.label for line in lines(table, order, self._wanted)]
            scopes = list(table.scopes)

            def figure() -> Figure:
                from engine.export.figures import rankings

                return rankings(table, only=shown)

            export_dialog(
                self,
                "rankings",
                {"suite": table.suite_hash, "protocol": table.protocol, "metric": table.metric, "by": table.by},
                place_of=lambda row: (
                    (scopes.index(row["scope"]), shown.index(row["candidate"])) if row["candidate"] in shown else None
                ),
                figure=figure,
            )
