"""What to score."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import SelectionList, Static
from textual.widgets.selection_list import Selection

from rubrics.errors import BadInput
from screens.run.options import option_fields, take_options
from screens.run.planned import PlanPane
from screens.run.state import RunChoices, offered_protocols
from screens.shell.dialogs import Ask
from screens.shell.fields import Field, Prepared, Typed, at
from screens.shell.form import Form
from screens.shell.plain import cells_of, one_line, plain
from screens.shell.suite_files import first_readable, named_suite, told_apart
from screens.widgets.cells import beginning_cut
from screens.widgets.ticks import Ticks

if TYPE_CHECKING:
    from engine.jobs.runs import Plan
    from screens.shell.place import Place

__all__ = ["SetupPane"]

_MOST_SUITES: Final = 7
"""Lines of the list of suites."""
_LEAST_MODELS: Final = 6
"""Lines of marked candidates, however little room there is."""
_READY = "s starts. Q plans first: what would run, at which precision, how long it takes, how much is left."


class SetupPane(Horizontal):
    """Candidates, suites, protocols on the left; the plan on the right."""

    DEFAULT_CSS = """
    SetupPane #chosen { width: 30; height: 1fr; padding: 0 1; border-right: solid $panel; }
    SetupPane .heading { text-style: bold; height: 1; }
    SetupPane #models { height: auto; }
    SetupPane SelectionList { height: auto; max-height: 7; border: none; padding: 0; background: $background; }
    SetupPane SelectionList:focus { border: none; background: $surface; }
    SetupPane PlanPane { width: 1fr; height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._choices = RunChoices()
        self._offered: list[str] = []
        self._planned_for: object = None
        """What was offered, marked and stored when that was last looked at: as long as it is the same, a plan holds."""

    def compose(self) -> ComposeResult:
        """Choices and plan."""
        with VerticalScroll(id="chosen", can_focus=False):
            yield Static("Candidates", classes="heading")
            yield Static(id="models")
            yield Static("Suites", classes="heading")
            suites: Ticks[str] = Ticks(id="suites")
            suites.tooltip = "the suites to score: space marks one, a adds a file"
            yield suites
            yield Static("Protocols", classes="heading")
            protocols = Ticks(*(Selection(Text(name), name, True) for name in offered_protocols()), id="protocols")
            protocols.tooltip = "how to ask: choice compares labels behind two shots, likelihood whole responses"
            yield protocols
            yield Static(id="options")
        yield PlanPane()

    def on_mount(self) -> None:
        """Space ticks something at once."""
        self.query_one("#protocols", SelectionList).highlighted = 0

    @property
    def _place(self) -> Place:
        return cast("Place", self.screen)

    @property
    def planned(self) -> Plan | None:
        """What a start would do."""
        return self.query_one(PlanPane).plan

    def read(self, place: Place) -> None:
        """Find the suites."""
        session = place.session

        def find() -> tuple[list[str], list[str]]:
            from rubrics.reading import built_in_names

            # A person's own come first; those that ship are hidden only where there are others, and none is marked.
            hidden = session.hide_bundled and session.suite_files
            shipped = [name for name in built_in_names() if not hidden or name in session.marked_suites]
            offered = [*session.suite_files, *shipped]
            return offered, first_readable(offered) if not session.marked_suites else []

        def offer(found: tuple[list[str], list[str]]) -> None:
            self._offered, first = found
            if not session.marked_suites:
                session.marked_suites.extend(first)
            if self._marked() != self._planned_for:
                self._planned_for = self._marked()
                self._fill_suites()
                self.forget()

        place.load("offered", find, offer)

    def _marked(self) -> object:
        session = self._place.session
        marked = tuple(session.marked_models.items()), tuple(session.marked_suites)
        return tuple(self._offered), *marked, session.stamp()

    def take_focus(self) -> None:
        """Where keys go when the pane opens."""
        self.repaint()
        self.query_one("#plan" if self.planned is not None else "#suites").focus()

    def forget(self) -> None:
        """The plan no longer holds."""
        self.query_one(PlanPane).forget(self._lacking or _READY)
        self.repaint()

    @property
    def _room(self) -> int:
        """Cells of a name on the left: as many as they need, of a third of the screen."""
        names = [*self._place.session.marked_models.values(), *("    " + name for name in told_apart(self._offered))]
        return max(26, min(self.app.size.width // 3 - 4, max(map(cells_of, names), default=0)))

    @property
    def _lacking(self) -> str:
        session = self._place.session
        return self._choices.lacking(len(session.marked_models), len(session.marked_suites))

    def _fill_suites(self) -> None:
        widget: SelectionList[str] = self.query_one("#suites", SelectionList)
        # Filling the list must not count as choosing.
        at = widget.highlighted or 0
        with self.prevent(SelectionList.SelectedChanged):
            widget.clear_options()
            for name, shown in zip(self._offered, told_apart(self._offered), strict=True):
                label = Text(beginning_cut(plain(shown), self._room - 4), no_wrap=True)
                widget.add_option(Selection(label, name, name in self._place.session.marked_suites))
        widget.highlighted = min(at, len(self._offered) - 1)

    def on_selection_list_selected_changed(self, event: SelectionList.SelectedChanged[str]) -> None:
        """Another choice; the plan no longer holds."""
        if event.selection_list.id == "suites":
            self._place.session.marked_suites[:] = [n for n in self._offered if n in event.selection_list.selected]
        else:
            self._choices.protocols = [n for n in offered_protocols() if n in event.selection_list.selected]
        self.forget()

    def repaint(self) -> None:
        """Draw what is chosen."""
        if not self.is_mounted or not self.query("#models"):
            return
        self.query_one("#chosen").styles.width = self._room + 4
        names = list(self._place.session.marked_models.values())
        options = self._choices.about(self._place.key_of)
        listed = min(_MOST_SUITES, len(self._offered)) + len(offered_protocols()) + options.count("\n")
        # Three headings and two blank lines beside what is listed.
        room = max(_LEAST_MODELS, self.query_one("#chosen").size.height - listed - 5)
        shown = names if len(names) <= room else names[: room - 1]
        marked = Text("\n".join(one_line(name, self._room) for name in shown) or "none marked", no_wrap=True)
        if len(shown) < len(names):
            marked.append(f"\n… and {len(names) - len(shown)} more")
        self.query_one("#models", Static).update(marked)
        self.query_one("#options", Static).update(Text("\n" + options))
        self.query_one(PlanPane).repaint()

    def make_plan(self, place: Place, then: Callable[[Plan], None] | None = None) -> None:
        """Plan what is chosen, or say what is lacking.

        Args:
            then: given the plan, in place of showing what it will take.
        """
        if lacking := self._lacking:
            self.query_one(PlanPane).forget(lacking)
            return
        self._planned_for = self._marked()
        session = place.session
        try:
            request = self._choices.request(list(session.marked_models), session.marked_suites, session.served)
        except BadInput as error:
            # Wordings were named for protocols that are no longer chosen.
            place.show_error(error)
            return
        self.query_one(PlanPane).make(place, request, then)

    def next_precision(self) -> None:
        """Try the next precision."""
        self._choices.next_precision()
        self.forget()

    def toggle_tokens(self) -> None:
        """Keep token scores, or not."""
        self._choices.token_scores = not self._choices.token_scores
        self.forget()

    def toggle_controls(self) -> None:
        """Score controls too, or not."""
        self._choices.controls = not self._choices.controls
        self.forget()

    def next_workers(self) -> None:
        """Another number of workers side by side."""
        self._choices.next_workers()
        self.forget()

    def next_goal(self) -> None:
        """Score everything, or until something is decided."""
        self._choices.next_goal()
        self.forget()

    def ask_options(self, place: Place) -> None:
        """Ask for shots, rubric, wordings, seed, alpha, device and cluster."""
        choices = self._choices
        form = Form("Options of the run", option_fields(choices), lambda typed: take_options(choices, typed))
        place.app.push_screen(form, lambda done: self.forget() if done else None)

    def add_suite(self, place: Place) -> None:
        """Offer a suite file."""

        def add(typed: Typed) -> Prepared:
            from rubrics.reading import find_suite

            with at("file"):
                name = named_suite(typed.text("file", "name a .jsonl file"))
                find_suite(name)
            return Prepared(said=name)

        def added(done: Prepared | None) -> None:
            if done is None:
                return
            session, path = place.session, done.said
            if path not in self._offered:
                self._offered.insert(0, path)
                session.offer_suite(path)
            if path not in session.marked_suites:
                session.marked_suites.append(path)
            self._fill_suites()
            self.forget()

        field = Field("file", "Suite file", "one pair a line, JSON, such as pairs.jsonl", "path", endings=(".jsonl",))
        place.app.push_screen(Form("Add a suite", (field,), add), added)

    def ask_limit(self, place: Place) -> None:
        """Ask how many pairs to score."""

        def take(number: str | None) -> None:
            if number is None:
                return
            if self._choices.limit_to(number):
                self.forget()
            else:
                place.notify("A number of pairs, or 0 for all", severity="warning", markup=False)

        place.app.push_screen(Ask("Pairs of each suite to score", str(self._choices.limit or 0), "0 is all"), take)
