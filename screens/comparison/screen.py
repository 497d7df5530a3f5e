"""Two candidates on the same pairs: the difference with its interval, scope by scope, and the pairs only one gets."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from engine.export.palette import glyph
from engine.stats.p_value import p_is, p_text
from rubrics.counted import count
from screens.comparison.state import Columns, Compared, compare, verdict
from screens.shell.bars import Axis, interval_bar
from screens.shell.export_dialogs import table_dialog
from screens.shell.formats import signed
from screens.shell.place import Place
from screens.shell.plain import cells_of, one_line, padded, plain
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.export.tables import Table
    from engine.stats.paired import Comparison
    from screens.duel.state import Winner

__all__ = ["CompareScreen"]


class CompareScreen(Place):
    """Which of the two, and on what?"""

    MODE = "rankings"
    TITLE = "Compare"
    GUIDE = """
The difference in percentage points, A minus B, over the pairs that both have scored, with its interval, and p from a
test on the same pairs; the line below the verdict names both methods. The adjusted p decides: it is the p of the
ranking, which compares every two candidates at once.

enter opens the pairs on which they differ in the part under the cursor, the furthest apart first, with both curves;
A keeps those that only A wins, B those that only B wins.
"""
    TERMS = ("interval", "cluster", "not told apart")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("x", "export", "take away", tooltip="table and text, into a folder or a file", id="export"),
        Binding("A", "pairs('a')", "only A wins", tooltip="the pairs that only A wins here", id="only-a"),
        Binding("B", "pairs('b')", "only B wins", tooltip="the pairs that only B wins here", id="only-b"),
    ]
    DEFAULT_CSS = """
    CompareScreen #question { padding: 0 1; color: $text-muted; }
    CompareScreen.-low #question { display: none; }
    CompareScreen #verdict { height: auto; padding: 0 1; }
    CompareScreen #headings { color: $text-muted; }
    """

    def __init__(self, first: str, second: str) -> None:
        """Args:
        first: label of A.
        second: label of B.
        """
        super().__init__()
        self._first, self._second = first, second
        self.compared: Compared | None = None

    def body(self) -> Iterable[Widget]:
        """The verdict, and part by part below it."""
        yield Brief(id="question")
        yield Static(id="verdict")
        yield Heading(id="headings")
        rows = Rows(id="parts")
        rows.tooltip = "the difference in each part of the taxonomy"
        yield rows

    def on_mount(self) -> None:
        """Compare."""
        self.query_one(Rows).focus()
        self.query_one("#question", Static).update(Text("comparing…"))
        self.load("compare", lambda: compare(self.session, self._first, self._second), self._arrived)

    def _arrived(self, compared: Compared) -> None:
        self.compared = compared
        self.repaint()

    def repaint(self) -> None:
        """Draw the comparison."""
        compared = self.compared
        if compared is None:
            return
        board, scopes = compared.board, compared.scopes
        self.query_one("#question", Brief).tell(
            one_line(board.suite), board.protocol, board.metric, one_line(compared.relation)
        )
        self.query_one("#verdict", Static).update(self._verdict(compared.whole))
        rows = self.query_one(Rows)
        longest = max(cells_of(scope) + 2 * depth for depth, scope, _ in scopes) + 2
        # The difference, its interval, the counts and a bar come before more of a name.
        name = min(longest, max(24, rows.size.width - 80))
        # The last cell is the scrollbar's, which comes only once there are lines.
        columns = Columns.fitting(rows.size.width - 1, name)
        bounds = [end for _, _, scope in scopes for end in (scope.ci_low, scope.ci_high, scope.difference)]
        reach = max([0.05, *(abs(end) for end in bounds if not math.isnan(end))])
        half = columns.bar // 2
        left, right = ("◀ B better", "A better ▶") if columns.bar >= 23 else ("◀ B", "A ▶")
        ends = f"{left:<{half}} {right:>{half}}"
        cells = columns.line("A − B", "95 %", "only A", "only B")
        self.query_one(Heading).show([(f" {'':<{name}} {cells}{ends}", "", "")])
        rows.show(len(scopes), lambda index, _: self._line(compared, index, columns, reach), rows.cursor)

    def _verdict(self, whole: Comparison) -> Text:
        text = Text(overflow="fold")
        low = self.has_class("-low")
        text.append(f"A  {one_line(whole.a, 60)}\nB  {one_line(whole.b, 60)}\n" + "\n" * (not low), "bold")
        text.append(verdict(whole), "bold")
        if not low:
            text.append(f"\n{count(whole.n_pairs, 'pair')} in {count(whole.n_clusters, 'cluster')}; ")
            text.append(f"{plain(whole.method)}; {plain(whole.test)}, {p_is(whole.p_value)}, ")
            text.append(f"adjusted {p_text(whole.p_adjusted)}\n")
            text.append(
                f"both win {whole.both:,} · only A {len(whole.only_a):,} · only B {len(whole.only_b):,} · "
                f"neither {whole.neither:,} · ties {whole.ties:,}\n"
            )
        return text

    def _line(self, compared: Compared, index: int, columns: Columns, reach: float) -> Text:
        depth, scope, comparison = compared.scopes[index]
        mark, tone = glyph(scope, index)
        before = f"{'  ' * (depth - 1)}{mark} " if depth else ""
        text = Text(
            f" {before}{padded(scope, columns.name - len(before))} ", "bold" if not depth else self.colour(tone)
        )
        interval = comparison.ends(lambda end: signed(end * 100, 1))
        counts = f"{len(comparison.only_a):,}", f"{len(comparison.only_b):,}"
        cells = columns.line(signed(comparison.difference * 100, 1), interval, *counts)
        text.append(cells, self.colour("foreground"))
        return text.append_text(self._bar(comparison, reach, columns.bar))

    def _bar(self, comparison: Comparison, reach: float, width: int) -> Text:
        difference, low, high = comparison.difference, comparison.ci_low, comparison.ci_high
        tone = self.colour(("good" if difference > 0 else "bad") if low > 0 or high < 0 else "chance")
        axis, faint = Axis(-reach, reach, width), self.colour("chance")
        return interval_bar(axis, difference, low, high, 0.0, colour=tone, faint=faint)

    def action_back(self) -> None:
        """Back to the rankings."""
        self.dismiss()

    def action_export(self) -> None:
        """Take away the comparison, scope by scope."""
        if (compared := self.compared) is None:
            return

        def rows() -> Table:
            from engine.export.comparisons import compared_table

            return compared_table(comparison for _, _, comparison in compared.scopes)

        table_dialog(self, "comparison", rows, how={"a": compared.whole.a, "b": compared.whole.b})

    def on_rows_selected(self) -> None:
        """The pairs of this part on which the two differ."""
        self.action_pairs("")

    def action_pairs(self, winner: Winner) -> None:
        """Read the pairs on which they differ, or those that only one of them wins."""
        if self.compared is None:
            return
        from screens.duel.screen import DuelScreen

        by, part = self.compared.part(self.query_one(Rows).cursor)
        whole = self.compared.whole
        self.app.push_screen(DuelScreen(self.compared.board, whole.a, whole.b, by, part, winner))
