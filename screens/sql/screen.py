"""The console: a line of SQL, and the rows that answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.shell.export_dialogs import table_dialog
from screens.shell.place import Place
from screens.shell.plain import one_line, plain
from screens.sql.state import SqlState, complete, lines_of
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.export.tables import Table
    from engine.results.own_questions import SqlAnswer

__all__ = ["SqlScreen"]


class _Names(Suggester):
    """Completes the last word."""

    def __init__(self, state: SqlState) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._state = state

    async def get_suggestion(self, value: str) -> str | None:
        return complete(value, self._state.names)


class SqlScreen(Place):
    """What nobody has thought of a screen for."""

    MODE = "rankings"
    TITLE = "SQL"
    TERMS = ("verdict", "pair", "run")
    GUIDE = """
One statement at a time, to a copy of the database: it can read everything and change nothing, opens no other file and
no connection, and is broken off after ten seconds; a run goes on as if nobody asked. The views leaderboard, verdicts,
failures and correlations stay what they are; tables beside them may change with a version. describe verdicts lists
the columns of one.

Tab or → takes what is proposed; where nothing is, tab goes to the rows and back. ↑ and ↓ bring back what was asked
before; x takes the answer away, with the question.
"""
    FIRST_KEYS = ("back", "other", "export")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", key_display="esc", id="back"),
        Binding(
            "tab", "other", "rows and back", tooltip="take what is proposed, else to the rows and back", id="other-side"
        ),
        Binding("x", "export", "take away", tooltip="the answer, into a folder or a file", id="export"),
    ]
    DEFAULT_CSS = """
    SqlScreen Input { margin: 0; }
    SqlScreen #said { padding: 0 1; color: $text-muted; height: auto; max-height: 6; }
    SqlScreen #columns { height: 1; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.state = SqlState()

    def body(self) -> Iterable[Widget]:
        """The line, what came of it, the rows."""
        from engine.results.own_questions import EXAMPLE

        yield Input(placeholder=EXAMPLE, suggester=_Names(self.state), id="sql")
        yield Static(id="said")
        yield Brief(id="columns")
        yield Rows(id="answer", opens=False)

    def on_mount(self) -> None:
        """Find out what can be asked."""
        self.query_one("#sql").focus()

        def names() -> dict[str, list[str]]:
            from engine.results.own_questions import columns_by_view

            return columns_by_view(self.session.store)

        def arrived(found: Mapping[str, Sequence[str]]) -> None:
            self.state.names = found
            self._say("views: " + ", ".join(list(found)[:4]))

        self.load("names", names, arrived)

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(Text(one_line(text, 800), overflow="fold"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask."""
        sql, store = event.value.strip(), self.session.store
        if not sql:
            return

        def ask() -> SqlAnswer:
            from engine.results.own_questions import ask

            return ask(store, sql)

        def arrived(answer: SqlAnswer) -> None:
            self.state.take(sql, answer)
            cut = " and more" if answer.cut else ""
            self._say(f"{count(len(answer.rows), 'row')}{cut} in {answer.seconds:.2f} s")
            self.repaint()

        def failed(error: RudeError) -> None:
            self.state.take(sql, None)
            self.repaint()
            self._say(f"✗ {plain(error.what)}" + (f" → {plain(error.fix)}" if error.fix else ""))

        self._say("asking…")
        self.load("ask", ask, arrived, failed)

    def repaint(self) -> None:
        """Draw the answer."""
        head, lines = lines_of(self.state.answer) if self.state.answer is not None else ("", [])
        self.query_one("#columns", Brief).update(Text(head))
        self.query_one("#answer", Rows).show(len(lines), lambda index, _: Text(lines[index]), 0)

    def on_key(self, event: events.Key) -> None:
        """Up and down in the line bring back what was asked before."""
        line = self.query_one("#sql", Input)
        if event.key in ("up", "down") and line.has_focus:
            event.stop()
            line.value = self.state.before(1 if event.key == "up" else -1)
            line.cursor_position = len(line.value)

    def action_other(self) -> None:
        """Take what is proposed, as a shell does; where nothing is, to the rows and back."""
        line = self.query_one("#sql", Input)
        at_end = line.has_focus and line.cursor_position == len(line.value)
        if at_end and (proposed := complete(line.value, self.state.names)) is not None:
            line.value = proposed
            line.cursor_position = len(proposed)
            return
        (self.query_one("#answer") if line.has_focus else line).focus()

    def action_back(self) -> None:
        """Back to where one was."""
        self.dismiss()

    def action_export(self) -> None:
        """Take the answer away."""
        answer = self.state.answer
        if answer is None:
            return

        def rows() -> Table:
            from engine.export.tables import Table

            return Table(answer.columns, answer.rows)

        table_dialog(self, "answer", rows, how={"sql": self.state.answered})
