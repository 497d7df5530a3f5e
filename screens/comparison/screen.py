"""Two candidates on the same pairs: the difference with its interval, scope by scope, and the pairs only one gets."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from engine.export.palette import glyph
from rubrics.counted import count
from screens.shell.bars import Axis, interval_bar
from screens.shell.formats import signed
from screens.shell.place import Place
from screens.shell.plain import one_line, plain
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.results.board import Board
    from engine.stats.paired import Comparison

__all__ = ["CompareScreen"]


_DIFFERENCE, _INTERVAL, _COUNTS, _BAR = 9, 16, 15, 11
"""Cells, with the blanks around them; of the bar the fewest."""


@dataclass(frozen=True)
class _Read:
    board: Board
    scopes: tuple[tuple[int, str, Comparison], ...]
    """Each scope with its depth: the whole, the Cs in it, the subcategories in those."""

    @property
    def whole(self) -> Comparison:
        """Over all pairs."""
        return self.scopes[0][2]


@dataclass(frozen=True)
class _Columns:
    """What there is room for: the bar shows what the numbers beside it say, so they go first."""

    name: int
    """Cells of the name of a part."""
    interval: bool
    counts: bool
    """Whether the pairs that only one of the two wins are counted."""
    bar: int

    @classmethod
    def fitting(cls, room: int, name: int) -> _Columns:
        """The most that fits in so many cells."""
        left = room - name - _DIFFERENCE
        interval, counts = left >= _INTERVAL + _BAR, left >= _INTERVAL + _COUNTS + _BAR
        bar = left - interval * _INTERVAL - counts * _COUNTS
        bar = max(_BAR, min(61, bar))
        return cls(name, interval, counts, bar - 1 + bar % 2)

    def line(self, difference: str, interval: str, only_a: str, only_b: str) -> str:
        """The cells between the name and the bar."""
        found = f"{difference:>6} "
        found += f"{interval:>15} " if self.interval else ""
        return found + (f"{only_a:>6} {only_b:>6}  " if self.counts else "")


class CompareScreen(Place):
    """Which of the two, and on what?"""

    MODE = "rankings"
    TITLE = "Compare"
    GUIDE = """
The difference in percentage points, A minus B, over the pairs that both have scored, with its 95 % interval over
clusters, and p from a test on the same pairs; the line below the verdict names both methods. An interval that holds 0
does not tell the two apart.

a opens the pairs that only A wins in the part under the cursor, b those that only B wins; enter opens those of
whichever wins more.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("a", "pairs('a')", "only A wins", tooltip="the pairs that only A wins here", id="only-a"),
        Binding("b", "pairs('b')", "only B wins", tooltip="the pairs that only B wins here", id="only-b"),
    ]
    DEFAULT_CSS = """
    CompareScreen #question { padding: 0 1; color: $text-muted; }
    CompareScreen.-low #question { display: none; }
    CompareScreen #verdict { height: auto; padding: 0 1; }
    CompareScreen #headings { color: $text-muted; }
    """

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self._first, self._second = first, second
        self._read: _Read | None = None

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

        def read() -> _Read:
            board = self.session.board()
            return _Read(board, tuple(_parts(board, self._first, self._second, self.session.question().by)))

        self.load("compare", read, self._arrived)

    def _arrived(self, found: _Read) -> None:
        self._read = found
        self.repaint()

    def repaint(self) -> None:
        """Draw the comparison."""
        found = self._read
        if found is None:
            return
        board, whole = found.board, found.whole
        where = f"{board.suite} · {board.protocol} · {board.metric}"
        self.query_one("#question", Static).update(Text(plain(where)))
        text = Text(overflow="fold")
        low = self.has_class("-low")
        text.append(f"A  {one_line(whole.a, 60)}\nB  {one_line(whole.b, 60)}\n" + "\n" * (not low), "bold")
        text.append(_verdict(whole), "bold")
        if not low:
            text.append(f"\n{count(whole.n_pairs, 'pair')} in {count(whole.n_clusters, 'cluster')}; ")
            text.append(f"{plain(whole.method)}; {plain(whole.test)}, p = {whole.p_value:.3g}\n")
            text.append(
                f"both win {whole.both:,} · only A {len(whole.only_a):,} · only B {len(whole.only_b):,} · "
                f"neither {whole.neither:,} · ties {whole.ties:,}\n"
            )
        self.query_one("#verdict", Static).update(text)
        rows = self.query_one(Rows)
        name = min(24, max(len(one_line(scope, 20)) + 2 * depth for depth, scope, _ in found.scopes) + 2)
        # The last cell is the scrollbar's, which comes only once there are lines.
        columns = _Columns.fitting(rows.size.width - 1, name)
        bounds = [end for _, _, one in found.scopes for end in (one.ci_low, one.ci_high, one.difference)]
        reach = max([0.05, *(abs(end) for end in bounds if not math.isnan(end))])
        half = columns.bar // 2
        left, right = ("◀ B better", "A better ▶") if columns.bar >= 23 else ("◀ B", "A ▶")
        ends = f"{left:<{half}} {right:>{half}}"
        cells = columns.line("A − B", "95 %", "only A", "only B")
        self.query_one(Heading).show([(f" {'':<{name}} {cells}{ends}", "", "")])
        rows.show(len(found.scopes), lambda index, _: self._line(found, index, columns, reach), rows.cursor)

    def _line(self, found: _Read, index: int, columns: _Columns, reach: float) -> Text:
        depth, scope, one = found.scopes[index]
        mark, tone = glyph(scope, index)
        label = scope if not depth else f"{'  ' * (depth - 1)}{mark} {one_line(scope, columns.name - 2 * depth)}"
        text = Text(f" {label:<{columns.name}} ", "bold" if not depth else self.colour(tone))
        interval = f"{signed(one.ci_low * 100, 1)} to {signed(one.ci_high * 100, 1)}"
        counts = f"{len(one.only_a):,}", f"{len(one.only_b):,}"
        text.append(columns.line(signed(one.difference * 100, 1), interval, *counts), self.colour("foreground"))
        return text.append_text(self._bar(one, reach, columns.bar))

    def _bar(self, found: Comparison, reach: float, width: int) -> Text:
        clear = found.ci_low > 0 or found.ci_high < 0
        tone = self.colour(("good" if found.difference > 0 else "bad") if clear else "chance")
        axis, faint = Axis(-reach, reach, width), self.colour("chance")
        return interval_bar(axis, found.difference, found.ci_low, found.ci_high, 0.0, colour=tone, faint=faint)

    def action_back(self) -> None:
        """Back to the rankings."""
        self.dismiss()

    def on_rows_selected(self, event: Rows.Selected) -> None:
        """The pairs of whichever wins more in this part."""
        if self._read is not None:
            one = self._read.scopes[event.index][2]
            self.action_pairs("a" if len(one.only_a) >= len(one.only_b) else "b")

    def action_pairs(self, which: str) -> None:
        """Read the pairs only one of them wins, as failures of the other."""
        if self._read is None:
            return
        from screens.pair.screen import PairScreen

        one = self._read.scopes[self.query_one(Rows).cursor][2]
        ids, loser = (one.only_a, one.b) if which == "a" else (one.only_b, one.a)
        if not ids:
            self.notify("There is no such pair", markup=False)
            return
        self.app.push_screen(PairScreen(self._read.board, loser, ids, 0))


def _parts(board: Board, first: str, second: str, by: str) -> Iterable[tuple[int, str, Comparison]]:
    """The whole, then the taxonomy down to its subcategories; for another grouping that one."""
    from engine.results.comparison import compare_candidates
    from rubrics.taxonomy import SUBCATEGORIES, Subcategory

    if by not in ("overall", "category", "subcategory"):
        found = compare_candidates(board, first, second, by=by)
        yield from ((int(scope != "overall"), scope, one) for scope, one in found.items())
        return
    found = compare_candidates(board, first, second, by="category")
    below = compare_candidates(board, first, second, by="subcategory")
    for scope, one in found.items():
        yield int(scope != "overall"), scope, one
        for sub in Subcategory:
            if str(SUBCATEGORIES[sub].category) == scope and str(sub) in below:
                yield 2, str(sub), below[str(sub)]


def _verdict(whole: Comparison) -> str:
    difference, low, high = (signed(value * 100, 1) for value in (whole.difference, whole.ci_low, whole.ci_high))
    points = f"{difference} points ({low} to {high})"
    if whole.ci_low > 0:
        return f"A is ahead by {points}"
    if whole.ci_high < 0:
        return f"B is ahead: {points}"
    return f"These pairs do not tell the two apart: {points}"
