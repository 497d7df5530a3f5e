"""What to score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import DataTable, SelectionList, Static
from textual.widgets.selection_list import Selection

from screens.formats import count
from screens.plain import one_line, plain
from screens.run.choices import PROTOCOLS, Choices, check_suite, make_plan, planned_lines
from screens.widgets.dialogs import Ask

if TYPE_CHECKING:
    from engine.runs import Plan
    from screens.place import Place

__all__ = ["SetupPane"]


class SetupPane(Horizontal):
    """Candidates, suites, protocols on the left; the plan on the right."""

    DEFAULT_CSS = """
    SetupPane #chosen { width: 32; height: 1fr; padding: 0 1; border-right: solid $panel; }
    SetupPane .heading { text-style: bold; height: 1; }
    SetupPane #models { height: auto; max-height: 6; }
    SetupPane SelectionList { height: auto; max-height: 7; border: none; padding: 0; background: $background; }
    SetupPane SelectionList:focus { border: none; background: $surface; }
    SetupPane #planned { width: 1fr; height: 1fr; }
    SetupPane DataTable { height: 1fr; background: $background; }
    SetupPane #advice { height: auto; max-height: 8; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.planned: Plan | None = None
        self._choices = Choices()
        self._note = ""

    def compose(self) -> ComposeResult:
        """Choices and plan."""
        with VerticalScroll(id="chosen", can_focus=False):
            yield Static("Candidates", classes="heading")
            yield Static(id="models")
            yield Static("Suites", classes="heading")
            suites: SelectionList[str] = SelectionList(id="suites")
            suites.tooltip = "the suites to score: space marks one, a adds a file"
            yield suites
            yield Static("Protocols", classes="heading")
            protocols = SelectionList(*(Selection(Text(name), name, True) for name in PROTOCOLS), id="protocols")
            protocols.tooltip = "how to ask: choice compares labels behind two shots, likelihood whole responses"
            yield protocols
            yield Static(id="options")
        with Vertical(id="planned"):
            yield Static(id="advice")
            table: DataTable[Text] = DataTable(cursor_type="row", id="plan")
            table.tooltip = "the plan: what a start would do, and why at this precision"
            yield table

    @property
    def _place(self) -> Place:
        return cast("Place", self.screen)

    def read(self, place: Place) -> None:
        """Find the suites."""
        from rubrics.reading import built_in_names

        def offer(names: list[str]) -> None:
            self._choices.offer(names)
            self._fill_suites()
            self.repaint()

        place.load("suites", built_in_names, offer)
        self.take_focus()

    def take_focus(self) -> None:
        """Where keys go when the pane opens."""
        self.query_one("#suites").focus()

    def refresh_marks(self) -> None:
        """The marked candidates may have changed."""
        self.forget()

    def forget(self) -> None:
        """The plan no longer holds."""
        self.planned = None
        self._note = ""
        self.repaint()

    def _fill_suites(self) -> None:
        widget: SelectionList[str] = self.query_one("#suites", SelectionList)
        # Filling the list must not count as choosing.
        with self.prevent(SelectionList.SelectedChanged):
            widget.clear_options()
            for name in self._choices.suites:
                label = Text(one_line(name if len(name) < 24 else "…" + name[-23:], 24), no_wrap=True)
                widget.add_option(Selection(label, name, name in self._choices.chosen_suites))

    def on_selection_list_selected_changed(self, event: SelectionList.SelectedChanged[str]) -> None:
        """Another choice; the plan no longer holds."""
        if event.selection_list.id == "suites":
            self._choices.chosen_suites = [n for n in self._choices.suites if n in event.selection_list.selected]
        else:
            self._choices.protocols = [n for n in PROTOCOLS if n in event.selection_list.selected]
        self.forget()

    def repaint(self) -> None:
        """Draw what is chosen, what is missing, and the plan."""
        if not self.is_mounted or not self.query("#models"):
            return
        names = list(self._place.session.marked_models.values())
        marked = Text("\n".join(one_line(name, 28) for name in names[:5]) or "none marked", no_wrap=True)
        if len(names) > 5:
            marked.append(f"\n… and {len(names) - 5} more")
        self.query_one("#models", Static).update(marked)
        choices = self._choices
        self.query_one("#options", Static).update(
            Text(f"\nprecision {choices.precision} (v)\npairs {choices.limit or 'all'} (n)")
        )
        lacking = choices.lacking(len(names))
        advice = Text(self._note or lacking or "p plans: what would run, at which precision, how much is left.")
        if self.planned is not None:
            left = sum(run.left for run in self.planned.runs)
            advice = Text.assemble(
                (f"{count(len(self.planned.runs), 'run')}, {count(left, 'pair')} to score. ", "bold"),
                "s starts." if left else "Everything is scored already.",
            )
            for name, what, fix in self.planned.refused:
                advice.append(f"\n✗ {one_line(name, 30)}: {plain(what)}", self._place.colour("bad"))
                advice.append(f"\n  → {plain(fix)}")
        self.query_one("#advice", Static).update(advice)
        self._fill_plan()

    def _fill_plan(self) -> None:
        table: DataTable[Text] = self.query_one("#plan", DataTable)
        table.clear(columns=True)
        table.display = self.planned is not None
        if self.planned is None:
            return
        for heading in ("candidate", "protocol", "left", "done", "prec", "suite", "why this precision"):
            table.add_column(Text(heading))
        for cells in planned_lines(self.planned):
            name, *others = (one_line(cell, 60) for cell in cells)
            room = 30 if self._place.wide else 12
            table.add_row(Text(one_line(name, room)), *(Text(other, no_wrap=True) for other in others))

    def plan(self, place: Place) -> None:
        """Plan in a thread: weights are hashed, which takes a while for large ones."""
        models = list(place.session.marked_models)
        lacking = self._choices.lacking(len(models))
        if lacking:
            self._note = lacking
            self.repaint()
            return
        self._note = "Looking at models, suites and what is stored… (large weights take a while to hash)"
        self.planned = None
        self.repaint()
        request = self._choices.request(models)

        def arrived(plan: Plan) -> None:
            self.planned, self._note = plan, ""
            self.repaint()

        def failed(error: Any) -> None:
            self._note = ""
            self.repaint()
            place.show_error(error)

        place.load("plan", lambda: make_plan(place.session.store, request), arrived, failed)

    def next_precision(self) -> None:
        """Try the next precision."""
        self._choices.next_precision()
        self.forget()

    def add_suite(self, place: Place) -> None:
        """Offer a suite file."""

        def added(path: str) -> None:
            if path not in self._choices.suites:
                self._choices.suites.append(path)
            if path not in self._choices.chosen_suites:
                self._choices.chosen_suites.append(path)
            self._fill_suites()
            self.forget()

        def begin(named: str | None) -> None:
            if named:
                place.load("add", lambda: check_suite(named), added)

        place.app.push_screen(Ask("Suite file", placeholder="pairs.jsonl"), begin)

    def ask_limit(self, place: Place) -> None:
        """Ask how many pairs to score."""

        def take(number: str | None) -> None:
            if number is None:
                return
            if number.isdecimal() and int(number) >= 0:
                self._choices.limit = int(number) or None
                self.forget()
            else:
                place.notify("A number of pairs, or 0 for all", severity="warning", markup=False)

        place.app.push_screen(Ask("Pairs of each suite to score", str(self._choices.limit or 0), "0 is all"), take)
