"""Every prompt sent and answer received, word for word: of one example, or of a whole construction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from screens.construct.call_text import call_line, call_text
from screens.shell.place import Place
from screens.shell.plain import one_line
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.construct.reading import Call

__all__ = ["CallsScreen"]


class CallsScreen(Place):
    """Calls in the order of their answers, and the one under the cursor in full."""

    MODE = "suites"
    TITLE = "Questions and answers"
    GUIDE = """
Every question as it was sent and every answer as it came, in the order of the answers; ▸ was sent, ◂ came back. An
answer is kept under the hash of what was asked, so an example may show calls that an earlier construction made.
`repair` is the one second try that a malformed answer gets.
"""
    TERMS = ("construction", "generator", "verifier")
    FIRST_KEYS = ("back", "copy")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("y", "copy", "copy", tooltip="copy the question and the answer", id="copy"),
        Binding("tab", "other", "text", tooltip="to the text and back", id="calls-text"),
        Binding("f5", "again", "read again", show=False, id="again"),
    ]
    DEFAULT_CSS = """
    CallsScreen #state { height: 1; padding: 0 1; color: $text-muted; }
    CallsScreen #body { layout: vertical; height: 1fr; }
    CallsScreen.-wide #body { layout: horizontal; }
    CallsScreen #left { height: 1fr; width: 1fr; }
    CallsScreen.-wide #left { width: 2fr; }
    CallsScreen #text { height: 2fr; border-top: solid $panel; padding: 0 1; }
    CallsScreen.-wide #text { width: 3fr; height: 1fr; border-top: none; border-left: solid $panel; }
    CallsScreen #text:focus { background: $surface; }
    """

    def __init__(self, run_id: str, name: str, example: str | None) -> None:
        """Args:
        run_id: the construction.
        name: what it is called.
        example: only what was asked about this one.
        """
        super().__init__()
        self._run_id, self._run_name = run_id, name
        self._example = example
        self._calls: list[Call] = []

    def body(self) -> Iterable[Widget]:
        """List, and the call under the cursor beside or below it."""
        yield Brief(id="state")
        with Container(id="body"):
            with Container(id="left"):
                rows = Rows(id="calls")
                rows.tooltip = "the calls, oldest first: enter or tab goes to the text of one"
                yield rows
            text = VerticalScroll(Static(id="call"), id="text")
            text.tooltip = "the call under the cursor: tab goes back to the list"
            yield text

    def on_mount(self) -> None:
        """Read."""
        rows = self.query_one(Rows)
        rows.focus()
        self.watch(rows, "cursor", self._moved, init=False)
        self.query_one("#state", Static).update("reading…")
        self.action_again()

    def action_again(self) -> None:
        """Read again; more may have been asked since."""
        store, run_id, example = self.session.store, self._run_id, self._example

        def read() -> list[Call]:
            from engine.construct.reading import calls

            return calls(store, run_id, example)

        self.load("calls", read, self._arrived, same=run_id)

    def _arrived(self, calls: list[Call]) -> None:
        self._calls = calls
        about = one_line(self._example or self._run_name, 60)
        words = f"{count(len(calls), 'call')} about {about} · f5 reads again"
        self.query_one("#state", Static).update(Text(words))
        rows = self.query_one(Rows)
        rows.show(len(calls), self._line, rows.cursor)
        self.repaint()

    def _line(self, index: int, width: int) -> Text:
        return call_line(self._calls[index], self.colour)

    @property
    def _current(self) -> Call | None:
        at = self.query_one(Rows).cursor
        return self._calls[at] if at < len(self._calls) else None

    def _moved(self) -> None:
        self.query_one("#text").scroll_home(animate=False)
        self.repaint()

    def repaint(self) -> None:
        """Draw the call in the theme's colours."""
        call = self._current
        empty = "Nothing was asked: programs decided, or it never came so far."
        self.query_one("#call", Static).update(Text(empty) if call is None else call_text(call, self.colour))

    def on_rows_selected(self) -> None:
        """To the text, which then scrolls."""
        self.query_one("#text").focus()

    def action_other(self) -> None:
        """From list to text, or back."""
        rows = self.query_one(Rows)
        (self.query_one("#text") if rows.has_focus else rows).focus()

    def action_back(self) -> None:
        """From the text to the list, from there to the construction."""
        if not self.query_one(Rows).has_focus:
            self.query_one(Rows).focus()
        else:
            self.dismiss()

    def action_copy(self) -> None:
        """Copy what was selected with the mouse, else the whole call."""
        if self._current is not None:
            self.copy(call_text(self._current, lambda _: "").plain)
