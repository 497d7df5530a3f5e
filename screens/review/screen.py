"""A blind reading: the prompt and one response, without its label; which criteria does it meet?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import BadInput, RudeError
from screens.review.requirement import DIGITS, Requirement, requirement_text
from screens.review.state import PORTION, ReviewChoices, ReviewState, keep_answer, lay_out
from screens.shell.dialogs import Ask, Confirm
from screens.shell.place import Place
from screens.shell.plain import one_line, plain
from screens.widgets.brief import Brief

if TYPE_CHECKING:
    from engine.construct.blind import Sheet
    from engine.construct.review import Item

__all__ = ["ReviewScreen"]


class ReviewScreen(Place):
    """One response after another. Nothing on this screen tells what the suite claims."""

    MODE = "suites"
    TITLE = "Blind reading"
    GUIDE = """
Read the response as if nobody had judged it, and say of every requirement whether it is met (✓) or not (✗): 1 to 9, or
up, down and space; again changes your mind. enter goes on, u takes the last answer back, + ticks what is left as met.

Each answer is kept at once; leave and come back whenever you like. The order is drawn by a seed, half of the responses
meet everything, and the two of a pair never stand side by side where there are prompts enough. A requirement you cannot
decide may stay open.

F shows how far your readings agree with the labels, and lets you correct the labels. It ends the blindness for the
responses you have read, so read first.
"""
    TERMS = ("blind reading", "criterion", "agreement")
    FIRST_KEYS = ("back", "next", "undo", "rest", "agreement")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        *(
            Binding(str(n), f"tick({n - 1})", f"requirement {n}", show=False, id=f"review-{n}")
            for n in range(1, DIGITS + 1)
        ),
        Binding("enter", "next", "next", tooltip="to the next response not read yet", id="review-next"),
        Binding(
            "space", "tick_here", "tick", tooltip="met, or not met, for the requirement marked ▸", id="review-tick"
        ),
        Binding("u", "undo", "undo", tooltip="take the last answer back", id="review-undo"),
        Binding("plus", "rest", "rest met", tooltip="all that is still open is met", id="review-rest"),
        Binding("left,p", "step(-1)", "previous", key_display="p", id="previous"),
        Binding("right,n", "step(1)", "following", key_display="n", show=False, id="next"),
        Binding(
            "F", "agreement", "agreement", tooltip="how far readings and labels agree; correct", id="review-agreement"
        ),
        Binding("C", "reader", "who reads", tooltip="your name beside your readings", id="review-reader"),
        Binding("up,k", "move(-1)", "up", show=False, id="up"),
        Binding("down,j", "move(1)", "down", show=False, id="down"),
        Binding("pagedown", "page(1)", "page down", show=False, id="page-down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="page-up"),
    ]
    DEFAULT_CSS = """
    ReviewScreen #state { height: 1; padding: 0 1; color: $text-muted; }
    ReviewScreen #body { layout: vertical; height: 1fr; }
    ReviewScreen.-wide #body { layout: horizontal; }
    ReviewScreen #text { height: 1fr; width: 1fr; padding: 0 1; }
    ReviewScreen.-wide #text { width: 3fr; }
    ReviewScreen #requirements { height: auto; max-height: 50%; border-top: solid $panel; }
    ReviewScreen.-wide #requirements { width: 2fr; height: 1fr; max-height: 100%; border-top: none;
                                border-left: solid $panel; }
    """
    AUTO_FOCUS = ""

    def __init__(self, run_id: str, name: str) -> None:
        """Args:
        run_id: the construction.
        name: what it is called.
        """
        super().__init__()
        self._run_id, self._run_name = run_id, name
        self.state = ReviewState()
        self._empty = ""
        """Why there is nothing to read."""

    def body(self) -> Iterable[Widget]:
        """What is read, and what is asked of it below or beside."""
        yield Brief(id="state")
        with Container(id="body"):
            yield VerticalScroll(Static(id="response"), id="text", can_focus=False)
            yield VerticalScroll(id="requirements", can_focus=False)

    @property
    def _choices(self) -> ReviewChoices:
        return self.session.choices(ReviewChoices)

    def on_mount(self) -> None:
        """Lay out the sample."""
        self.query_one("#state", Static).update("reading…")
        self._lay_out()

    def _lay_out(self) -> None:
        store, run_id, reader, number = self.session.store, self._run_id, self._choices.reader, self.state.number
        self.load("sheet", lambda: lay_out(store, run_id, reader, number), self._arrived, self._failed)

    def _failed(self, error: RudeError) -> None:
        if not isinstance(error, BadInput):
            self.show_error(error)
        self._empty = f"{error.what}: {error.fix}. Then come back."
        self.query_one("#state", Static).update("nothing to read yet")
        self.repaint()

    def _arrived(self, sheet: Sheet) -> None:
        self.state.take(sheet)
        requirements = self.query_one("#requirements")
        present = len(requirements.query(Requirement))
        most = max((len(item.criteria) for item in sheet.items), default=0)
        requirements.mount(*(Requirement(number) for number in range(present, most)))
        self._show_response()

    def _show_response(self) -> None:
        """Another response, from its top."""
        self.query_one("#text").scroll_home(animate=False)
        self.query_one("#requirements").scroll_home(animate=False)
        self.repaint()

    def _go(self, at: int) -> None:
        self.state.go(at)
        self._show_response()

    def repaint(self) -> None:
        """Draw the response and what was said of it."""
        state, item, sheet = self.state, self.state.item, self.state.sheet
        panel = self.query_one("#response", Static)
        for requirement in self.query(Requirement):
            requirement.display = item is not None
        if sheet is None:
            panel.update(Text(self._empty))
            return
        read_count = len(sheet.items) - state.unread_count
        words = (
            f"{one_line(self._run_name, 40)} · {read_count:,} of {count(len(sheet.items), 'response')} read · reader "
        )
        self.query_one("#state", Static).update(Text(words + one_line(sheet.reader, 30)))
        if item is None:
            panel.update(
                Text(f"All {count(len(sheet.items), 'response')} of this sample are read.\n\n"
                     "F shows how far your readings agree with the labels, and corrects them.\n"
                     f"enter lays out {PORTION} more, as far as there are any.")
            )  # fmt: skip
            return
        text = Text(overflow="fold")
        text.append("Prompt\n", "bold")
        text.append(plain(item.prompt) + "\n\n")
        text.append("Response\n", f"bold {self.colour('primary')}")
        text.append(plain(item.response) + "\n")
        panel.update(text)
        for number, requirement in enumerate(self.query(Requirement)):
            requirement.display = number < len(item.criteria)
            if requirement.display:
                is_current, met = number == state.criterion, state.answer_of(item, number)
                words = item.criteria[number].text
                requirement.update(requirement_text(words, number, met, self.colour, marked=is_current))
                requirement.set_class(is_current, "-here")

    def on_requirement_ticked(self, event: Requirement.Ticked) -> None:
        """Ticked with the mouse."""
        self.action_tick(event.number)

    def action_tick(self, number: int) -> None:
        """Met; again: not met."""
        item = self.state.item
        if item is not None and number >= len(item.criteria):
            # Not left to the places that the digits lead to elsewhere: nobody leaves a reading by a slip.
            self.notify(f"There is no requirement {number + 1} here", timeout=2)
        elif item is not None:
            self.state.criterion = number
            self._say(item, number, not (self.state.answer_of(item, number) or False))

    def action_tick_here(self) -> None:
        """The same for the one marked."""
        self.action_tick(self.state.criterion)

    def action_rest(self) -> None:
        """What is still open is met."""
        item = self.state.item
        if item is not None:
            for number in self.state.open_criteria():
                self._say(item, number, True)

    def _say(self, item: Item, number: int, met: bool) -> None:
        self.state.say(number, met)
        self._keep(item, number)
        self.repaint()

    def _keep(self, item: Item, number: int) -> None:
        state, sheet, store = self.state, self.state.sheet, self.session.store
        assert sheet is not None
        self.load(f"say {item.item} {number}", lambda: keep_answer(store, sheet, state, item, number), lambda _: None)

    def action_undo(self) -> None:
        """Take the last answer back, wherever it was given."""
        undone = self.state.undo()
        if undone is None or self.state.sheet is None:
            self.notify("Nothing to take back", timeout=2, markup=False)
            return
        at, number = undone
        if at != self.state.at:
            self._go(at)
        self.state.criterion = number
        self._keep(self.state.sheet.items[at], number)
        self.repaint()

    def action_next(self) -> None:
        """To the next response not read; with something open, asked for twice."""
        state, item = self.state, self.state.item
        if item is None:
            if state.sheet is not None:
                state.number += PORTION
                self._lay_out()
            return
        answered, still_open = state.answered(item), len(state.open_criteria())
        if still_open and not state.warned:
            words = (
                f"{count(still_open, 'requirement')} open; enter again goes on" if answered else "Nothing ticked yet"
            )
            self.notify(words + ("" if answered else "; enter again passes it over"), timeout=3, markup=False)
            state.warned = True
            return
        self._go(state.unread(state.at + 1) if answered else state.at + 1)

    def action_step(self, step: int) -> None:
        """The response before or after, read or not."""
        if self.state.sheet is not None:
            self._go(self.state.step(step))

    def action_move(self, step: int) -> None:
        """Another requirement."""
        if self.state.item is not None:
            self.state.mark(step)
            self.repaint()
            self.query(Requirement)[self.state.criterion].scroll_visible(animate=False)

    def action_page(self, step: int) -> None:
        """Scroll what is read."""
        text = self.query_one("#text", VerticalScroll)
        (text.scroll_page_down if step > 0 else text.scroll_page_up)(animate=False)

    def action_reader(self) -> None:
        """Whose readings these are."""

        def named(reader: str | None) -> None:
            if reader is not None:
                self._choices.reader = reader
                self._lay_out()

        self.app.push_screen(Ask("Who reads?", self._choices.reader, "readings are kept by name"), named)

    def action_agreement(self) -> None:
        """What came of it; asked first while something is unread, since it ends the blindness."""
        from screens.review.agreement import AgreementScreen

        if self.state.sheet is None:
            return
        if not self.state.answers:
            self.notify("Nothing is read yet", timeout=2, markup=False)
            return

        def show(sure: bool | None) -> None:
            if sure:
                self.app.push_screen(AgreementScreen(self._run_id))

        unread = self.state.unread_count
        if not unread:
            show(True)
            return
        warning = (
            f"{count(unread, 'response')} of this sample unread. You will see where the labels differ from your "
            "readings, and so learn about the other responses of these prompts."
        )
        self.app.push_screen(Confirm("End the blindness for what you have read?", warning), show)

    def action_back(self) -> None:
        """To the construction."""
        self.dismiss()
