"""A construction as it goes: what was spent, what came through and why the rest did not, and a person's decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from screens.construct import decisions
from screens.construct.dialogs import start_dialog, stop_dialog, trial_dialog, write_dialog
from screens.construct.example_list import example_line, filters, under_way
from screens.construct.example_text import example_plain, example_text, under_way_text
from screens.construct.headline import EMPTY, choices, spent_line, state_line, yield_text
from screens.construct.prices import price_dialog
from screens.construct.state import ConstructChoices, ConstructState
from screens.construct.watch import Look, Watcher
from screens.shell.dialogs import Choose
from screens.shell.forgetting import FORGET, forget_dialog
from screens.shell.place import Place
from screens.shell.plain import one_line
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.construct.reading import Example
    from engine.construct.underway import UnderWay

__all__ = ["ConstructScreen"]

_ON_A_CONSTRUCTION: Final = frozenset(
    {"accept", "edit", "drop", "take_back", "calls", "review", "filter", "latest", "write", "verifier", "price"}
    | {"choose", "copy", "other"}
)
"""Actions on a construction that is there."""
_TICK: Final = 0.5
"""Seconds between looks at whether the database has changed."""
_TALL: Final = 36
"""Rows from which reasons may take several lines."""


class ConstructScreen(Place):
    """One construction among those stored; one going on is followed, whoever started it."""

    MODE = "suites"
    TITLE = "Build pairs"
    GUIDE = """
A construction: how far it is, what it has made, with every verdict, and what you decide about it.

The bars: accepted, rejected, still to do. ✓ in the suite · ✗ rejected · ○ accepted, yet left out, for example to
balance lengths. ✚ ✎ ⊘ were accepted, edited or dropped by a person, which goes before the verifier and is honoured when
the suite is written (w).

A construction started anywhere – here with n, or by `rude-tui construct` – shows live: ◌ is being made right now, with
the text as it was written last and each verdict as it comes. l follows the newest: one until it has come out, then the
next.

Every question and answer is kept: " shows those of an example, J all. H opens the blind reading, F shows the trial of
the verifier, or starts one. D forgets a construction with every answer it got, after a question, or brings back what
was forgotten.
"""
    TERMS = ("construction", "generator", "verifier", "criterion", "violations", "trial", "blind reading")
    FIRST_KEYS = ("back", "new", "accept", "edit", "drop", "calls('example')", "review")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding(
            "s", "new", "new", tooltip="start building pairs; the plan and its cost come first", id="construct-new"
        ),
        Binding(
            "a", "accept", "accept", tooltip="take the example in whatever the verifier said", id="construct-accept"
        ),
        Binding("E", "edit", "edit", tooltip="put another text in its place", id="construct-edit"),
        Binding("d", "drop", "drop", tooltip="leave the example out", id="construct-drop"),
        Binding("u", "take_back", "undo", tooltip="take your decision back", id="construct-undo"),
        Binding(
            "f3,quotation_mark", "calls('example')", "calls", tooltip="all that was asked of it", id="construct-calls"
        ),
        Binding(
            "J", "calls('')", "all calls", show=False, tooltip="every question and answer", id="construct-all-calls"
        ),
        Binding("H", "review", "review", tooltip="read responses blind", id="construct-review"),
        Binding(
            "v", "filter", "filter", tooltip="in the suite, rejected by reason, decided by hand", id="construct-filter"
        ),
        Binding("L", "latest", "latest", tooltip="go to the newest, and follow", id="construct-latest"),
        Binding("greater_than_sign", "write", "write", tooltip="write the suite and its card", id="construct-write"),
        Binding("F", "verifier", "verifier", tooltip="how the verifier erred on proven pairs", id="construct-verifier"),
        Binding("dollar_sign", "price", "prices", tooltip="what a million tokens cost", id="construct-prices"),
        Binding("O", "choose", "others", tooltip="choose another construction", id="construct-choose"),
        Binding(
            "Z", "stop", "stop", tooltip="stop the construction going on; what is answered is kept", id="construct-stop"
        ),
        FORGET,
        Binding("y", "copy", "copy", tooltip="copy the example under the cursor", id="copy"),
        Binding("tab", "other", "text", show=False, tooltip="to the text and back", id="construct-text"),
        Binding("f5", "again", "read again", show=False, id="again"),
    ]
    DEFAULT_CSS = """
    ConstructScreen #state, ConstructScreen #spent { height: 1; padding: 0 1; }
    ConstructScreen #spent { color: $text-muted; }
    ConstructScreen #yield { height: auto; max-height: 3; padding: 0 1; }
    ConstructScreen.-tall #yield { max-height: 8; }
    ConstructScreen.-low #spent, ConstructScreen.-low #yield { display: none; }
    ConstructScreen #body { layout: vertical; height: 1fr; border-top: solid $panel; }
    ConstructScreen.-wide #body { layout: horizontal; }
    ConstructScreen #left { height: 1fr; width: 1fr; }
    ConstructScreen.-wide #left { width: 2fr; }
    ConstructScreen #text { height: 2fr; border-top: solid $panel; padding: 0 1; }
    ConstructScreen.-wide #text { width: 3fr; height: 1fr; border-top: none; border-left: solid $panel; }
    ConstructScreen #text:focus { background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.state = ConstructState()
        self._watcher = Watcher()

    def body(self) -> Iterable[Widget]:
        """State, yield, the examples, and the one under the cursor beside or below them."""
        yield Brief(id="state")
        yield Brief(id="spent")
        yield Static(id="yield")
        with Container(id="body"):
            with Container(id="left"):
                rows = Rows(id="examples")
                rows.tooltip = "what was made: a takes one in, E edits it, d drops it, enter goes to its text"
                yield rows
            text = VerticalScroll(Static(id="example"), id="text")
            text.tooltip = "the example under the cursor, with every verdict: tab goes back to the list"
            yield text

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are offered where there is a construction to act on."""
        if action == "stop":
            return self.state.running
        return self.state.overview is not None or action not in _ON_A_CONSTRUCTION

    @property
    def _choices(self) -> ConstructChoices:
        return self.session.choices(ConstructChoices)

    @property
    def _rows(self) -> Rows:
        return self.query_one(Rows)

    @property
    def _current(self) -> Example | UnderWay | None:
        """What the cursor is on."""
        return self.state.at(self._rows.cursor)

    def on_mount(self) -> None:
        """Look, and go on looking."""
        self._rows.focus()
        self.watch(self._rows, "cursor", self._moved, init=False)
        self.query_one("#state", Static).update("reading…")
        self._look()
        self.set_interval(_TICK, self._tick)

    def on_screen_resume(self) -> None:
        """Something may have been decided, read or started."""
        self._look()

    def action_again(self) -> None:
        """Read again whatever has changed."""
        self._watcher.last_key = None
        self._look()

    def _tick(self) -> None:
        if self.is_current and self._watcher.rested:
            self._look()

    def _look(self) -> None:
        choices, session, last_key, running = self._choices, self.session, self._watcher.last_key, self.state.running
        same = (choices.run_id, last_key, running)
        self.load(
            "look", lambda: self._watcher.look(session, choices, last_key, running=running), self.arrived, same=same
        )

    def arrived(self, look: Look | None) -> None:
        """Show what a look came to."""
        self._watcher.took(look)
        if look is None:
            return
        for started, error, words in look.over:
            self._choices.started.remove(started)
            if error is not None:
                self.show_error(error)
            else:
                message = "\n".join(one_line(line, 300) for line in words.splitlines())
                self.notify(message, title="The construction has ended", timeout=8, markup=False)
        self.state.overview, self.state.tried = look.overview, look.tried
        self._fill()

    def _fill(self) -> None:
        state, rows = self.state, self._rows
        self._headline()
        self.refresh_bindings()
        if state.overview is None:
            rows.show(0, self._line)
            self.query_one("#example", Static).update(Text(EMPTY))
            return
        cursor = state.arrange(rows.cursor)
        rows.show(len(state.shown), self._line, cursor)
        self._draw()

    def _headline(self) -> None:
        state, overview = self.state, self.state.overview
        top, spent, yielded = (self.query_one(name, Static) for name in ("#state", "#spent", "#yield"))
        if overview is None:
            top.update("● starting…" if self._choices.started else "nothing has been constructed yet")
            spent.update("")
            yielded.update("")
            return
        top.update(state_line(overview, self.colour))
        line = spent_line(overview, state.tried, self._choices.prices, self.size.width)
        if state.filter:
            label = next((label for name, label in filters(overview.examples) if name == state.filter), "none")
            line = Text.assemble((f"only {one_line(label, 60)} (esc: all) · ", self.colour("accent")), line)
        spent.update(line)
        room = self.size.width - 2
        yielded.update(yield_text(overview, self.colour, room if self.size.height < _TALL else room * 3))

    def _line(self, index: int, width: int) -> Text:
        return example_line(self.state.shown[index], self.colour)

    def _moved(self) -> None:
        self.state.moved(self._rows.cursor)
        self._draw(top=True)

    def _draw(self, *, top: bool = False) -> None:
        if self.state.overview is None:
            return
        example, panel = self._current, self.query_one("#example", Static)
        if example is None:
            empty = "No example is like this. esc shows all." if self.state.filter else "Nothing has come out yet."
            panel.update(Text(empty))
            return
        if under_way(example):
            panel.update(under_way_text(example, self.colour))
        else:
            panel.update(example_text(example, self.colour, latest=self.state.is_latest(example)))
        if top:
            self.query_one("#text").scroll_home(animate=False)

    def repaint(self) -> None:
        """Draw everything in the theme's colours."""
        if self.state.overview is not None:
            self._headline()
            self._rows.refresh()
            self._draw()

    def on_rows_selected(self) -> None:
        """To the text, which then scrolls."""
        self.query_one("#text").focus()

    def action_other(self) -> None:
        """From list to text, or back."""
        (self.query_one("#text") if self._rows.has_focus else self._rows).focus()

    def action_back(self) -> None:
        """From the text to the list, from a narrowed list to all, from all to the suites."""
        if not self._rows.has_focus:
            self._rows.focus()
        elif self.state.filter:
            self._narrow("")
        else:
            self.dismiss()

    def action_latest(self) -> None:
        """Go to the newest, and follow."""
        if newest := self.state.follow():
            self._fill()
            self.state.placed = self._rows.cursor = self.state.line_of(newest)

    def action_filter(self) -> None:
        """Narrow the list: rejects by reason, what is in the suite, what a person decided."""
        if self.state.overview is not None:
            self.app.push_screen(
                Choose("Show", filters(self.state.overview.examples), self.state.filter),
                lambda name: None if name is None else self._narrow(name),
            )

    def _narrow(self, name: str) -> None:
        self.state.filter = name
        self._fill()

    def action_copy(self) -> None:
        """Copy what was selected with the mouse, else the whole example."""
        if (example := self._current) is not None:
            self.copy(example_plain(example))

    def _decide(self, decide: Callable[[Place, str, Example, Callable[[], None]], None]) -> None:
        """Decide about the example under the cursor, which then stays under it; say why where that cannot be."""
        self.state.following = False
        overview, example = self.state.overview, self.state.made_at(self._rows.cursor)
        if example is None and self.state.shown:
            self.notify("It is still being made; decide once it has come out", timeout=3, markup=False)
        elif overview is not None and example is not None:
            decide(self, overview.row.run_id, example, self.action_again)

    def action_accept(self) -> None:
        """Take it in whatever the verifier said."""
        self._decide(decisions.accept)

    def action_take_back(self) -> None:
        """Undo the decision."""
        self._decide(decisions.take_back)

    def action_drop(self) -> None:
        """Leave it out, with a word on why."""
        self._decide(decisions.drop)

    def action_edit(self) -> None:
        """Put another text in its place."""
        self._decide(decisions.edit)

    def action_choose(self) -> None:
        """Another construction."""
        overview = self.state.overview
        if overview is None:
            return

        def chosen(run_id: str | None) -> None:
            if run_id is not None:
                self._choices.run_id = run_id
                self.state.look_elsewhere()
                self._look()

        self.app.push_screen(Choose("Construction", choices(overview), overview.row.run_id), chosen)

    def action_calls(self, which: str) -> None:
        """Every question and answer."""
        from screens.construct.calls import CallsScreen

        overview, example = self.state.overview, self._current
        if overview is not None and (example is not None or not which):
            row = overview.row
            self.app.push_screen(CallsScreen(row.run_id, row.name, example.example_id if example and which else None))

    def action_review(self) -> None:
        """Read responses blind."""
        from screens.review.screen import ReviewScreen

        if (overview := self.state.overview) is not None:
            self.app.push_screen(ReviewScreen(overview.row.run_id, overview.row.name))

    def action_verifier(self) -> None:
        """How the verifier errs."""
        if self.state.overview is not None:
            trial_dialog(self, self.state.tried)

    def action_price(self) -> None:
        """What a million tokens cost."""
        if self.state.overview is not None:
            models = [spend.model for spend in self.state.overview.pulse.spent]
            price_dialog(self, models, self._choices.prices, self._headline)

    def action_write(self) -> None:
        """Write the suite and its card."""
        if self.state.overview is not None:
            write_dialog(self, self.state.overview)

    def action_new(self) -> None:
        """Start another."""

        def started() -> None:
            self._choices.run_id = ""
            self.state.look_elsewhere()
            self.notify("It goes on in a process of its own, even when you quit; Z stops it", timeout=6, markup=False)
            self.action_again()

        start_dialog(self, started)

    def action_forget(self) -> None:
        """Forget the construction, or bring something back."""
        from engine.annotations.forgetting import Subject

        row = self.state.overview.row if self.state.overview is not None else None

        def changed() -> None:
            self._choices.run_id = ""
            self.state.look_elsewhere()
            self.action_again()

        forget_dialog(self, lambda: [Subject("run", row.run_id, f"{row.name} · construction")] if row else [], changed)

    def action_stop(self) -> None:
        """Stop what is going on."""
        if self.state.overview is None or not self.state.running:
            self.notify("Nothing is going on here", timeout=2, markup=False)
        else:
            stop_dialog(self, self.state.overview)
