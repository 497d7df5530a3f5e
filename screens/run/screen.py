"""Choose what to score, see the plan, start it, watch it, stop it; and what was scored before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import TabbedContent, TabPane

from screens.place import Place
from screens.run.live import LivePane
from screens.run.setup import SetupPane
from screens.run.stored import StoredPane
from screens.session import Live

if TYPE_CHECKING:
    from screens.running import Runner

__all__ = ["RunScreen"]


class _RunningShell(Protocol):
    runner: Runner


class RunScreen(Place):
    """The work itself."""

    MODE = "run"
    TITLE = "Run"
    GUIDE = """
Set up: candidates × suites × protocols. p plans: which runs, at which precision and why, how many pairs are left. s
starts. Running the same again scores only what is missing.

Live: one candidate at a time, in a process of its own. “acc %” is what has been scored so far, a fair sample of the
whole. c stops; what is scored is kept.

Stored: every run of this database with its state and, where it failed, the reason. e takes up a run that stopped.

choice shows both responses behind two shots and compares the labels; likelihood compares log p(response | prompt).
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "pane('setup')", "set up", id="pane-setup"),
        Binding("l", "pane('live')", "live", id="pane-live"),
        Binding("h", "pane('stored')", "stored", id="pane-stored"),
        Binding("p", "plan", "plan", id="plan"),
        Binding("s", "start", "start", id="start"),
        Binding("c", "cancel", "stop", tooltip="stop scoring; what is scored is kept", id="stop"),
        Binding("e", "resume", "resume", tooltip="take up the stored run under the cursor", id="resume"),
        Binding("v", "precision", "precision", tooltip="next precision: auto, fp32, bf16, int8, nf4", id="precision"),
        Binding("a", "suite", "add suite", tooltip="add a suite file", id="add-suite"),
        Binding("n", "limit", "limit", tooltip="score only the first N pairs of each suite", id="limit"),
    ]
    DEFAULT_CSS = """
    RunScreen TabbedContent { height: 1fr; }
    RunScreen TabPane { padding: 0; height: 1fr; }
    RunScreen ContentSwitcher { height: 1fr; }
    RunScreen.-short Tabs { height: 1; }
    RunScreen.-short Underline { display: none; }
    RunScreen.-short Tab.-active { text-style: bold reverse; }
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

    def on_mount(self) -> None:
        """Show how it stands."""
        self.query_one(LivePane).show(self.shell.live, self.colour, wide=self.wide)
        self.query_one(StoredPane).read(self)
        self.query_one(SetupPane).read(self)
        if self.runner.running:
            self.action_pane("live")

    def on_screen_resume(self) -> None:
        """Marks and stored runs may have changed elsewhere."""
        self.query_one(SetupPane).refresh_marks()
        self.query_one(StoredPane).read(self)

    def follow(self, live: Live) -> None:
        """New state of the runs."""
        super().follow(live)
        self.query_one(LivePane).show(live, self.colour, wide=self.wide)
        self.refresh_bindings()

    def on_resize(self) -> None:
        """Columns depend on the width."""
        self.repaint()

    def repaint(self) -> None:
        """Draw all three again."""
        self.query_one(LivePane).show(self.shell.live, self.colour, wide=self.wide)
        self.query_one(StoredPane).repaint(self.colour, wide=self.wide)
        self.query_one(SetupPane).repaint()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are shown where they do something."""
        pane = self.query_one(TabbedContent).active if self.is_mounted else "setup"
        if action in ("plan", "start", "precision", "suite", "limit"):
            return pane == "setup"
        if action == "resume":
            return pane == "stored"
        if action == "cancel":
            return pane == "live" and self.runner.running
        if action == "pane":
            return parameters != (pane,)
        return True

    def action_pane(self, name: str) -> None:
        """Go to one of the three panes."""
        self.query_one(TabbedContent).active = name

    def on_tabbed_content_tab_activated(self, event: TabbedContent.TabActivated) -> None:
        """The pane that opens takes the keys."""
        panes: dict[str, Any] = {"setup": SetupPane, "live": LivePane, "stored": StoredPane}
        self.query_one(panes[event.pane.id or "setup"]).take_focus()
        self.refresh_bindings()

    def action_plan(self) -> None:
        """Show what would be done."""
        self.query_one(SetupPane).plan(self)

    def action_start(self) -> None:
        """Start what is planned; plan first where nothing is."""
        if self.runner.running:
            self.notify("Scoring goes on already; l shows it", markup=False)
            return
        pane = self.query_one(SetupPane)
        if pane.planned is None:
            pane.plan(self)
            return
        self.begin(pane.planned)
        pane.forget()

    def begin(self, plan: Any) -> None:
        """Start a plan and show it going."""
        if not any(run.left for run in plan.runs):
            self.notify("Everything in this plan is scored already; 3 shows the rankings", markup=False)
            return
        self.runner.start(self.session.store, plan)
        self.action_pane("live")

    def action_cancel(self) -> None:
        """Stop scoring."""
        self.runner.cancel()

    def action_resume(self) -> None:
        """Take up the stored run under the cursor."""
        if self.runner.running:
            self.notify("Scoring goes on already; l shows it", markup=False)
            return
        self.query_one(StoredPane).resume(self)

    def action_precision(self) -> None:
        """The next precision."""
        self.query_one(SetupPane).next_precision()

    def action_suite(self) -> None:
        """Add a suite file."""
        self.query_one(SetupPane).add_suite(self)

    def action_limit(self) -> None:
        """Score only some pairs."""
        self.query_one(SetupPane).ask_limit(self)
