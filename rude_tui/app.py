"""The app: six screens over one session, settings kept, and a clean way out."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.text import Text
from textual import events
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.notifications import Notification, Notify
from textual.screen import ModalScreen, Screen
from textual.signal import Signal
from textual.widgets import Input, TextArea

from engine.jobs.cancelling import heeded
from rubrics.counted import count
from rubrics.errors import RudeError
from rude_tui.clipboard import copied_words, give_to_clipboard
from rude_tui.heap import one_heap
from rude_tui.idle_collector import IdleCollector
from rude_tui.keymap import present_names, trouble
from rude_tui.palette import commands
from rude_tui.places import MODES
from rude_tui.reading_ahead import load_answers, load_modules
from rude_tui.settings import Settings, save_setting, settings_file
from rude_tui.terminal import has_closed
from rude_tui.themes import DEFAULT, THEMES
from screens.first_steps.steps import begin_if_new, first_steps
from screens.run.leaving import Leave, Leaving
from screens.run.queue import nothing_scored
from screens.run.runner import Runner
from screens.shell.dialogs import Read
from screens.shell.live import Live
from screens.shell.navigation import PLACES
from screens.shell.place import Place
from screens.shell.plain import plain
from screens.shell.session import Session
from screens.shell.textual_privates import CachedStylesheet, QuietApp, style_once

if TYPE_CHECKING:
    from engine.construct.request import ConstructRequest
    from engine.jobs.job import Job
    from screens.run.runner import Came

__all__ = ["RudeApp"]

_log = logging.getLogger(__name__)
_writing = threading.Lock()
_SWITCHING: Final = 0.001
"""Seconds after which a thread that draws gives way to one that reads. By default it is five times as long, and a
reader waits for it at every call of the database: a search took half as long again."""
_LOOK: Final = 1.0
"""Seconds between two looks at whether the terminal is still there."""
_QUIET: Final = 1.0
"""Seconds without a key or the mouse after which the app reads ahead."""


class LiveChanged(Message, bubble=False):
    """The newest state of the runs; one still unread gives way to it, so that a fast run never floods the screen."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self.live = live

    def can_replace(self, message: Message) -> bool:
        """Any later one will do."""
        return isinstance(message, LiveChanged)


def _read_construction(options: Sequence[str]) -> ConstructRequest:
    """Options typed into the form, read as the command reads its own."""
    from rude_tui.commands.construct import typed_request

    return typed_request(options)


class RudeApp(QuietApp):
    """`rude-tui` without a command."""

    TITLE = "rude-tui"
    ENABLE_COMMAND_PALETTE = True
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {**MODES}
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (72, "-narrow"), (120, "-wide")]  # noqa: RUF012 - Textual's declaration
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-short"), (36, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number), f"go('{mode}')", title, show=False, id=f"go-{mode}", tooltip=f"go to {title}")
            for number, (mode, title) in enumerate(PLACES.items(), start=1)
        ),
        Binding("q", "leave", "quit", tooltip="quit; a run going on is stopped after a question", id="quit"),
        Binding("ctrl+q", "leave", "quit", show=False, priority=True, system=True),
        Binding("ctrl+z", "suspend", "suspend", show=False, priority=True, system=True),
        Binding("colon", "sql", "SQL", show=False, tooltip="ask the database in SQL, read-only", id="sql"),
        Binding("ctrl+c", "copy_or_leave", "copy or quit", show=False, priority=True, system=True),
        Binding(
            "f9", "do", "do", show=False, key_display="F9", id="do", tooltip="add outcomes, measure, import, report …"
        ),
        Binding(
            "x",
            "take_away",
            "take away",
            show=False,
            id="export",
            tooltip="table, picture and text into a folder, with how they were made",
        ),
        Binding("ctrl+t", "next_theme", "theme", show=False, tooltip="next theme: dark, light, contrast", id="theme"),
    ]
    CSS = """
    DataTable > .datatable--header { background: $surface; color: $text-muted; text-style: none; }
    DataTable:focus > .datatable--header { color: $foreground; text-style: bold; }
    DataTable > .datatable--cursor { text-style: none; background: $block-cursor-blurred-background;
                                     color: $foreground; }
    DataTable:focus > .datatable--cursor { text-style: bold; background: $block-cursor-background;
                                           color: $block-cursor-foreground; }
    Input > .input--placeholder, Input > .input--suggestion { color: $text-muted; }
    VerticalScroll, Tree, DataTable, OptionList { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
    """

    def __init__(
        self, session: Session, settings: Settings, *, start_screen: str = "rankings", welcome: bool = False
    ) -> None:
        """Args:
        welcome: whether to offer the first steps where nobody has begun anything.
        """
        super().__init__()
        self._welcome = welcome
        self.goes_on = False
        """Whether the work is to go on in a process of its own once the app has closed."""
        self.stylesheet = CachedStylesheet(variables=self.get_css_variables())
        self.session = session
        self.session.remember = self.remember
        self.session.read_construction = _read_construction
        self._start = start_screen if start_screen in PLACES else "rankings"
        self._settings = settings
        self._switching = sys.getswitchinterval()
        self._collector = IdleCollector()
        self.live = Live()
        self.live_signal: Signal[Live] = Signal(self, "live")
        self.runner = Runner(lambda live: self._post(LiveChanged(live)))
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = settings.theme if settings.theme in self.available_themes else DEFAULT
        if settings.keys:
            self.set_keymap(present_names(settings.keys))

    def _post(self, message: Message) -> None:
        try:
            self.post_message(message)
        except RuntimeError:
            _log.debug("the app has closed; nobody sees %r", message)

    def get_screen(self, screen: Any, screen_class: Any = None) -> Any:
        """A screen by itself or by name; one that opens now is styled as it opens, not twice more."""
        opened = super().get_screen(screen, screen_class)
        style_once(opened, self)
        return opened

    async def on_mount(self) -> None:
        """Open the first screen."""
        self.theme_changed_signal.subscribe(self, lambda theme: self.remember("theme", theme.name))
        # Back from the shell the terminal is blank, and Textual draws only what has changed meanwhile.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        one_heap()
        self._collector.start()
        self.set_interval(1.0, self._collector.collect_if_idle)
        sys.setswitchinterval(_SWITCHING)
        self._heed_signals()
        await self.switch_mode(self._start)
        if self._welcome and isinstance(self.screen, Place):
            begin_if_new(self.screen, self.action_plan_marked)
        # Waited for on the way out, as all that reads is: cut off inside native code it would end in a crash.
        self.set_timer(0.5, threading.Thread(target=self._look_ahead, name="preload", daemon=False).start)

    def _heed_signals(self) -> None:
        """Told to end, by the system or by a terminal that closes, leave as a person would who is sure."""
        if self.is_headless or sys.platform == "win32":
            return
        loop = asyncio.get_running_loop()
        for number in heeded():
            loop.add_signal_handler(number, self._told_to_end, number)
        if os.isatty(0):
            # Whoever ignores the signal, as under `nohup`, is left without keys and a screen all the same.
            self.set_interval(_LOOK, lambda: self._told_to_end(signal.SIGHUP) if has_closed() else None)

    def _told_to_end(self, number: signal.Signals) -> None:
        self.runner.cancel()
        self.exit(128 + number)

    def on_unmount(self) -> None:
        """Leave the process as it was."""
        self._collector.stop()
        sys.setswitchinterval(self._switching)

    async def on_event(self, event: events.Event) -> None:
        """Notice when keys and mouse are used."""
        if isinstance(event, events.InputEvent):
            self._collector.touched()
        if isinstance(event, events.Paste) and isinstance(self.focused, Input):
            event = self._on_one_line(event)
        await super().on_event(event)

    def _on_one_line(self, event: events.Paste) -> events.Paste:
        """Lines pasted into a field of one line are joined: by itself it would keep the first, and say nothing."""
        lines = [line.strip() for line in event.text.splitlines() if line.strip()]
        if len(lines) < 2:
            return events.Paste("".join(lines)) if lines else event
        self.notify(f"{count(len(lines), 'line')} joined into one", timeout=3, markup=False)
        return events.Paste(" ".join(lines))

    def _look_ahead(self) -> None:
        load_modules()
        if wrong := trouble(present_names(self._settings.keys), RudeApp):
            words = plain("settings.toml, [keys]:\n" + "\n".join(wrong))
            _log.warning("%s", words)
            self._post(Notify(Notification(words, severity="warning", timeout=15, markup=False)))
        load_answers(self.session, self._nobody_waits)

    def _nobody_waits(self) -> bool:
        while self.is_running and self._collector.idle < _QUIET:
            time.sleep(_QUIET / 10)
        return self.is_running

    def on_live_changed(self, message: LiveChanged) -> None:
        """Tell every screen that follows the runs."""
        self.live = message.live
        self.live_signal.publish(message.live)
        # Told once, at the end: of a run that fails at once it may be all that is heard.
        if not message.live.running:
            self._say_end(message.live)

    def _say_end(self, live: Live) -> None:
        bad = [str(state.phase) for state in live.states if state.phase in ("failed", "refused")]
        if live.error or bad:
            said = f"{len(bad)} of {count(len(live.states), 'run')} {' or '.join(sorted(set(bad)))}; 2 and ; say why"
            reason = live.error.splitlines()[0] if live.error else said
            self.notify(plain(reason), title=f"{live.title} ended", severity="error", markup=False)
        elif any(state.phase == "cancelled" for state in live.states):
            self.notify("What was done is kept; starting again resumes.", title="Stopped", markup=False)
        elif nothing_scored(live):
            said = "None of these pairs can be scored; 2 and ] say why."
            self.notify(said, title=f"{live.title} ended", severity="warning", markup=False)
        elif not live.came:
            there = self.current_mode == "rankings"
            said = "The rankings have it." if there else "Press 3 for the rankings."
            self.notify(said, title=f"{live.title} is done", markup=False)
        if live.came and isinstance(self.screen, ModalScreen):
            # Nobody is interrupted who is typing; the log has it too.
            self.notify("2 and ] show what came of it.", title=f"{live.title} is done", markup=False)
        elif live.came:
            self.push_screen(Read(live.title, Text(plain(live.came), overflow="fold")))
        # Whatever is open reads again what the runs have changed.
        resumed = getattr(self.screen, "on_screen_resume", None)
        if resumed is not None:
            self.call_later(resumed)

    async def action_go(self, mode: str) -> None:
        """Go to one of the six screens, from wherever in it one was."""
        if mode == self.current_mode:
            while len(self.screen_stack) > 1:
                self.pop_screen()
        else:
            self.remember("place", mode)
        await self.switch_mode(mode)

    async def action_set_up(self) -> None:
        """Go to the Run screen to set up what was marked, whichever of its tabs was left open."""
        await self.action_go("run")
        await self.screen.run_action("screen.pane('setup')")

    def action_first_steps(self) -> None:
        """From a folder of models to a planned run."""
        first_steps(self, self.session, self.action_plan_marked)

    async def action_plan_marked(self) -> None:
        """Go to the Run screen and say what it would take to score what is marked."""
        await self.action_set_up()
        await self.screen.run_action("screen.plan")

    def action_do(self, name: str = "") -> None:
        """Fill in a form and have it done: the one named, or one to choose."""
        from screens.tasks.catalogue import TASKS
        from screens.tasks.opening import choose_task, open_task

        if name:
            open_task(self, TASKS[name])
        else:
            choose_task(self)

    def work(self, title: str, job: Job, came: Came | None = None) -> None:
        """Do long work where runs are done, and show it there.

        Args:
            title: what is done, in a few words.
            came: says what came of it, once it has ended.
        """

        async def begin() -> None:
            await self.action_go("run")
            if isinstance(self.screen, RunScreen):
                self.screen.begin(job, title=title, came=came)

        from screens.run.screen import RunScreen

        self.call_later(begin)

    def action_sql(self) -> None:
        """Open the console."""
        from screens.sql.screen import SqlScreen

        if isinstance(self.screen, Place):
            self.push_screen(SqlScreen())

    def action_suspend(self) -> None:
        """Give the terminal back to the shell until `fg`; in a text that is edited, take back what was typed."""
        if isinstance(self.focused, TextArea):
            self.focused.undo()
        else:
            self.action_suspend_process()

    def copy_to_clipboard(self, text: str) -> None:
        """Give a text to the clipboard by whatever tells whether it took it, and to the terminal, which does not."""
        super().copy_to_clipboard(text)
        if self.is_headless:
            return

        def copy() -> None:
            # In a browser the machine's own clipboard would be somebody else's.
            taken = "" if self.is_web else give_to_clipboard(text)
            self._post(Notify(Notification(copied_words(taken), timeout=2 if taken else 5, markup=False)))

        threading.Thread(target=copy, name="clipboard", daemon=True).start()

    def action_take_away(self) -> None:
        """Take away what a screen shows that has no table of its own."""
        from screens.shell.export_dialogs import screen_dialog

        if isinstance(self.screen, Place):
            screen_dialog(self.screen)

    def action_next_theme(self) -> None:
        """Dark, light, high contrast, and round again."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def action_copy_or_leave(self) -> None:
        """Copy what is selected, as ctrl+c does everywhere; with nothing selected, leave."""
        typed = self.focused.selected_text if isinstance(self.focused, Input) else ""
        if selected := typed or self.screen.get_selected_text():
            self.copy_to_clipboard(selected)
            self.screen.clear_selection()
            self.notify("ctrl+c again quits", timeout=2, markup=False)
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Quit; while work goes on, ask first what is to become of it."""
        if not self.runner.running:
            self.exit(0)
        elif isinstance(self.screen, Leave):
            self._leave("stop")
        else:
            self.push_screen(Leave(may_go_on=self.runner.may_go_on), self._leave)

    def _leave(self, answer: Leaving | None) -> None:
        if answer in ("stop", "go on"):
            self.goes_on = answer == "go on"
            self.runner.cancel()
            self.exit(0 if self.goes_on else 130)

    def remember(self, name: str, value: Any) -> None:
        """Keep a setting for next time, in a thread; trouble is said once and never stops anything."""

        file = settings_file()

        def write() -> None:
            try:
                with _writing:
                    save_setting(name, value, file)
            except RudeError as error:
                _log.warning("%s", error)

        threading.Thread(target=write, name="settings", daemon=False).start()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers."""
        return commands(self, screen)
