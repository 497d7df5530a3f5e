"""Every pair of candidates in which the smaller one is ahead, and whether that came true."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.shell.export_dialogs import export_dialog
from screens.shell.place import Place
from screens.shell.plain import cells_of, one_line, plain
from screens.upsets.state import Columns, outcome_heads, read_upsets, tally_words, upset_cells
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.correlation.sources import Source
    from engine.correlation.upsets import UpsetTable

__all__ = ["UpsetsScreen"]


class UpsetsScreen(Place):
    """Which smaller candidate is ahead of a larger one?"""

    MODE = "correlation"
    TITLE = "Upsets"
    GUIDE = """
Each line is a pair of candidates of which the smaller has the higher RuDE accuracy, the widest lead first: both with
their parameters, the lead in percentage points with its 95 % interval, and p of the paired test, adjusted by Holm for
every two candidates as in the rankings. Leads of studies that ship have intervals as if each candidate had read other
pairs, which is wide, and no p.

Then, for each outcome, by how much the smaller one came out ahead: ✓ it came true, ✗ it did not, = even, ? the scores'
own errors leave it open. Below stands how many came true, beside the share of all other pairs in which the smaller
candidate came out ahead: what size alone leaves. ← → walk through the outcomes where there is no room for all of them.

enter compares the two, scope by scope. O goes to the ladder and to the published study.
"""
    TERMS = ("upset", "outcome", "interval", "ladder")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("O", "source", "source", tooltip="your own, the ladder's, or the published study's", id="source"),
        Binding("V", "cards", "cards", tooltip="what two ladders of small models showed, in full", id="cards"),
        Binding("x", "export", "take away", tooltip="table and text, into a folder or a file", id="export"),
        Binding("left", "step(-1)", "outcomes before", show=False, id="matrix-left"),
        Binding("right", "step(1)", "more outcomes", show=False, id="matrix-right"),
    ]
    FIRST_KEYS = ("back", "source", "export")
    WITHOUT = Place.WITHOUT | {"source", "cards"}
    DEFAULT_CSS = """
    UpsetsScreen #question { padding: 0 1; color: $text-muted; }
    UpsetsScreen #headings { color: $text-muted; }
    UpsetsScreen #pairs { height: 1fr; }
    UpsetsScreen #tallies { height: auto; max-height: 9; border-top: solid $panel; padding: 0 1; }
    UpsetsScreen.-low #tallies { max-height: 5; }
    UpsetsScreen.-empty #headings, UpsetsScreen.-empty #pairs, UpsetsScreen.-empty #tallies { display: none; }
    """

    def __init__(self, source: Source | None, compare: Callable[[str, str], None]) -> None:
        """Args:
        source: whose pairs to begin with.
        compare: sets two candidates of one's own against each other, by label.
        """
        super().__init__()
        self._source: Source | None = source
        self._compare = compare
        self.table: UpsetTable | None = None
        self._skip = 0
        """Outcomes that are scrolled past."""

    def body(self) -> Iterable[Widget]:
        """The pairs, and below them how many came true."""
        yield Brief(id="question")
        yield Heading(id="headings")
        rows = Rows(id="pairs")
        rows.tooltip = "a smaller candidate ahead of a larger one: enter compares the two"
        yield rows
        panel = VerticalScroll(Static(id="said"), id="tallies")
        panel.tooltip = "how many came true, beside what size alone leaves"
        yield panel

    def on_mount(self) -> None:
        """Read."""
        self.query_one(Rows).focus()
        self._ask()

    def _ask(self) -> None:
        source = self._source
        self.query_one("#question", Static).update(Text("reading…"))
        self.load("upsets", lambda: read_upsets(self.session, source), self._arrived, self._failed, same=source)

    def _failed(self, error: RudeError) -> None:
        self.table = None
        text = Text.assemble((f"{plain(error.what)}\n\n", "bold"))
        text.append(f"{plain(error.fix)}\n\n" if error.fix else "")
        text.append("O shows the pairs of small models that were post-trained here, then the published study's.")
        self.query_one("#question", Static).update(Text("upsets"))
        self.nothing(text)

    def _arrived(self, table: UpsetTable) -> None:
        self.table = table
        self.something()
        if self.focused is None:
            self.query_one(Rows).focus()
        self.query_one(Rows).cursor = self._skip = 0
        self.repaint()

    def repaint(self) -> None:
        """Draw pairs and tallies."""
        table, rows = self.table, self.query_one(Rows)
        if table is None:
            return
        outcomes = [tally.outcome for tally in table.tallies]
        names = max((cells_of(n) for u in table.upsets for n in (u.smaller, u.larger)), default=8)
        heads = [table.words_of(name, short=True) for name in outcomes]
        known = any(not math.isnan(upset.ci_low) for upset in table.upsets)
        room = rows.size.width - 1
        columns = Columns.fitting(room, names, len(outcomes), heads, known=known)
        hidden = len(outcomes) - columns.outcomes
        self._skip = max(0, min(self._skip, hidden))
        outcomes, heads = outcomes[self._skip :], heads[self._skip :]
        columns = Columns.fitting(room, names, columns.outcomes, heads, known=known)
        self.query_one("#question", Brief).tell(
            one_line(table.source_name),
            f"in {len(table.upsets)} of {count(table.pairs, 'pair')} of unlike size the smaller is ahead",
            f"← → {count(hidden, 'more outcome', 'more outcomes')}" if hidden else "",
        )
        head = f" {'smaller':<{columns.name + 7}} {'larger':<{columns.name + 7}}   lead"
        head += f" {'95 %':>15} {'p (Holm)':>8}" if columns.numbers else ""
        head += outcome_heads(heads, columns)
        self.query_one(Heading).show([(head, "", "")])
        rows.show(
            len(table.upsets), lambda i, _: Text(upset_cells(table.upsets[i], outcomes, columns), no_wrap=True),
            rows.cursor,
        )  # fmt: skip
        text = Text(overflow="fold")
        for tally in table.tallies:
            text.append(f"{tally_words(tally, table.words_of(tally.outcome))}\n")
        if not table.tallies:
            text.append("Whether any came true is not known: no outcome of these candidates is stored.\n")
        if not table.upsets:
            text.append("No smaller candidate is ahead of a larger one.\n")
        for note in table.notes:
            text.append(f"! {plain(note)}\n", self.colour("mark-2"))
        text.rstrip()
        self.query_one("#said", Static).update(text)

    def action_step(self, step: int) -> None:
        """Other outcomes, where there is no room for all of them."""
        self._skip += step
        self.repaint()

    def action_source(self) -> None:
        """The next source, and round again."""
        from engine.correlation.sources import SOURCES

        shown = self._source or "own"
        self._source = SOURCES[(SOURCES.index(shown) + 1) % len(SOURCES)]
        self._ask()

    def on_rows_selected(self, event: Rows.Selected) -> None:
        """Compare the two."""
        if self.table is None:
            return
        if self.table.source != "own":
            self.notify("Their verdicts are not stored here", markup=False)
            return
        upset = self.table.upsets[event.index]
        self._compare(upset.smaller, upset.larger)

    def action_back(self) -> None:
        """Back to the scatter."""
        self.dismiss()

    def action_export(self) -> None:
        """Write the table."""
        if self.table is not None:
            export_dialog(self, "upsets", {}, source=self.table.source)
