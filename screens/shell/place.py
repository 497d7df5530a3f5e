"""What all screens have in common: the line on top, the footer, loading, errors, help."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.signal import Signal
from textual.widget import Widget
from textual.widgets import Static

from rubrics.errors import RudeError
from screens.shell.dialogs import Read, error_dialog
from screens.shell.help import help_text
from screens.shell.jump import Jump, targets_on
from screens.shell.keys import Keys
from screens.shell.live import Live
from screens.shell.loading import Answered, Loader
from screens.shell.navigation import Navigation
from screens.shell.session import Session
from screens.widgets.line_list import LineList
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.export.tables import Table

__all__ = ["Place", "Shell"]


class Shell(Protocol):
    """What a screen needs of the app around it."""

    session: Session
    live_signal: Signal[Live]
    live: Live


class Place(Screen[None]):
    """One of the six screens, or one opened from them."""

    MODE: ClassVar[str] = ""
    """Its name among the places; that of the one place it can be opened from otherwise."""
    GUIDE: ClassVar[str] = ""
    """What F1 says: what is shown, how the numbers are made."""
    TERMS: ClassVar[tuple[str, ...]] = ()
    """The terms that are shown, in the order in which F1 explains them by the glossary."""
    FIRST_KEYS: ClassVar[tuple[str, ...]] = ()
    """Actions whose keys come first on the bottom line, where room is short."""
    WITHOUT: ClassVar[frozenset[str]] = frozenset({"help", "back", "again", "jump"})
    """Actions that have something to do even where there is nothing to show."""
    ALLOW_IN_MAXIMIZED_VIEW = "Keys, Heading"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "help", "help", key_display="F1", id="help"),
        Binding("apostrophe,f8", "jump", "jump", show=False, tooltip="a letter on each thing to go to", id="jump"),
        Binding("f10", "maximise", "maximise", show=False, tooltip="this pane alone, or all again", id="maximise"),
    ]
    DEFAULT_CSS = """
    Place > #empty { padding: 1 2; height: 1fr; display: none; }
    Place.-empty > #empty { display: block; }
    Place .-maximized { width: 1fr !important; height: 1fr !important; max-width: 100% !important; border: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.loader = Loader(self)
        self._session: Session | None = None

    @property
    def shell(self) -> Shell:
        """The app, as far as screens know it."""
        return cast(Shell, self.app)

    @property
    def session(self) -> Session:
        """What all screens share; to be had from a thread too, and after the screen has closed."""
        if self._session is None:
            self._session = self.shell.session
        return self._session

    @property
    def here(self) -> str:
        """Its name among the places, or that of the place it was opened from."""
        return self.MODE

    @property
    def wide(self) -> bool:
        """Room for two things side by side."""
        return self.size.width >= 120

    def colour(self, name: str) -> str:
        """A colour of the current theme by its variable's name."""
        return self.app.theme_variables[name]

    def compose(self) -> ComposeResult:
        """The line on top, the screen's own, the footer."""
        yield Navigation(self.here)
        yield from self.body()
        yield Static(id="empty")
        yield Keys()

    def body(self) -> Iterable[Widget]:
        """The screen's own widgets."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Follow the runs."""
        self.shell.live_signal.subscribe(self, self.follow)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.repaint())
        self.query_one(Navigation).show(self.shell.live)

    def on_unmount(self) -> None:
        """Follow no longer: a signal keeps whoever follows it, with all that was drawn, until it is next published."""
        for signal in (self.shell.live_signal, self.app.theme_changed_signal):
            signal.unsubscribe(self)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are offered where there is something they act on."""
        if action == "maximise" and self.focused is None and self.maximized is None:
            return False
        return not self.has_class("-empty") or action in self.WITHOUT

    def nothing(self, text: Text) -> None:
        """Say, in place of what the screen shows, why there is nothing and what to do."""
        self.add_class("-empty")
        self.query_one("#empty", Static).update(text)
        # Lists are drawn until they are hidden, and what they show may be gone already.
        for lines in self.query(LineList):
            lines.clear()
        self.set_focus(None)
        self.refresh_bindings()

    def something(self) -> None:
        """There is something to show."""
        self.remove_class("-empty")
        self.refresh_bindings()

    def follow(self, live: Live) -> None:
        """New state of the runs."""
        self.query_one(Navigation).show(live)

    def on_resize(self) -> None:
        """What is drawn depends on the width, and that of the parts is known only after the screen's."""
        self.call_after_refresh(self.repaint)

    def repaint(self) -> None:
        """Draw again what holds colours or depends on the width; called when the theme or the size changes."""

    def shown_table(self) -> tuple[str, Callable[[], Table]] | None:
        """What is shown as a table, with the name of its file, where a screen is a list and has no key of its own to
        take it away; called in a thread."""
        return None

    def load(
        self,
        slot: str,
        work: Callable[[], Any],
        then: Callable[[Any], None],
        failed: Callable[[RudeError], None] | None = None,
        same: Hashable = None,
    ) -> None:
        """Do work in a thread; see `Loader.load`. An error opens a dialog where no `failed` is given."""
        self.loader.load(slot, work, then, failed or self.show_error, same)

    def on_answered(self, message: Answered) -> None:
        """An answer has come."""
        self.loader.answered(message)

    def show_error(self, error: RudeError) -> None:
        """Say it in a dialog."""
        self.app.push_screen(error_dialog(error))

    def copy(self, text: str) -> None:
        """Copy what was selected with the mouse, else this."""
        self.app.copy_to_clipboard(self.get_selected_text() or text)

    def action_cards(self) -> None:
        """What two ladders of small models showed, in full; for screens that speak of them."""
        from screens.shell.document import cards

        self.app.push_screen(cards())

    def action_jump(self) -> None:
        """Put a letter on each thing that can be focused, and on each line of the list that is."""
        self.app.push_screen(Jump(targets_on(self)))

    def action_maximise(self) -> None:
        """Show what has the focus, or the pane it stands in, alone; again shows everything."""
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            # Whatever a widget says of itself: a person has asked for it. A list goes nowhere without its heading.
            pane = self.focused.parent
            headed = isinstance(pane, Widget) and any(
                isinstance(child, Heading) or child.has_class("heading") for child in pane.children
            )
            self.maximized = cast(Widget, pane) if headed and pane is not self else self.focused
        self.call_after_refresh(self.repaint)

    def key_of(self, action: str) -> str:
        """The key that does an action now, as it is shown; renamed keys as they were renamed."""
        bindings = (active.binding for active in self.active_bindings.values())
        found = next((binding for binding in bindings if binding.action == action), None)
        return self.app.get_key_display(found) if found is not None else ""

    def action_help(self) -> None:
        """Help for this screen and for the widget that has the focus."""
        body = help_text(self, self.GUIDE, self.TERMS, self.colour("chance"))
        self.app.push_screen(Read(f"{type(self).TITLE or 'Help'} – help", body))
