"""Choose what to score, see the plan, start it, watch it, pause or stop it; and what was scored before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, cast

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import TabbedContent, TabPane

from screens.run.decided import decided_text
from screens.run.jobs import make_plan, take_up
from screens.run.live import LivePane
from screens.run.planned import PlanPane
from screens.run.queue import stopped
from screens.run.setup import SetupPane
from screens.run.stored import StoredPane
from screens.run.taken import live_table, plan_table, stored_table
from screens.shell.forgetting import FORGET, forget_dialog
from screens.shell.live import Live
from screens.shell.place import Place
from screens.shell.taking_over import ask_take_over

if TYPE_CHECKING:
    from engine.export.tables import Table
    from engine.jobs.job import Job
    from engine.jobs.so_far import SoFar
    from engine.results.database import LeftOver
    from screens.run.runner import Came, Runner

__all__ = ["RunScreen"]

_ASKED: Final = 1.0
"""Seconds between two thoughts of asking what is decided."""
_REST: Final = (4.0, 20)
"""What is decided is not asked again for so many seconds, nor for so many times as long as the last answer took."""


class _RunningShell(Protocol):
    runner: Runner


class RunScreen(Place):
    """The work itself."""

    MODE = "run"
    TITLE = "Run"
    GUIDE = """
Set up: candidates × suites × protocols. Q plans: which runs, at which precision and why, how many pairs are left, the
tokens of all requests (shared beginnings counted each time), and how long scoring takes at the speed of earlier runs
of the same candidate, precision and protocol on this machine; where there are none, nothing is guessed. s starts what
is marked, planned or not.
Running the same again scores only what is missing. ╰ marks a control. until makes it a race, which stops early.

Live: a row for each run with its accuracy so far and where that will end (95 %), which narrows as verdicts come; at
the top, how long the whole queue will take. Rankings follow the race. Each candidate is in a process of its own, one
at a time or several side by side, as memory allows: ( chooses; auto is one a GPU. One that fails does not disturb the
others. z pauses them after the batch at hand and keeps models loaded; Z stops them, what is scored is kept; R takes it
up again.

accuracy: the headline metric over the pairs scored so far, a fair sample of the whole. ░ is the 95 % interval for
where this run will end, by a bound that holds however often one looks (time-uniform Hoeffding, prompts drawn without
replacement), so it closes when all pairs are scored. How other pairs like these would turn out is for the Rankings to
say. ┄ is the chance level.

✓ settled: who is best on the suite will not change any more, by the test that a race stops by (Waudby-Smith & Ramdas
2024), and the verdict takes it at the level that is left to a look at a part (O'Brien & Fleming 1979). Both hold
however often one looks. Z then stops, and Rankings keep the decision. A bare lead settles nothing.

Stored: every run of this database with its state and, where it stopped, the reason and the way out. R takes one up. D
forgets one, its model or its suite, after a question, or brings back what was forgotten, for seven days. Post-training
is among them, with steps for pairs. What another process is at moves on as it goes, and Z stops it: so does work that
was left going on in the background on the way out of the app.
"""
    TERMS = (
        "run", "protocol", "choice", "likelihood", "precision", "control", "race", "headline metric", "chance level",
    )  # fmt: skip
    FIRST_KEYS = ("plan", "start", "pause", "go_on", "cancel", "resume")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "pane('setup')", "set up", id="pane-setup"),
        Binding("right_square_bracket", "pane('live')", "live", id="pane-live"),
        Binding("semicolon", "pane('stored')", "stored", id="pane-stored"),
        Binding("Q", "plan", "plan", tooltip="what would run, how long it takes, what is left", id="plan"),
        Binding("s", "start", "start", tooltip="start what is marked, or planned", id="start"),
        Binding("z", "pause", "pause", tooltip="pause after the batch at hand; the model stays loaded", id="pause"),
        Binding("z", "go_on", "go on", tooltip="go on after a pause", id="pause"),
        Binding("Z", "cancel", "stop", tooltip="stop scoring; what is scored is kept", id="stop"),
        Binding("R", "resume", "resume", tooltip="take up what stopped", id="resume"),
        replace(FORGET, show=True),
        Binding("y", "copy", "copy", tooltip="copy the log, or all about the run under the cursor", id="copy"),
        Binding(
            "minus,circumflex_accent",
            "precision",
            "precision",
            key_display="-",
            tooltip="next precision: auto, fp32, bf16, int8, nf4",
            id="precision",
        ),
        Binding("a", "suite", "add suite", tooltip="add a suite file", id="add-suite"),
        Binding("number_sign", "limit", "pairs", tooltip="score only the first N pairs of each suite", id="limit"),
        Binding("t", "tokens", "tokens", tooltip="keep token scores of likelihood runs", id="token-scores"),
        Binding("F", "controls", "controls", tooltip="also a sample without the prompt, or a wrong one", id="controls"),
        Binding(
            "exclamation_mark",
            "goal",
            "until",
            tooltip="stop once the best candidate, or the order, is decided",
            id="until",
        ),
        Binding(
            "left_parenthesis",
            "workers",
            "workers",
            key_display="(",
            tooltip="candidates scored side by side: auto, 1, 2, 4",
            id="workers",
        ),
        Binding(
            "comma",
            "options",
            "options",
            key_display=",",
            tooltip="shots, rubric, seed, alpha, device, cluster",
            id="run-options",
        ),
    ]
    _left: LeftOver | None = None
    """What was asked for last and has not come to its end, where nobody is at it."""
    DEFAULT_CSS = """
    RunScreen TabbedContent { height: 1fr; }
    RunScreen TabPane { padding: 0; height: 1fr; }
    RunScreen ContentSwitcher { height: 1fr; }
    RunScreen.-tall #about { height: 12; }
    RunScreen.-short Tabs, RunScreen.-low Tabs { height: 1; }
    RunScreen.-short Underline, RunScreen.-low Underline { display: none; }
    RunScreen Tab { color: $text-muted; }
    RunScreen Tab.-active, RunScreen Tab:hover { color: $foreground; }
    RunScreen.-short Tab.-active, RunScreen.-low Tab.-active { text-style: bold reverse; }
    RunScreen.-low #about { height: 3; }
    RunScreen.-low #charts { display: none; }
    RunScreen.-slim SetupPane { layout: vertical; }
    RunScreen.-slim SetupPane #chosen { width: 1fr; height: 3fr; border-right: none; border-bottom: solid $panel; }
    RunScreen.-slim SetupPane PlanPane { height: 2fr; }
    RunScreen.-slim SetupPane PlanPane:focus-within { height: 6fr; }
    RunScreen.-low PlanPane #advice { max-height: 2; }
    """

    def body(self) -> Iterable[Widget]:
        """Three panes."""
        with TabbedContent(initial="setup"):
            with TabPane("Set up", id="setup"):
                yield SetupPane()
            with TabPane("Live", id="live"):
                yield LivePane()
            with TabPane("Stored", id="stored"):
                yield StoredPane()

    @property
    def runner(self) -> Runner:
        """Who does the work."""
        return cast(_RunningShell, self.app).runner

    @property
    def pane(self) -> str:
        """Which of the three is open."""
        return self.query_one(TabbedContent).active if self.is_mounted else "setup"

    def on_mount(self) -> None:
        """Show how it stands."""
        self._asks_again = 0.0
        self.set_interval(_ASKED, self._ask_decided)
        self.query_one(LivePane).show(self.shell.live)
        self.query_one(StoredPane).read(self)
        self.query_one(SetupPane).read(self)
        if self.runner.running:
            self.action_pane("live")
        else:
            self.query_one(SetupPane).take_focus()

    def on_screen_resume(self) -> None:
        """Marks and stored runs may have changed elsewhere."""
        self.query_one(SetupPane).read(self)
        self.query_one(StoredPane).read(self)

    def _ask_decided(self) -> None:
        plan, now = self.runner.plan, time.monotonic()
        if plan is None or not self.runner.running:
            self.query_one(LivePane).show_decided(Text())
            return
        if now < self._asks_again or not self.is_current:
            return
        self._asks_again = float("inf")
        store, states = self.session.store, self.shell.live.states

        def ask() -> tuple[SoFar, ...]:
            from engine.jobs.so_far import so_far

            return so_far(store, plan, states)

        def rest() -> None:
            ended = time.monotonic()
            self._asks_again = ended + max(_REST[0], _REST[1] * (ended - now))

        def arrived(found: tuple[SoFar, ...]) -> None:
            rest()
            if self.runner.running:
                text = decided_text(found, self.shell.live.states, plan.workers, self.colour)
                self.query_one(LivePane).show_decided(text)

        # What cannot be looked at is left unsaid: the run goes on, and tells of its own troubles.
        self.load("decided", ask, arrived, lambda error: rest())

    def follow(self, live: Live) -> None:
        """New state of the runs."""
        super().follow(live)
        self.query_one(LivePane).show(live)
        self.refresh_bindings()

    def on_stored_pane_looked(self, message: StoredPane.Looked) -> None:
        """What goes on elsewhere is said where nothing does here."""
        self._left = None if message.elsewhere else message.left
        self.query_one(LivePane).show_elsewhere(message.elsewhere, message.left)
        self.refresh_bindings()

    def repaint(self) -> None:
        """Draw all three again."""
        self.query_one(LivePane).redraw()
        self.query_one(StoredPane).repaint()
        self.query_one(SetupPane).repaint()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are shown where they do something."""
        pane = self.pane
        if action in (
            "plan",
            "start",
            "precision",
            "suite",
            "limit",
            "tokens",
            "controls",
            "workers",
            "goal",
            "options",
        ):
            return pane == "setup"
        if action == "cancel" and pane == "stored":
            return self.query_one(StoredPane).stoppable
        if action in ("pause", "go_on", "cancel"):
            going = pane == "live" and self.runner.running
            return going and (action == "cancel" or (action == "go_on") is self.runner.paused)
        if action == "resume":
            if pane == "stored":
                return self.query_one(StoredPane).resumable
            live = self.shell.live
            return pane == "live" and not live.running and (stopped(live) if live.states else self._left is not None)
        if action == "forget":
            return pane == "stored"
        if action == "copy":
            return pane != "setup"
        if action == "pane":
            return parameters != (pane,)
        return True

    def action_pane(self, name: str) -> None:
        """Go to one of the three panes."""
        self.query_one(TabbedContent).active = name

    def on_tabbed_content_tab_activated(self, event: TabbedContent.TabActivated) -> None:
        """The pane that opens takes the keys."""
        panes: dict[str, Any] = {"setup": SetupPane, "live": LivePane, "stored": StoredPane}
        if event.pane.id == self.pane:
            # Another one may be open by now; what is focused in one that is not open would open it again.
            self.query_one(panes[self.pane]).take_focus()
        self.refresh_bindings()

    def action_plan(self) -> None:
        """Show what would be done."""
        self.query_one(SetupPane).make_plan(self)

    def action_start(self) -> None:
        """Start what is planned; where nothing is, what is marked."""
        pane = self.query_one(SetupPane)
        if pane.planned is None:
            pane.make_plan(self, self.begin)
        else:
            self.begin(pane.planned)

    def begin(self, job: Job, *, title: str = "Scoring", came: Came | None = None) -> None:
        """Start what is planned and show it going.

        Args:
            title: what is done, in a few words.
            came: see `Runner.start`.
        """
        if self.runner.running:
            self.notify("Scoring goes on already; ] shows it", markup=False)
            return
        if came is None and all(state.phase.ended for state in job.states):
            self.notify("Everything in this plan is scored already; 3 shows the rankings", markup=False)
            return

        def go(take_over: bool) -> None:
            self.query_one(SetupPane).forget()
            self.runner.start(self.session.store, job, take_over=take_over, title=title, came=came)
            self.action_pane("live")

        ask_take_over(self, job.left_elsewhere, go)

    def action_pause(self) -> None:
        """Wait once the batch at hand is done."""
        self.runner.toggle_pause()

    def action_go_on(self) -> None:
        """Go on after a pause."""
        self.runner.toggle_pause()

    def action_cancel(self) -> None:
        """Stop what goes on here, or in the process that is at work on the stored run under the cursor."""
        if self.pane == "stored":
            self.query_one(StoredPane).stop(self)
        else:
            self.runner.cancel()

    def action_resume(self) -> None:
        """Take up the stored run under the cursor, or all of the queue that stopped."""
        if self.runner.running:
            self.notify("Scoring goes on already; ] shows it", markup=False)
        elif self.pane == "stored":
            self.query_one(StoredPane).resume(self, self.begin)
        elif self.runner.request is not None:
            request, store = self.runner.request, self.session.store
            self.load("plan", lambda: make_plan(store, request), self.begin)
        elif (left := self._left) is not None:
            self.load("plan", lambda: take_up(self.session.store, left), self.begin)

    def action_forget(self) -> None:
        """Forget the stored run under the cursor, its model or its suite; or bring something back."""
        from engine.annotations.forgetting import subjects_of

        pane = self.query_one(StoredPane)
        run = pane.current
        forget_dialog(self, lambda: subjects_of(run) if run else [], lambda: pane.read(self))

    def action_copy(self) -> None:
        """Copy the log, or what is known of the stored run under the cursor."""
        self.copy(self.query_one(StoredPane).about if self.pane == "stored" else "\n".join(self.shell.live.log))

    def shown_table(self) -> tuple[str, Callable[[], Table]] | None:
        """The plan, the queue or what is stored, by the pane that is open."""
        plan, live, runs = self.query_one(PlanPane).expected, self.shell.live, self.query_one(StoredPane).runs
        tables: dict[str, tuple[object, Callable[[], Table]]] = {
            "setup": (plan, lambda: plan_table(plan)),
            "live": (live.states, lambda: live_table(live)),
            "stored": (runs, lambda: stored_table(runs)),
        }
        shown, rows = tables[self.pane]
        return (f"run {self.pane}", rows) if shown else None

    def action_precision(self) -> None:
        """The next precision."""
        self.query_one(SetupPane).next_precision()

    def action_tokens(self) -> None:
        """Keep token scores, or not."""
        self.query_one(SetupPane).toggle_tokens()

    def action_controls(self) -> None:
        """Score controls too, or not."""
        self.query_one(SetupPane).toggle_controls()

    def action_workers(self) -> None:
        """More or fewer side by side."""
        self.query_one(SetupPane).next_workers()

    def action_goal(self) -> None:
        """Score everything, or until something is decided."""
        self.query_one(SetupPane).next_goal()

    def action_options(self) -> None:
        """Choose shots, rubric, seed, alpha, device and cluster."""
        self.query_one(SetupPane).ask_options(self)

    def action_suite(self) -> None:
        """Add a suite file."""
        self.query_one(SetupPane).add_suite(self)

    def action_limit(self) -> None:
        """Score only some pairs."""
        self.query_one(SetupPane).ask_limit(self)
