"""A construction as it goes: what was spent, what came through and why the rest did not, and a person's decisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from screens.construct import texts
from screens.construct import under_way as living
from screens.construct.leading import Leading
from screens.shell.dialogs import Choose
from screens.shell.plain import one_line
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.construct.reading import Example
    from engine.construct.underway import UnderWay

__all__ = ["ConstructScreen"]

_OF_ONE: Final = frozenset(
    {"accept", "edit", "drop", "take_back", "calls", "review", "filter", "latest", "write", "verifier", "price"}
    | {"choose", "copy", "other"}
)
"""Actions on a construction that is there."""
_TALL: Final = 36
"""Rows from which reasons may take several lines."""


class ConstructScreen(Leading):
    """One construction among those stored; one going on is followed, whoever started it."""

    MODE = "suites"
    TITLE = "Build pairs"
    GUIDE = """
A generator writes an answer to each prompt that is to meet every criterion (y+), then one that is to violate some and
keep the rest (y−); a verifier judges every criterion by itself and quotes what it goes by. What fails goes back, up to
so many rounds.

The bars: accepted, rejected, still to do. ✓ in the suite · ✗ rejected · ○ accepted, yet left out, for example to
balance lengths. ✚ ✎ ⊘ were accepted, edited or dropped by a person, which goes before the verifier and is honoured when
the suite is written (w).

A construction started anywhere – here with n, or by `rude-tui construct` – shows live: ◌ is being made right now, with
the text as it was written last and each verdict as it comes. l follows the newest: one until it has come out, then the
next.
Every question and answer is kept: c shows those of an example, C all. r reads responses blind, to measure how far the
labels can be trusted; v shows how the verifier erred on pairs whose truth is proven.
"""
    FIRST_KEYS = ("back", "new", "accept", "edit", "drop", "calls('example')", "review")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding(
            "n", "new", "new", tooltip="start building pairs; the plan and its cost come first", id="construct-new"
        ),
        Binding(
            "a", "accept", "accept", tooltip="take the example in whatever the verifier said", id="construct-accept"
        ),
        Binding("e", "edit", "edit", tooltip="put another text in its place", id="construct-edit"),
        Binding("d", "drop", "drop", tooltip="leave the example out", id="construct-drop"),
        Binding("u", "take_back", "undo", tooltip="take your decision back", id="construct-undo"),
        Binding("c", "calls('example')", "calls", tooltip="every question and answer about it", id="construct-calls"),
        Binding(
            "C", "calls('')", "all calls", show=False, tooltip="every question and answer", id="construct-all-calls"
        ),
        Binding("r", "review", "review", tooltip="read responses blind", id="construct-review"),
        Binding(
            "f", "filter", "filter", tooltip="in the suite, rejected by reason, decided by hand", id="construct-filter"
        ),
        Binding("l", "latest", "latest", tooltip="go to the newest, and follow", id="construct-latest"),
        Binding("w", "write", "write", tooltip="write the suite and its card as things stand", id="construct-write"),
        Binding("v", "verifier", "verifier", tooltip="how the verifier erred on proven pairs", id="construct-verifier"),
        Binding("p", "price", "prices", tooltip="what a million tokens cost", id="construct-prices"),
        Binding("o", "choose", "others", tooltip="choose another construction", id="construct-choose"),
        Binding(
            "x", "stop", "stop", tooltip="stop the construction going on; what is answered is kept", id="construct-stop"
        ),
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
        self._placed = 0

    def body(self) -> Iterable[Widget]:
        """State, yield, the examples, and the one under the cursor beside or below them."""
        yield Brief(id="state")
        yield Brief(id="spent")
        yield Static(id="yield")
        with Container(id="body"):
            with Container(id="left"):
                rows = Rows(id="examples")
                rows.tooltip = "what was made: a takes one in, e edits it, d drops it, enter goes to its text"
                yield rows
            text = VerticalScroll(Static(id="example"), id="text")
            text.tooltip = "the example under the cursor, with every verdict: tab goes back to the list"
            yield text

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are offered where there is a construction to act on."""
        if action == "stop":
            return self._found is not None and self._found.running
        return self._found is not None or action not in _OF_ONE

    def on_mount(self) -> None:
        """Look, and go on looking."""
        rows = self.query_one(Rows)
        rows.focus()
        self.watch(rows, "cursor", self._moved, init=False)
        self.query_one("#state", Static).update("reading…")

    def _fill(self) -> None:
        found = self._found
        self._headline()
        self.refresh_bindings()
        rows = self.query_one(Rows)
        if found is None:
            rows.show(0, self._line)
            self.query_one("#example", Static).update(Text(texts.EMPTY))
            return
        here = self._here
        self._shown = [example for example in found.examples if texts.kept(example, self._filter)]
        if not self._filter:
            self._shown += found.under_way
        wanted = self._wanted() if self._following and found.running else here.example_id if here else ""
        at = next((n for n, example in enumerate(self._shown) if example.example_id == wanted), rows.cursor)
        self._placed = min(at, max(0, len(self._shown) - 1))
        rows.show(len(self._shown), self._line, at)
        self._draw()

    def _headline(self) -> None:
        found = self._found
        state, spent, made = (self.query_one(name, Static) for name in ("#state", "#spent", "#yield"))
        if found is None:
            begun = self.session.desk.started
            state.update("● starting…" if begun else "nothing has been constructed yet")
            spent.update("")
            made.update("")
            return
        state.update(texts.state_line(found, self.colour))
        line = texts.spent_line(found, self._tried, self.session.desk.prices, self.size.width)
        if self._filter:
            label = next((label for name, label in texts.filters(found.examples) if name == self._filter), "none")
            line = Text.assemble((f"only {one_line(label, 60)} (esc: all) · ", self.colour("accent")), line)
        spent.update(line)
        room = self.size.width - 2
        made.update(texts.yield_text(found, self.colour, room if self.size.height < _TALL else room * 3))

    @property
    def _here(self) -> Example | UnderWay | None:
        at = self.query_one(Rows).cursor
        return self._shown[at] if at < len(self._shown) else None

    @property
    def _current(self) -> Example | None:
        here = self._here
        return None if here is None or living.at_work(here) else here

    def _line(self, index: int, width: int) -> Text:
        one = self._shown[index]
        return living.line(one, self.colour) if living.at_work(one) else texts.example_line(one, self.colour)

    def _moved(self) -> None:
        if self.query_one(Rows).cursor != self._placed:
            self._following = False
        self._draw(top=True)

    def _draw(self, *, top: bool = False) -> None:
        here, found = self._here, self._found
        place = self.query_one("#example", Static)
        if found is None:
            return
        if here is None:
            empty = "No example is like this. esc shows all." if self._filter else "Nothing has come out yet."
            place.update(Text(empty))
            return
        if living.at_work(here):
            place.update(living.text(here, self.colour))
        else:
            latest = found.running and here.example_id == found.pulse.latest
            place.update(texts.example_text(here, self.colour, latest=latest))
        if top:
            self.query_one("#text").scroll_home(animate=False)

    def repaint(self) -> None:
        """Draw everything in the theme's colours."""
        if self._found is not None:
            self._headline()
            self.query_one(Rows).refresh()
            self._draw()

    def on_rows_selected(self) -> None:
        """To the text, which then scrolls."""
        self.query_one("#text").focus()

    def action_other(self) -> None:
        """From list to text, or back."""
        rows = self.query_one(Rows)
        (self.query_one("#text") if rows.has_focus else rows).focus()

    def action_back(self) -> None:
        """From the text to the list, from a narrowed list to all, from all to the suites."""
        if not self.query_one(Rows).has_focus:
            self.query_one(Rows).focus()
        elif self._filter:
            self._narrow("")
        else:
            self.dismiss()

    def action_latest(self) -> None:
        """Go to the newest, and follow."""
        found = self._found
        self._following, self._followed = True, ""
        if found is None or not (found.pulse.latest or found.under_way):
            return
        latest = self._wanted()
        self._filter = self._filter if any(e.example_id == latest for e in self._shown) else ""
        self._fill()
        at = [example.example_id for example in self._shown].index(latest)
        self._placed = self.query_one(Rows).cursor = at

    def action_filter(self) -> None:
        """Narrow the list: rejects by reason, what is in the suite, what a person decided."""
        if self._found is not None:
            self.app.push_screen(
                Choose("Show", texts.filters(self._found.examples), self._filter),
                lambda wanted: None if wanted is None else self._narrow(wanted),
            )

    def _narrow(self, wanted: str) -> None:
        self._filter = wanted
        self._fill()

    def action_copy(self) -> None:
        """Copy what was selected with the mouse, else the whole example."""
        here = self._here
        if here is not None:
            whole = living.text(here, lambda _: "").plain if living.at_work(here) else texts.example_plain(here)
            self.app.copy_to_clipboard(self.get_selected_text() or whole)
            self.notify("Copied", timeout=2)
