"""Every candidate in every wording it was scored in, and whether the ranking turns."""

from __future__ import annotations

from collections.abc import Iterable
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
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading
from screens.wordings.state import WordingColumns, read_wordings, share_words, wording_cells, wording_heading

if TYPE_CHECKING:
    from engine.results.wordings import WordingTable

__all__ = ["WordingsScreen"]


class WordingsScreen(Place):
    """Is the ranking the wording's?"""

    MODE = "rankings"
    TITLE = "Wordings"
    GUIDE = """
A line for each candidate: its place and accuracy averaged over all wordings, with the 95 % interval over clusters, the
lowest and the highest accuracy, then accuracy and place in each wording. All on the pairs that every candidate has
scored in every wording.

Below stands whether the first place turns with the wording, by the same paired tests as in the ranking, and what the
differences are made of.

← and → show the wordings that found no room.
"""
    TERMS = ("wording", "accuracy", "pair", "interval", "cluster", "not told apart")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("x", "export", "take away", tooltip="table and text, into a folder or a file", id="export"),
        Binding("left", "turn(-1)", "before", show=False, tooltip="the wordings before these", id="scopes-left"),
        Binding("right", "turn(1)", "after", show=False, tooltip="the wordings after these", id="scopes-right"),
    ]
    FIRST_KEYS = ("back", "export")
    DEFAULT_CSS = """
    WordingsScreen #question { padding: 0 1; color: $text-muted; }
    WordingsScreen #headings { color: $text-muted; }
    WordingsScreen #candidates { height: 1fr; }
    WordingsScreen #words { height: auto; max-height: 9; border-top: solid $panel; padding: 0 1; }
    WordingsScreen.-empty #headings, WordingsScreen.-empty #candidates, WordingsScreen.-empty #words { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.table: WordingTable | None = None
        self._first = 0

    def body(self) -> Iterable[Widget]:
        """The candidates, and below them what it comes to."""
        yield Brief(id="question")
        yield Heading(id="headings")
        rows = Rows(id="candidates", opens=False)
        rows.tooltip = "every candidate in every wording: ← and → show the others"
        yield rows
        panel = VerticalScroll(Static(id="said"), id="words")
        panel.tooltip = "whether the ranking turns with the wording"
        yield panel

    def on_mount(self) -> None:
        """Read."""
        self.query_one(Rows).focus()
        self.query_one("#question", Static).update(Text("reading…"))
        self.load("wordings", lambda: read_wordings(self.session), self._arrived, self._failed)

    def _failed(self, error: RudeError) -> None:
        text = Text.assemble((f"{plain(error.what)}\n\n", "bold"))
        text.append(
            f"{plain(error.fix)}: press 2, then the comma (more options), and say which wordings\n" if error.fix else ""
        )
        self.query_one("#question", Static).update(Text("wordings"))
        self.nothing(text)

    def _arrived(self, table: WordingTable) -> None:
        self.table = table
        self.something()
        self.repaint()

    def repaint(self) -> None:
        """Draw candidates and words."""
        from engine.results.wordings import turn_words

        table, rows = self.table, self.query_one(Rows)
        if table is None:
            return
        names = max(cells_of(row.candidate) for row in table.rows)
        widest = max(map(cells_of, table.wordings))
        columns = WordingColumns.fitting(rows.size.width - 1, names, len(table.wordings), self._first, widest)
        self._first = columns.first
        hidden = len(table.wordings) - columns.count
        self.query_one("#question", Brief).tell(
            one_line(table.suite), table.protocol, table.metric, f"chance {100 * table.chance:.0f}",
            count(table.n_pairs, "pair"), f"{count(hidden, 'more wording')}: ← →" if hidden else "",
        )  # fmt: skip
        self.query_one(Heading).show([(wording_heading(table, columns), "", "")])
        rows.show(
            len(table.rows),
            lambda i, _: Text(wording_cells(table.rows[i], table.averaged.rows[i], columns), no_wrap=True),
            rows.cursor,
        )
        text = Text(overflow="fold")
        text.append(f"{plain(turn_words(table))}.\n", "bold")
        if shares := share_words(table):
            text.append(f"{shares}\n")
        for note in table.notes:
            text.append(f"! {plain(note)}\n", self.colour("mark-2"))
        text.rstrip()
        self.query_one("#said", Static).update(text)

    def action_turn(self, step: int) -> None:
        """Other wordings."""
        self._first = max(0, self._first + step)
        self.repaint()

    def action_export(self) -> None:
        """Take away every candidate in every wording."""
        if (table := self.table) is not None:
            export_dialog(self, "wordings", {"protocol": table.protocol, "metric": table.metric})

    def action_back(self) -> None:
        """To the rankings."""
        self.dismiss()
