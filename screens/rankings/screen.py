"""The home screen: the table of candidates with intervals, and what stands behind the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.rankings.detail import detail
from screens.rankings.multiples import multiples
from screens.rankings.reasons import Reasons, reasons_text
from screens.rankings.state import CandidateRow, RankingsState, Standings, read_standings
from screens.rankings.table import EARLIER, LATER, Columns, fit_columns, headings, legend, row_text, set_text
from screens.rankings.weighing import Weigh
from screens.shell.dialogs import Ask, Choose
from screens.shell.export_dialogs import export_dialog
from screens.shell.forgetting import FORGET, forget_dialog
from screens.shell.plain import one_line, plain
from screens.shell.question_place import QuestionPlace
from screens.widgets.brief import Brief
from screens.widgets.line_list import LineList
from screens.widgets.measured import Measured
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.results.rankings import RankingTable
    from engine.results.weights import Weights

__all__ = ["RankingsScreen"]


_TALL: Final = 36
"""Rows of the screen from which the table leaves room for pictures below it."""


class _Left(Container, Measured):
    """Table and pictures."""


class RankingsScreen(QuestionPlace):
    """Which candidate, and how sure are we?"""

    MODE = "rankings"
    TITLE = "Rankings"
    GUIDE = """
Every candidate was shown pairs of responses, one that meets the rubric and one that violates it. The value is its
accuracy, in per cent.

The sentence above says whom the paired tests let one take; V has what it rests on, and what would settle it.

├──●──┤ is the interval, by the method that the panel names; ┊ is the chance level. A rank such as 1–3 means that the
candidate is not told apart from those around it; “first in … of resamples” is p_best. For choice, lean is the position
bias and flips the flip rate. The four Cs stand to the right, each with its glyph; a block ▁ to █ shows how high it is.
They are a diagnosis, not advice whom to take: on the ladder (Correlation, O) a category's outcome was foretold no
better by its own accuracy than by the others'.

Excluded pairs (e in the failures) are left out, and said to be; i counts them.

+ and − beside a value: the interval lies above or below chance; ~ : it holds chance, so nothing is shown.

Beside an accuracy by likelihood stands, where it was measured, what is left of it under the control without the
prompt.

w weighs the parts of the suite: “Control 60, Content 40” counts each by its share, however many pairs it has; the
ranking, the recommendation and the comparison follow. “product: Control 60, Content 40” saves it under that name.

M shows every candidate in every subcategory, domain or number of violations as a map of colours. W shows every
candidate in every wording it was scored in (`run --wordings all`), and whether the ranking turns. I shows abilities by
topic: who is surely abler at what than overall.

= groups the candidates into tie sets. D forgets a candidate, or the run behind its number, after a question; whatever
was forgotten it brings back, for seven days.
"""
    TERMS = (
        "accuracy", "pair", "interval", "cluster", "chance level", "recommendation", "weights", "not told apart",
        "tie set", "p_best", "position bias", "flip rate", "control", "excluded pair",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("V", "reasons", "why", tooltip="what the recommendation rests on", id="reasons"),
        Binding("c", "compare", "compare", tooltip="compare two marked rows, or this with the best", id="compare"),
        Binding("x", "export", "take away", tooltip="table, figure and text, into a folder or a file", id="export"),
        Binding("slash", "filter", "filter", key_display="/", tooltip="only candidates whose name holds…", id="filter"),
        Binding("o", "order", "order", tooltip="sort by a column; again turns it round", id="order"),
        Binding("space", "mark", "mark", tooltip="mark a row to compare", id="mark"),
        Binding("w", "weigh", "weights", tooltip="how much each category, subcategory or domain counts", id="weights"),
        Binding("equals_sign", "ties", "tie sets", tooltip="group by sets that are not told apart", id="ties"),
        Binding("M", "heat_map", "heat map", tooltip="candidates × subcategories or domains, coloured", id="heat-map"),
        Binding(
            "W", "wordings", "wordings", show=False, tooltip="does the ranking turn with the wording", id="wordings"
        ),
        Binding(
            "I", "abilities", "abilities", show=False, tooltip="ability by topic, by item response", id="abilities"
        ),
        FORGET,
        Binding("left", "scopes(-1)", "scopes before", show=False, tooltip="the scopes before these", id="scopes-left"),
        Binding("right", "scopes(1)", "scopes after", show=False, tooltip="the scopes after these", id="scopes-right"),
    ]
    WITHOUT = QuestionPlace.WITHOUT | {"forget"}
    FIRST_KEYS = ("select", "reasons", "compare", "export", "filter", "ties")
    DEFAULT_CSS = """
    RankingsScreen #advice { height: auto; max-height: 3; padding: 0 1; text-style: bold; }
    RankingsScreen.-empty #advice { display: none; }
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
        self.state = RankingsState()

    def answer_body(self) -> Iterable[Widget]:
        """Whom to take; table with legend, and the panel beside or below it."""
        advice = Static(id="advice")
        advice.tooltip = "whom the ranking lets one take: V has the reasons"
        yield advice
        with Container(id="body"):
            with _Left(id="left"):
                yield Heading(id="headings")
                table = Rows(id="table")
                table.tooltip = "the ranking: enter opens the failures of the candidate, a click on a heading sorts"
                yield table
                yield Brief(id="legend")
                area = LineList(id="multiples")
                area.tooltip = "every candidate's interval in each part of the ranking, all on one axis"
                yield area
            panel = VerticalScroll(Static(id="facts"), id="detail")
            panel.tooltip = "what stands behind the candidate under the cursor"
            yield panel

    def fetch(self) -> Standings:
        """Rank what is stored."""
        return read_standings(self.session)

    def arrived(self, standings: Standings) -> None:
        """Show a new ranking."""
        self.state.take(standings)
        table = standings.table
        overall = table.overall
        first = overall.rows[0]
        out = f" ({table.excluded:,} excluded)" if table.excluded else ""
        self.say(
            table.suite, table.protocol, table.metric, f"by {table.by}",
            f"weights: {table.leading.name}" if table.weighted else "",
            f"{count(first.n_pairs, 'pair')}{out} in {count(first.n_clusters, 'cluster')}" if overall.rows else "",
        )  # fmt: skip
        if standings.advice is not None:
            from engine.export.recommendation_words import headline

            self.query_one("#advice", Static).update(Text(one_line(headline(standings.advice), 600)))
        self.call_after_refresh(self.repaint)
        if self.focused is None:
            self.query_one(Rows).focus()

    def missing(self, error: RudeError) -> Text:
        """What to do where there is nothing to rank."""
        self.state.standings = None
        text = Text.assemble(("Nothing to rank yet\n\n", "bold"))
        text.append(plain(error.what) + "\n\n", "")
        text.append("1  pick candidates: mark them with space, then r runs them\n")
        text.append("2  choose suites and protocols, and start\n")
        text.append("4  see how well others were foretold meanwhile\n\n")
        text.append("In a shell, rude-tui demo scores the bundled candidates.")
        return text

    def repaint(self) -> None:
        """Draw table, legend and panel again."""
        state, table = self.state, self.state.table
        if table is None:
            return
        rows = self.query_one(Rows)
        under_cursor = self._current()
        candidates = state.arrange()
        columns = self._draw_table(table, rows, state.index_of(under_cursor, rows.cursor))
        self._show_multiples(table, columns, candidates)
        self.query_one("#legend", Static).update(legend(table, columns, self.colour, state.name_filter))
        self._show_detail()

    def _draw_table(self, table: RankingTable, rows: Rows, cursor: int) -> Columns:
        state, standings = self.state, self.state.standings
        width = rows.scrollable_content_region.width or rows.size.width
        without = standings.without if standings is not None else {}
        columns = fit_columns(table, width, state.skip, controlled=bool(without))
        state.skip = columns.scopes[0][0] if columns.hidden and columns.scopes else 0
        self.query_one(Heading).show(headings(table, columns, state.shown_order))
        # What the table does not need is left to the pictures below it.
        rows.styles.height = self._table_height if self.size.height >= _TALL else "1fr"

        def line(index: int, _: int) -> Text:
            row = state.rows[index]
            if isinstance(row, list):
                return set_text(row, self.colour)
            return row_text(table, columns, row, state.marked, self.colour, without=without, indent=state.grouped)

        rows.show(len(state.rows), line, cursor)
        return columns

    @property
    def _table_height(self) -> int:
        return min(len(self.state.rows) + 1, self.size.height * 6 // 10)

    @on(_Left.Resized)
    def _laid_out(self) -> None:
        """Columns and bars have another width."""
        self.repaint()

    def _show_multiples(self, table: RankingTable, columns: Columns, candidates: list[CandidateRow]) -> None:
        area = self.query_one("#multiples", LineList)
        area.display = self.size.height >= _TALL and bool(columns.scopes) and bool(candidates)
        if area.display:
            # The frame, this screen's lines above and below, the headings and the legend of the table.
            height = self.size.height - 6 - self._table_height
            width = self.query_one("#left").size.width - 1
            pictures = multiples(table, columns.scopes, candidates, self.colour, (width, height))
            area.show(pictures.count, lambda index, _: pictures.line(index))
            area.can_focus = pictures.count > height

    def _show_detail(self) -> None:
        panel = self.query_one("#facts", Static)
        candidate, standings = self._current(), self.state.standings
        if standings is None or candidate is None:
            nobody = standings is not None and not self.state.rows
            panel.update(Text("no candidate matches the filter" if nobody else ""))
            return
        width = self.query_one("#detail").size.width - 3 if self.wide else max(40, self.size.width - 4)
        panel.update(detail(standings, candidate, self.colour, width=width, wide=self.wide))
        self.query_one("#detail").scroll_home(animate=False)

    def _current(self) -> CandidateRow | None:
        """The candidate under the cursor; on the heading of a set, its first."""
        return self.state.candidate_at(self.query_one(Rows).cursor)

    def on_rows_highlighted(self) -> None:
        """Another candidate is under the cursor."""
        self._show_detail()

    def on_rows_selected(self) -> None:
        """On to the failures behind the number."""
        if candidate := self._current():
            self.session.subject = candidate.entrant.label
            self.call_later(self.run_action, "app.go('failures')")

    def on_heading_clicked(self, event: Heading.Clicked) -> None:
        """A click on a heading sorts by it; one on ‹ or › shows other scopes."""
        if event.target in (EARLIER, LATER):
            self.action_scopes(-1 if event.target == EARLIER else 1)
        else:
            self.sort(event.target)

    def sort(self, by: str) -> None:
        """Sort by a column or a scope; again turns it round."""
        self.state.sort(by)
        self.repaint()

    def action_scopes(self, step: int) -> None:
        """Scroll to scopes that found no room."""
        self.state.skip = max(0, self.state.skip + step)
        self.repaint()

    def action_wordings(self) -> None:
        """Every candidate in every wording."""
        from screens.wordings.screen import WordingsScreen

        self.app.push_screen(WordingsScreen())

    def action_ties(self) -> None:
        """Group by tie set, or stop."""
        self.state.grouped = not self.state.grouped
        self.repaint()

    def action_reasons(self) -> None:
        """Read what the recommendation rests on."""
        standings = self.state.standings
        if standings is not None and standings.advice is not None:
            self.app.push_screen(Reasons("Whom to take", reasons_text(standings, standings.advice, self.colour)))

    def action_order(self) -> None:
        """Choose the column to sort by."""
        if self.state.table is None:
            return
        options = [(name, name) for name in self.state.sort_keys()]
        self.app.push_screen(Choose("Sort by", options, self.state.order.by), lambda by: self.sort(by) if by else None)

    def action_filter(self) -> None:
        """Show only some candidates."""

        def apply(name: str | None) -> None:
            if name is not None:
                self.state.name_filter = name
                self.repaint()

        self.app.push_screen(Ask("Only candidates whose name holds", self.state.name_filter, empty="all"), apply)

    def action_weigh(self) -> None:
        """Say how much each part of the suite counts; the ranking follows."""

        def show(weights: Weights | None) -> None:
            if weights is None:
                self.session.question_fields.pop("weights", None)
            else:
                self.session.question_fields["weights"] = weights
            self.ask()

        if self.state.table is not None:
            self.app.push_screen(Weigh(self.session, show))

    def action_mark(self) -> None:
        """Mark or unmark; the third mark drops the first."""
        if candidate := self._current():
            self.state.toggle_mark(candidate.entrant.label)
            self.repaint()

    def action_compare(self) -> None:
        """Compare the two marked rows; one of them, or that under the cursor, with the best of the others."""
        from screens.comparison.screen import CompareScreen

        if (pair := self.state.to_compare(self._current())) is None:
            self.notify("There is only one candidate here", markup=False)
        else:
            self.app.push_screen(CompareScreen(*pair))

    def action_heat_map(self) -> None:
        """Who is good at what."""
        from screens.heat_map.screen import HeatMapScreen

        if self.state.table is not None:
            self.app.push_screen(HeatMapScreen())

    def action_abilities(self) -> None:
        """Who is abler at what, shrunk towards the whole."""
        from screens.topics.screen import TopicsScreen

        if self.state.table is not None:
            self.app.push_screen(TopicsScreen())

    def action_forget(self) -> None:
        """Forget the candidate under the cursor, or the run behind its number; or bring something back."""
        from engine.annotations.forgetting import subjects_of

        candidate = self._current() if self.state.table is not None else None
        forget_dialog(self, lambda: subjects_of(candidate.entrant.run)[:2] if candidate else [], self.ask)

    def action_export(self) -> None:
        """Write the ranking to a file."""
        table = self.state.table
        if table is None:
            return
        shown, scopes = self.state.exported(), list(table.scopes)

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
