"""Two candidates on the same pairs: the difference with its interval, scope by scope, and the pairs only one gets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from screens.bars import Axis
from screens.formats import count, signed
from screens.palette import glyph
from screens.place import Place
from screens.plain import one_line, plain

if TYPE_CHECKING:
    from engine.results.board import Board
    from engine.stats.paired import Comparison

__all__ = ["CompareScreen"]


@dataclass(frozen=True)
class _Read:
    board: Board
    scopes: Mapping[str, Comparison]


class CompareScreen(Place):
    """Which of the two, and on what?"""

    MODE = "rankings"
    TITLE = "Compare"
    GUIDE = """
The difference in percentage points, A minus B, over the pairs that both have scored, with its 95 % interval from
resampling clusters, and p from a test on the same pairs. An interval that holds 0 does not tell the two apart.

a opens the pairs that only A wins, b those that only B wins.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("a", "pairs('a')", "pairs only A wins", id="only-a"),
        Binding("b", "pairs('b')", "pairs only B wins", id="only-b"),
    ]
    DEFAULT_CSS = """
    CompareScreen #question { height: 1; padding: 0 1; color: $text-muted; }
    CompareScreen #area { height: 1fr; padding: 0 1; }
    """

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self._first, self._second = first, second
        self._read: _Read | None = None

    def body(self) -> Iterable[Widget]:
        """One text that scrolls."""
        yield Static(id="question")
        with VerticalScroll(id="area"):
            yield Static(id="differences")

    def on_mount(self) -> None:
        """Compare."""
        self.query_one("#area").focus()
        self.query_one("#question", Static).update(Text("comparing…"))

        def read() -> _Read:
            from engine.results.comparison import compare_candidates

            board = self.session.board()
            by = self.session.question().by
            return _Read(board, compare_candidates(board, self._first, self._second, by=by))

        self.load("compare", read, self._arrived)

    def _arrived(self, found: _Read) -> None:
        self._read = found
        self.repaint()

    def on_resize(self) -> None:
        """Bars are as wide as there is room."""
        self.repaint()

    def repaint(self) -> None:
        """Draw the comparison."""
        found = self._read
        if found is None:
            return
        board = found.board
        where = f"{board.suite} · {board.protocol} · {board.metric}"
        self.query_one("#question", Static).update(Text(plain(where)))
        whole = found.scopes["overall"]
        text = Text(overflow="fold")
        text.append(f"A  {one_line(whole.a, 60)}\nB  {one_line(whole.b, 60)}\n\n", "bold")
        text.append(_verdict(whole) + "\n", "bold")
        text.append(f"{count(whole.n_pairs, 'pair')} in {count(whole.n_clusters, 'cluster')}; {plain(whole.method)}; ")
        text.append(f"{plain(whole.test)}, p = {whole.p_value:.3g}\n")
        text.append(
            f"both win {whole.both:,} · only A {len(whole.only_a):,} · only B {len(whole.only_b):,} · "
            f"neither {whole.neither:,} · ties {whole.ties:,}\n\n"
        )
        self._table(text, found.scopes)
        self.query_one("#differences", Static).update(text)

    def _table(self, text: Text, scopes: Mapping[str, Comparison]) -> None:
        name = min(22, max(len(one_line(scope, 22)) for scope in scopes) + 2)
        width = max(11, min(61, self.size.width - name - 40))
        width -= 1 - width % 2
        ends = [abs(v) for c in scopes.values() for v in (c.ci_low, c.ci_high, c.difference) if not math.isnan(v)]
        reach = max([0.05, *ends])
        half = width // 2
        faint = self.colour("chance")
        text.append(f"{'':<{name}} {'A − B':>6} {'95 %':>15} {'only A':>6} {'only B':>6}  ", faint)
        text.append(f"{'◀ B better':<{half}} {'A better ▶':>{half}}\n", faint)
        for number, (scope, found) in enumerate(scopes.items()):
            mark, tone = glyph(scope, number)
            label = scope if scope == "overall" else f"{mark} {one_line(scope, name - 2)}"
            text.append(f"{label:<{name}} ", "bold" if scope == "overall" else self.colour(tone))
            interval = f"{signed(found.ci_low * 100, 1)} to {signed(found.ci_high * 100, 1)}"
            text.append(f"{signed(found.difference * 100, 1):>6} {interval:>15} ")
            text.append(f"{len(found.only_a):>6,} {len(found.only_b):>6,}  ")
            text.append_text(self._bar(found, reach, width))
            text.append("\n")

    def _bar(self, found: Comparison, reach: float, width: int) -> Text:
        axis = Axis(-reach, reach, width)
        clear = found.ci_low > 0 or found.ci_high < 0
        tone = self.colour(("good" if found.difference > 0 else "bad") if clear else "chance")
        cells = [(" ", "")] * width
        if not math.isnan(found.ci_low):
            low, high = axis.cell(found.ci_low), axis.cell(found.ci_high)
            for cell in range(low, high + 1):
                cells[cell] = ("─", tone)
            cells[low], cells[high] = ("├", tone), ("┤", tone)
        middle = width // 2
        cells[middle] = ("┊" if cells[middle][0] == " " else "┼", self.colour("chance"))
        if not math.isnan(found.difference):
            cells[axis.cell(found.difference)] = ("●", f"bold {tone}")
        return Text.assemble(*cells)

    def action_back(self) -> None:
        """Back to the rankings."""
        self.dismiss()

    def action_pairs(self, which: str) -> None:
        """Read the pairs only one of them wins, as failures of the other."""
        if self._read is None:
            return
        from screens.failures.pair import PairScreen

        whole = self._read.scopes["overall"]
        ids, loser = (whole.only_a, whole.b) if which == "a" else (whole.only_b, whole.a)
        if not ids:
            self.notify("There is no such pair", markup=False)
            return
        self.app.push_screen(PairScreen(self._read.board, loser, ids, 0))


def _verdict(whole: Comparison) -> str:
    difference, low, high = (signed(value * 100, 1) for value in (whole.difference, whole.ci_low, whole.ci_high))
    points = f"{difference} points ({low} to {high})"
    if whole.ci_low > 0:
        return f"A is ahead by {points}"
    if whole.ci_high < 0:
        return f"B is ahead: {points}"
    return f"These pairs do not tell the two apart: {points}"
