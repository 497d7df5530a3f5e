"""A construction as it goes: what was spent, what came through and why the rest did not, and a person's decisions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from screens.construct import texts
from screens.construct.starting import begin, ended
from screens.place import Place
from screens.plain import one_line
from screens.widgets.dialogs import Ask, Choose, Confirm, Read
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.construct.reading import Example
    from engine.construct.watching import Overview, Tried

__all__ = ["ConstructScreen"]

_TICK: Final = 0.5
"""Seconds between looks at whether the database has changed."""
_TALL: Final = 36
"""Rows from which reasons may take several lines."""
_REST: Final = 4.0
"""A look is followed by a rest so many times as long, so that the work looked at is not held up."""


class ConstructScreen(Place):
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

A construction started anywhere – here with n, or by `rude-tui construct` – shows live. l follows what came out last.
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
        Binding("l", "latest", "latest", tooltip="go to what came out last, and follow", id="construct-latest"),
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
        self._found: Overview | None = None
        self._tried: list[Tried] = []
        self._shown: list[Example] = []
        self._filter = ""
        self._following = True
        self._seen: object = None
        self._rest_until = 0.0

    def body(self) -> Iterable[Widget]:
        """State, yield, the examples, and the one under the cursor beside or below them."""
        yield Static(id="state")
        yield Static(id="spent")
        yield Static(id="yield")
        with Container(id="body"):
            with Container(id="left"):
                rows = Rows(id="examples")
                rows.tooltip = "what was made: a takes one in, e edits it, d drops it, enter goes to its text"
                yield rows
            text = VerticalScroll(Static(id="example"), id="text")
            text.tooltip = "the example under the cursor, with every verdict: tab goes back to the list"
            yield text

    def on_mount(self) -> None:
        """Look, and go on looking."""
        rows = self.query_one(Rows)
        rows.focus()
        self.watch(rows, "cursor", self._moved, init=False)
        self.query_one("#state", Static).update("reading…")
        self._look()
        self.set_interval(_TICK, self._tick)

    def on_screen_resume(self) -> None:
        """Something may have been decided, read or started."""
        self._look()

    def action_again(self) -> None:
        """Read again whatever has changed."""
        self._seen = None
        self._look()

    def _tick(self) -> None:
        if self.is_current and time.monotonic() >= self._rest_until:
            self._look()

    def _look(self) -> None:
        desk, session, seen = self.session.desk, self.session, self._seen
        running = self._found is not None and self._found.running

        def read() -> tuple[object, Any, float] | None:
            from engine.construct.watching import overview, tried

            begun = time.monotonic()
            over = [(one, *end) for one in list(desk.started) if (end := ended(one)) is not None]
            key = (desk.run_id, session.stamp())
            # A process that dies leaves the file as it is, so one at work is looked at all the same.
            if key == seen and not running and not over:
                return None
            found = overview(session.store, desk.run_id)
            value = found and (found, tried(session.store, found.row))
            return key, (value, over), time.monotonic() - begun

        self.load("look", read, self._arrived, same=(desk.run_id, seen, running))

    def _arrived(self, answer: tuple[object, Any, float] | None) -> None:
        if answer is None:
            self._rest_until = 0.0
            return
        self._seen, (value, over), took = answer
        self._rest_until = time.monotonic() + _REST * took
        for started, error, words in over:
            self.session.desk.started.remove(started)
            if error is not None:
                self.show_error(error)
            else:
                self.notify(one_line(words, 300), title="The construction has ended", timeout=8, markup=False)
        if value is None:
            self._found = None
        else:
            self._found, self._tried = value
        self._fill()

    def _fill(self) -> None:
        found = self._found
        self._headline()
        rows = self.query_one(Rows)
        if found is None:
            rows.show(0, self._line)
            self.query_one("#example", Static).update(Text(texts.EMPTY))
            return
        current = self._current
        self._shown = [example for example in found.examples if texts.kept(example, self._filter)]
        wanted = found.pulse.latest if self._following and found.running else current.example_id if current else ""
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
            line.no_wrap, line.overflow = True, "ellipsis"
        spent.update(line)
        room = self.size.width - 2
        made.update(texts.yield_text(found, self.colour, room if self.size.height < _TALL else room * 3))

    @property
    def _current(self) -> Example | None:
        at = self.query_one(Rows).cursor
        return self._shown[at] if at < len(self._shown) else None

    def _line(self, index: int, width: int) -> Text:
        return texts.example_line(self._shown[index], self.colour)

    def _moved(self) -> None:
        if self.query_one(Rows).cursor != self._placed:
            self._following = False
        self._draw(top=True)

    def _draw(self, *, top: bool = False) -> None:
        example, found = self._current, self._found
        place = self.query_one("#example", Static)
        if found is None:
            return
        if example is None:
            empty = "No example is like this. esc shows all." if self._filter else "Nothing has come out yet."
            place.update(Text(empty))
            return
        latest = found.running and example.example_id == found.pulse.latest
        place.update(texts.example_text(example, self.colour, latest=latest))
        if top:
            self.query_one("#text").scroll_home(animate=False)

    def on_resize(self) -> None:
        """Some words need room."""
        self.repaint()

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
        """Go to what came out last, and follow."""
        self._following = True
        if self._found is None or not self._found.pulse.latest:
            return
        latest = self._found.pulse.latest
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

    def action_choose(self) -> None:
        """Another construction."""
        if self._found is None:
            return

        def chosen(run_id: str | None) -> None:
            if run_id is not None:
                self.session.desk.run_id = run_id
                self._filter, self._following = "", True
                self._look()

        options = [(row.run_id, texts.choice_line(row)) for row in self._found.others]
        self.app.push_screen(Choose("Construction", options, self._found.row.run_id), chosen)

    def _decide(self, words: str, work: Callable[[str, str], None]) -> None:
        """Keep a decision about the example under the cursor."""
        example, found = self._current, self._found
        if example is None or found is None:
            return

        def done(_: object) -> None:
            self.notify(words, timeout=2, markup=False)
            self._seen = None
            self._look()

        name, run_id = example.example_id, found.row.run_id
        self.load(f"decide {name}", lambda: work(run_id, name), done)

    def action_accept(self) -> None:
        """Take it in whatever the verifier said."""
        from engine.construct.reading import accept

        self._decide("Accepted; u takes it back", lambda run, name: accept(self.session.store, run, name))

    def action_take_back(self) -> None:
        """Undo the decision."""
        from engine.construct.reading import take_back

        if self._current is not None and self._current.decision is None:
            self.notify("Nothing was decided about this one", timeout=2, markup=False)
        else:
            self._decide("The verifier's word holds again", lambda run, name: take_back(self.session.store, run, name))

    def action_drop(self) -> None:
        """Leave it out, with a word on why."""
        from engine.construct.reading import drop

        def dropped(note: str | None) -> None:
            if note is not None:
                self._decide("Dropped; u takes it back", lambda run, name: drop(self.session.store, run, name, note))

        if self._current is not None:
            hint = "without y+ no y− of its prompt stays" if self._current.kind == "positive" else ""
            self.app.push_screen(Ask("Drop this example: why?", self._current.note, hint), dropped)

    def action_edit(self) -> None:
        """Put another text in its place."""
        from engine.construct.reading import edit
        from screens.construct.writing import Edit

        example = self._current
        if example is None:
            return

        def edited(text: str | None) -> None:
            if text is not None:
                self._decide("Edited; u takes it back", lambda run, name: edit(self.session.store, run, name, text))

        before = example.response if example.edited is None else example.edited
        self.app.push_screen(Edit(one_line(example.example_id, 60), before), edited)

    def action_calls(self, which: str) -> None:
        """Every question and answer."""
        from screens.construct.calls import CallsScreen

        found, example = self._found, self._current
        if found is not None and (example is not None or not which):
            self.app.push_screen(CallsScreen(found.row, example.example_id if example and which else None))

    def action_review(self) -> None:
        """Read responses blind."""
        from screens.construct.review import ReviewScreen

        if self._found is not None:
            self.app.push_screen(ReviewScreen(self._found.row))

    def action_verifier(self) -> None:
        """How the verifier errs."""
        if self._found is not None:
            self.app.push_screen(Read("The verifier on trial", texts.tried_text(self._tried, self.colour)))

    def action_price(self) -> None:
        """What a million tokens cost."""
        from screens.construct.writing import price_dialog

        if self._found is not None:
            models = [spend.model for spend in self._found.pulse.spent]
            price_dialog(self, models, self.session.desk.prices, self._headline)

    def action_write(self) -> None:
        """Write the suite and its card."""
        found = self._found
        if found is None:
            return

        def write(named: str | None) -> None:
            if named is None:
                return
            path = Path(named).expanduser().absolute()

            def work() -> Any:
                from engine.construct.output import write_construction
                from rubrics.errors import BadInput

                if path.suffix != ".jsonl" or not path.parent.is_dir():
                    raise BadInput(
                        "is no place for a suite", where=str(path), fix="name a .jsonl file in a folder that is"
                    )
                return write_construction(self.session.store, found.row.run_id, path)

            def written(result: Any) -> None:
                files = self.session.suite_files
                if str(path) not in files:
                    files.append(str(path))
                    self.session.remember("suites", files)
                notes = "".join(f"\n{one_line(note, 300)}" for note in result.notes)
                self.notify(
                    f"{result.pairs:,} pairs → {one_line(str(path))}, with its card{notes}", timeout=8, markup=False
                )

            self.load("write", work, written)

        hint = "what is there is replaced; its card beside it"
        self.app.push_screen(Ask("Write the suite to", f"{one_line(found.row.name, 100)}.jsonl", hint), write)

    def action_new(self) -> None:
        """Start another."""

        def started(_: object) -> None:
            self.session.desk.run_id = ""
            self._filter, self._following, self._seen = "", True, None
            self.notify("It goes on in a process of its own, even when you quit; x stops it", timeout=6, markup=False)
            self._look()

        begin(self, started)

    def action_stop(self) -> None:
        """Stop what is going on."""
        found = self._found
        if found is None or not found.running:
            self.notify("Nothing is going on here", timeout=2, markup=False)
            return

        def stop(sure: bool | None) -> None:
            if sure:
                from engine.construct.watching import stop as ask

                words = "Asked to stop; what is under way is waited for"
                self.load(
                    "stop", lambda: ask(self.session.store, found.row.run_id),
                    lambda asked: self.notify(words if asked else "It has ended already", markup=False),
                )  # fmt: skip

        what = "What is answered is kept; the same command goes on where it stopped."
        self.app.push_screen(Confirm("Stop this construction?", what), stop)

    def action_copy(self) -> None:
        """Copy what was selected with the mouse, else the whole example."""
        if self._current is not None:
            self.app.copy_to_clipboard(self.get_selected_text() or texts.example_plain(self._current))
            self.notify("Copied", timeout=2)
