"""Dialogs: an error or help to read and copy, a line to type, one of several to choose, a yes or no."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rubrics.errors import RudeError
from screens.shell.line import Line
from screens.shell.plain import plain
from screens.widgets.spans import Part, Spans

__all__ = ["Ask", "Choose", "Confirm", "Hints", "Read", "error_dialog"]

_MANY = 12
"""Options beyond which a list can be narrowed."""

_CSS = """
Read, Ask, Choose, Confirm { align: center middle; background: $background 60%; }
.dialog { width: 76; max-width: 100%; height: auto; max-height: 100%; background: $surface; border: round $primary;
          padding: 0 1; }
.dialog > .title { text-style: bold; width: 1fr; }
.dialog > Hints { color: $text-muted; width: 1fr; height: auto; }
.dialog.-error { border: round $error; }
.dialog OptionList, .dialog OptionList:focus { height: auto; max-height: 60vh; border: none; background: $surface; }
.dialog Input { margin: 0; }
Read .dialog > VerticalScroll { height: auto; max-height: 60vh; padding-right: 1; }
Confirm .dialog > VerticalScroll { height: auto; max-height: 70vh; }
Choose.-low .dialog OptionList, Choose.-low .dialog OptionList:focus, Confirm.-low .dialog > VerticalScroll {
    max-height: 50vh; }
"""


class Hints(Spans):
    """What the keys do in a dialog; a click on one does it too."""

    def __init__(self, *hints: tuple[str, str]) -> None:
        """Each is (words, key); no key where there is nothing to click on."""
        super().__init__()
        self._hints = [hint for hint in hints if hint[0]]

    def parts(self) -> Iterable[Part]:
        """With a dot between them."""
        for number, (words, key) in enumerate(self._hints):
            if number:
                yield " · ", "", ""
            yield words, "", key

    async def clicked(self, key: str) -> None:
        """Do what the key does."""
        self.app.simulate_key(key)


class Read(ModalScreen[None]):
    """Text to read; it scrolls and can be copied whole."""

    DEFAULT_CSS = _CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "close"),
        Binding("y", "copy", "copy"),
    ]

    FURTHER: ClassVar[tuple[str, str]] = ("", "")
    """What else can be read, and its key."""

    def __init__(self, title: str, body: Text, *, error: bool = False) -> None:
        super().__init__()
        self._title = title
        self._body = body
        self._error = error

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical(classes="dialog -error" if self._error else "dialog"):
            yield Static(Text(("✗ " if self._error else "") + self._title), classes="title")
            with VerticalScroll():
                yield Static(self._body)
            yield Hints(("↑↓ scroll", ""), self.FURTHER, ("y copy", "y"), ("esc close", "escape"))

    def on_mount(self) -> None:
        """Arrow keys scroll at once."""
        self.query_one(VerticalScroll).focus()

    async def action_dismiss(self, result: None = None) -> None:
        """Close."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copy the text, over SSH too where the terminal allows it."""
        # What went wrong is nothing without where.
        self.app.copy_to_clipboard(f"{self._title}\n{self._body.plain}" if self._error else self._body.plain)


def error_dialog(error: RudeError) -> Read:
    """What happened, where, and what to do."""
    body = Text(plain(error.what), overflow="fold")
    if error.fix:
        body.append("\n\n→ " + plain(error.fix), "bold")
    return Read(plain(error.where) if error.where else "That did not work", body, error=True)


class Ask(ModalScreen[str | None]):
    """One line to type; None where the person gave up, and what holds goes on holding."""

    DEFAULT_CSS = _CSS
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "cancel")]

    def __init__(self, title: str, value: str = "", hint: str = "", placeholder: str = "", empty: str = "") -> None:
        """Args:
        empty: what an empty line stands for, which is an answer then; without it nothing typed is given up.
        """
        super().__init__()
        self._empty = empty
        self._title = title
        self._value = value
        self._hint = hint
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """Title, line, hint."""
        with Vertical(classes="dialog"):
            yield Static(Text(self._title), classes="title")
            yield Line(self._value, placeholder=self._placeholder, select_on_focus=False)
            empty = f"empty: {self._empty}" if self._empty else ""
            yield Hints(("enter accept", "enter"), ("esc cancel", "escape"), (empty, ""), (self._hint, ""))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Done."""
        self.answer(event.value.strip())

    def answer(self, typed: str) -> None:
        """Close with what was typed."""
        self.dismiss(typed if typed or self._empty else None)

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


class Choose(ModalScreen[str | None]):
    """One of several; None where the person gave up. Where they are many, typing narrows them."""

    DEFAULT_CSS = _CSS
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "cancel")]

    def __init__(self, title: str, options: Sequence[tuple[str, str]], current: str | None = None) -> None:
        """Options are (value, label)."""
        super().__init__()
        self._title = title
        self._options = list(options)
        self._shown = self._options
        self._current = current
        self._typed = ""

    def compose(self) -> ComposeResult:
        """Title, list, hint."""
        with Vertical(classes="dialog"):
            yield Static(Text(self._title), classes="title")
            yield OptionList(markup=False)
            narrow = "type to narrow" if len(self._options) > _MANY else ""
            yield Hints(("↑↓ move", ""), ("enter choose", "enter"), ("esc cancel", "escape"), (narrow, ""))

    def on_mount(self) -> None:
        """Begin at what holds now."""
        self._fill()

    def _fill(self) -> None:
        needle = self._typed.casefold()
        self._shown = [(value, label) for value, label in self._options if needle in label.casefold()]
        widget = self.query_one(OptionList)
        widget.clear_options()
        widget.add_options(
            Option(Text(("● " if value == self._current else "  ") + plain(label), no_wrap=True))
            for value, label in self._shown
        )
        values = [value for value, _ in self._shown]
        widget.highlighted = values.index(self._current) if self._current in values else 0 if values else None
        typed = f"  {self._typed}▏" if self._typed else ""
        self.query_one(".title", Static).update(Text(self._title + typed))

    def on_key(self, event: events.Key) -> None:
        """Narrow a long list to what holds what is typed."""
        if len(self._options) <= _MANY:
            return
        if event.key == "backspace":
            self._typed = self._typed[:-1]
        elif event.is_printable and event.character:
            self._typed += event.character
        else:
            return
        event.stop()
        self._fill()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Done."""
        self.dismiss(self._shown[event.option_index][0])

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


class Confirm(ModalScreen[bool]):
    """A yes or no. A yes that comes before the question can have been read was meant for something else."""

    READ: ClassVar[float] = 0.3
    """Seconds: less than it takes to read, more than lies between two presses of a key that was struck twice."""
    DEFAULT_CSS = _CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "yes"),
        Binding("n,escape,q", "answer(False)", "no"),
    ]

    def __init__(self, title: str, body: str) -> None:
        super().__init__()
        self._title = title
        self._body = body

    def compose(self) -> ComposeResult:
        """Question, what it means, keys."""
        with Vertical(classes="dialog"):
            yield Static(Text(self._title), classes="title")
            with VerticalScroll():
                yield Static(Text(self._body))
            yield Hints(("y or enter yes", "y"), ("n or esc no", "n"))

    def on_mount(self) -> None:
        """Arrow keys scroll what is longer than the screen."""
        self.query_one(VerticalScroll).focus()
        self._asked = monotonic()

    def action_answer(self, answer: bool) -> None:
        """Done."""
        if not answer or monotonic() >= self._asked + self.READ:
            self.dismiss(answer)
