"""Several things to type, each checked where it stands; nothing typed is lost until it is right."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from rubrics.errors import RudeError
from rubrics.glossary import terms_in
from screens.shell.dialogs import Confirm, Hints, Read
from screens.shell.fields import Field, Prepared, Typed, field_of
from screens.shell.help import help_text
from screens.shell.line import Line
from screens.shell.loading import Answered, Loader
from screens.shell.path_input import PathInput
from screens.shell.plain import one_line, plain

__all__ = ["Form", "Pick"]

_NAMES = 40
"""Names that a path may go on with, that are shown."""


class Pick(Static, can_focus=True):
    """One of several; space and the arrows go to the next."""

    DEFAULT_CSS = """
    Pick { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    Pick:focus { background: $block-cursor-blurred-background; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right", "turn(1)", "next", show=False, system=True),
        Binding("left", "turn(-1)", "before", show=False, system=True),
    ]

    def __init__(self, choices: Sequence[str], value: str, hint: str, *, id: str) -> None:
        super().__init__(id=id)
        self._choices = list(choices)
        self._hint = hint
        self.value = value if value in self._choices else self._choices[0]

    def render(self) -> Text:
        """The choice, and what it is about."""
        text = Text(f"◂ {plain(self.value)} ▸", no_wrap=True, overflow="ellipsis")
        text.append(f"  {self._hint}" if self._hint else "", self.app.theme_variables["chance"])
        return text

    def action_turn(self, step: int) -> None:
        """Another one."""
        self.value = self._choices[(self._choices.index(self.value) + step) % len(self._choices)]
        self.refresh()

    def on_click(self) -> None:
        """As space does."""
        self.action_turn(1)


class Form(ModalScreen[Prepared | None]):
    """Asks, prepares in a thread, says what it will take, does it; None where the person gave up."""

    DEFAULT_CSS = """
    Form { align: center middle; background: $background 60%; }
    Form > .dialog { width: 92; max-width: 100%; height: auto; max-height: 100%; background: $surface;
                     border: round $primary; padding: 0 1; }
    Form .title { text-style: bold; }
    Form .about { color: $text-muted; margin-bottom: 1; }
    Form .row { height: 1; }
    Form .row > Static { width: 16; }
    Form .row > Pick { width: 1fr; }
    Form Input { width: 1fr; }
    Form .note { height: auto; padding-left: 16; display: none; }
    Form .note.-said, Form #fault.-said { display: block; }
    Form #fault { height: auto; display: none; }
    Form VerticalScroll { height: auto; }
    Form Hints { color: $text-muted; margin-top: 1; height: auto; }
    Form.-low .about, Form.-short .about { margin-bottom: 0; }
    Form.-low VerticalScroll { max-height: 50vh; }
    Form.-low Hints { margin-top: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "cancel"),
        Binding("enter", "submit", "go on", show=False),
        Binding("down", "app.focus_next", "next", show=False, priority=True),
        Binding("up", "app.focus_previous", "before", show=False, priority=True),
        Binding("f1", "help", "help", show=False),
    ]

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        prepare: Callable[[Typed], Prepared],
        *,
        about: str = "",
        typed: MutableMapping[str, str] | None = None,
        go: str = "go on",
        looking: str = "looking…",
        ask: str = "",
    ) -> None:
        """Args:
        prepare: makes of what was typed what is to be done; called in a thread, and raises what is wrong with it.
        about: what it is for, above the fields.
        typed: what was typed before; kept up to date for the next time.
        go: what Enter does, in a word or two.
        looking: what is said while it is prepared.
        ask: the question over what it will take; the title where none is given.
        """
        super().__init__()
        self.loader = Loader(self)
        self._title, self._about, self._go_on, self._looking = title, about, go, looking
        self._ask = ask or title
        self._fields = tuple(fields)
        self._prepare = prepare
        self._ended: Prepared | None = None
        self._typed: MutableMapping[str, str] = {} if typed is None else typed

    def compose(self) -> ComposeResult:
        """Title, a line each, what is wrong, keys."""
        with Vertical(classes="dialog"):
            yield Static(Text(self._title), classes="title")
            if self._about:
                yield Static(Text(self._about), classes="about")
            with VerticalScroll(can_focus=False):
                for field in self._fields:
                    with Horizontal(classes="row"):
                        yield Static(Text(field.label))
                        yield self._line(field)
                    yield Static(classes="note", id=f"note-{field.name}")
            yield Static(id="fault")
            has_path = any(field.kind == "path" for field in self._fields)
            yield Hints(
                (f"enter {self._go_on}", "enter"),
                ("esc cancel", "escape"),
                ("tab completes a path" if has_path else "", ""),
                ("↑↓ move" if len(self._fields) > 1 else "", ""),
            )

    def _line(self, field: Field) -> Widget:
        value, name = self._typed.get(field.name, field.value), f"field-{field.name}"
        if field.choices:
            return Pick(field.choices, value, field.hint, id=name)
        if field.kind == "path":
            return PathInput(
                value, endings=field.endings, placeholder=field.hint, id=name, compact=True, select_on_focus=False
            )
        return Line(value, placeholder=field.hint, id=name, compact=True, select_on_focus=False)

    def on_answered(self, message: Answered) -> None:
        """An answer has come."""
        self.loader.answered(message)

    def action_help(self) -> None:
        """What it is for, what goes into each line, and the words of the field that stand there."""
        lines = map(_explained, self._fields)
        guide = "\n\n".join(filter(None, (self._about, *lines)))
        terms = terms_in(f"{self._title} {guide}")
        self.app.push_screen(Read(f"{self._title} – help", help_text(self, guide, terms, self._faint)))

    def values(self) -> dict[str, str]:
        """What stands in the fields now."""
        lines = ((field.name, self.query_one(f"#field-{field.name}")) for field in self._fields)
        return {name: line.value for name, line in lines if isinstance(line, Input | Pick)}

    def on_path_input_possible(self, message: PathInput.Possible) -> None:
        """Say what a path may go on with."""
        names = message.names[:_NAMES]
        more = f"  … {len(message.names) - _NAMES} more" if len(message.names) > _NAMES else ""
        name = (message.line.id or "").removeprefix("field-")
        self._note(name, Text("  ".join(one_line(each, 60) for each in names) + more, self._faint))

    @property
    def _faint(self) -> str:
        return self.app.theme_variables["chance"]

    def on_input_submitted(self) -> None:
        """Enter in a line."""
        self.action_submit()

    def action_submit(self) -> None:
        """Prepare what was asked for."""
        values = self.values()
        self._typed.update(values)
        for field in self._fields:
            self._note(field.name, Text())
        self._say(Text(self._looking, self._faint))

        def prepared(answer: Prepared) -> None:
            self._say(Text())
            # Whoever has typed on meanwhile means something else by now.
            if self.values() == values:
                self._prepared(answer)

        self.loader.load("form", lambda: self._prepare(Typed(values)), prepared, self._failed)

    def _prepared(self, prepared: Prepared) -> None:
        if prepared.question:
            question = Confirm(self._ask, prepared.question)
            self.app.push_screen(question, lambda sure: self._go(prepared) if sure else None)
        else:
            self._go(prepared)

    def _go(self, prepared: Prepared) -> None:
        if prepared.act is None:
            self._end(prepared)
            return
        self._say(Text("working…", self._faint))

        def acted(said: str) -> None:
            self._end(replace(prepared, said=said))

        self.loader.load("form", prepared.act, acted, self._failed)

    def _end(self, prepared: Prepared) -> None:
        """Close, once nothing stands above any more: Textual would close that instead."""
        if self.is_active:
            self.dismiss(prepared)
        else:
            self._ended = prepared

    def on_screen_resume(self) -> None:
        """What stood above has closed."""
        if self._ended is not None:
            self.dismiss(self._ended)
            self._ended = None

    def _failed(self, error: RudeError) -> None:
        self._say(Text())
        words = Text(f"✗ {plain(error.what)}", self.app.theme_variables["bad"])
        if error.fix:
            words.append(f"\n→ {plain(error.fix)}", "default")
        if name := field_of(error, self.values()):
            self._note(name, words)
            self.query_one(f"#field-{name}").focus()
        else:
            self._say(Text(f"{plain(error.where)}\n" if error.where else "").append_text(words))

    def _note(self, name: str, words: Text) -> None:
        self._show(f"#note-{name}", words)

    def _say(self, words: Text) -> None:
        self._show("#fault", words)

    def _show(self, where: str, words: Text) -> None:
        line: Any = self.query_one(where, Static)
        line.update(words)
        line.set_class(bool(words), "-said")

    def action_give_up(self) -> None:
        """Close; what was typed stays for the next time."""
        self._typed.update(self.values())
        self.dismiss(None)


def _explained(field: Field) -> str:
    """A line of the help: what goes into the field, and what there is to choose from."""
    return f"{field.label.strip()}: " + " – ".join(filter(None, (" · ".join(field.choices), field.hint)))
