"""A blind reading: the prompt and one response, without its label; which criteria does it meet?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import BadInput, RudeError
from screens.place import Place
from screens.plain import one_line, plain
from screens.widgets.brief import Brief
from screens.widgets.dialogs import Ask, Confirm

if TYPE_CHECKING:
    from engine.construct.blind import Sheet
    from engine.construct.review import Item
    from engine.store.construct import ConstructRow

__all__ = ["ReviewScreen"]

_PORTION: Final = 40
"""Responses laid out at a time."""
_DIGITS: Final = 9


class Requirement(Static):
    """One criterion to tick; a click ticks it."""

    DEFAULT_CSS = "Requirement { height: auto; padding: 0 1; } Requirement.-here { background: $surface; }"
    ALLOW_SELECT = False

    class Ticked(Message):
        """It was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def on_click(self, event: events.Click) -> None:
        """Tell the screen."""
        event.stop()
        self.post_message(self.Ticked(self._number))


class ReviewScreen(Place):
    """One response after another. Nothing on this screen tells what the suite claims."""

    MODE = "suites"
    TITLE = "Blind reading"
    GUIDE = """
Read the response as if nobody had judged it, and say of every requirement whether it is met (✓) or not (✗): 1 to 9, or
up, down and space; again changes your mind. enter goes on, u takes the last answer back, m ticks what is left as met.

Each answer is kept at once; leave and come back whenever you like. The order is drawn by a seed, half of the responses
meet everything, and the two of a pair never stand side by side where there are prompts enough. A requirement you cannot
decide may stay open.

a shows how far your readings agree with the labels, and lets you correct the labels. It ends the blindness for the
responses you have read, so read first.
"""
    FIRST_KEYS = ("back", "next", "undo", "rest", "agreement")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        *(
            Binding(str(n), f"tick({n - 1})", f"requirement {n}", show=False, id=f"review-{n}")
            for n in range(1, _DIGITS + 1)
        ),
        Binding("enter", "next", "next", tooltip="to the next response not read yet", id="review-next"),
        Binding(
            "space", "tick_here", "tick", tooltip="met, or not met, for the requirement marked ▸", id="review-tick"
        ),
        Binding("u", "undo", "undo", tooltip="take the last answer back", id="review-undo"),
        Binding("m", "rest", "rest met", tooltip="all that is still open is met", id="review-rest"),
        Binding("left,p", "step(-1)", "previous", key_display="p", id="previous"),
        Binding("right,n", "step(1)", "following", key_display="n", show=False, id="next"),
        Binding(
            "a", "agreement", "agreement", tooltip="how far readings and labels agree; correct", id="review-agreement"
        ),
        Binding("w", "reader", "who reads", tooltip="your name beside your readings", id="review-reader"),
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
    ReviewScreen #asked { height: auto; max-height: 50%; border-top: solid $panel; }
    ReviewScreen.-wide #asked { width: 2fr; height: 1fr; max-height: 100%; border-top: none;
                                border-left: solid $panel; }
    """
    AUTO_FOCUS = ""

    def __init__(self, row: ConstructRow) -> None:
        super().__init__()
        self._row = row
        self._count = _PORTION
        self._sheet: Sheet | None = None
        self._said: dict[tuple[str, int], bool] = {}
        self._trail: list[tuple[int, tuple[str, int], bool | None]] = []
        self._at = 0
        self._here = 0
        self._warned = False
        self._empty = ""

    def body(self) -> Iterable[Widget]:
        """What is read, and what is asked of it below or beside."""
        yield Brief(id="state")
        with Container(id="body"):
            yield VerticalScroll(Static(id="response"), id="text", can_focus=False)
            yield VerticalScroll(id="asked", can_focus=False)

    def on_mount(self) -> None:
        """Lay out the sample."""
        self.query_one("#state", Static).update("reading…")
        self._lay_out()

    def _lay_out(self) -> None:
        row, reader, number = self._row, self.session.desk.reader, self._count

        def read() -> Sheet:
            from engine.construct.blind import lay_out_sheet

            return lay_out_sheet(self.session.store, row.run_id, reader, number)

        self.load("sheet", read, self._arrived, self._failed)

    def _failed(self, error: RudeError) -> None:
        if not isinstance(error, BadInput):
            self.show_error(error)
        self._empty = f"{error.what}: {error.fix}. Then come back."
        self.query_one("#state", Static).update("nothing to read yet")
        self.repaint()

    def _arrived(self, sheet: Sheet) -> None:
        self._sheet, self._said, self._trail = sheet, dict(sheet.answers), []
        asked = self.query_one("#asked")
        there = len(asked.query(Requirement))
        most = max((len(item.criteria) for item in sheet.items), default=0)
        asked.mount(*(Requirement(number) for number in range(there, most)))
        self._go(self._unread(0))

    def _unread(self, start: int) -> int:
        """The first response from there on of which nothing has been said; round again; the number of all if none."""
        items = self._sheet.items if self._sheet else ()
        order = [*range(start, len(items)), *range(min(start, len(items)))]
        return next((at for at in order if not self._answered(items[at])), len(items))

    def _answered(self, item: Item) -> int:
        return sum((item.item, number) in self._said for number in range(len(item.criteria)))

    @property
    def _item(self) -> Item | None:
        return self._sheet.items[self._at] if self._sheet and self._at < len(self._sheet.items) else None

    def _go(self, at: int) -> None:
        self._at, self._here, self._warned = at, 0, False
        self.query_one("#text").scroll_home(animate=False)
        self.query_one("#asked").scroll_home(animate=False)
        self.repaint()

    def repaint(self) -> None:
        """Draw the response and what was said of it."""
        item, sheet = self._item, self._sheet
        place = self.query_one("#response", Static)
        for requirement in self.query(Requirement):
            requirement.display = item is not None
        if sheet is None:
            place.update(Text(self._empty))
            return
        read = sum(self._answered(one) > 0 for one in sheet.items)
        state = f"{one_line(self._row.name, 40)} · {read:,} of {len(sheet.items):,} responses read · reader "
        self.query_one("#state", Static).update(Text(state + one_line(sheet.reader, 30)))
        if item is None:
            place.update(
                Text(f"All {count(len(sheet.items), 'response')} of this sample are read.\n\n"
                     "a shows how far your readings agree with the labels, and corrects them.\n"
                     f"enter lays out {_PORTION} more, as far as there are any.")
            )  # fmt: skip
            return
        text = Text(overflow="fold")
        text.append("Prompt\n", "bold")
        text.append(plain(item.prompt) + "\n\n")
        text.append("Response\n", f"bold {self.colour('primary')}")
        text.append(plain(item.response) + "\n")
        place.update(text)
        for number, requirement in enumerate(self.query(Requirement)):
            requirement.display = number < len(item.criteria)
            if requirement.display:
                requirement.update(self._asked(item, number))
                requirement.set_class(number == self._here, "-here")

    def _asked(self, item: Item, number: int) -> Text:
        met = self._said.get((item.item, number))
        mark, tone = {None: ("[ ]", "chance"), True: ("[✓]", "good"), False: ("[✗]", "bad")}[met]
        text = Text("▸" if number == self._here else " ", self.colour("primary"), overflow="fold")
        text.append(f"{number + 1 if number < _DIGITS else '·'} ", "bold")
        text.append(f"{mark} ", f"bold {self.colour(tone)}")
        text.append(plain(item.criteria[number].text), "" if met is None else self.colour(tone))
        return text

    def on_requirement_ticked(self, event: Requirement.Ticked) -> None:
        """Ticked with the mouse."""
        self.action_tick(event.number)

    def action_tick(self, number: int) -> None:
        """Met; again: not met."""
        item = self._item
        if item is not None and number < len(item.criteria):
            self._here = number
            self._say(number, not self._said.get((item.item, number), False))

    def action_tick_here(self) -> None:
        """The same for the one marked."""
        self.action_tick(self._here)

    def action_rest(self) -> None:
        """What is still open is met."""
        item = self._item
        if item is not None:
            for number in range(len(item.criteria)):
                if (item.item, number) not in self._said:
                    self._say(number, True)

    def _say(self, number: int, met: bool) -> None:
        item = self._item
        assert item is not None
        key = (item.item, number)
        self._trail.append((self._at, key, self._said.get(key)))
        self._said[key] = met
        self._warned = False
        self._keep(item, number)
        self.repaint()

    def _keep(self, item: Item, number: int) -> None:
        sheet = self._sheet
        assert sheet is not None
        key = (item.item, number)

        def work() -> None:
            from engine.construct.blind import keep_answer

            # What holds when the turn comes, so that the last word is the one that stays.
            keep_answer(self.session.store, sheet, item, number, self._said.get(key))

        self.load(f"say {item.item} {number}", work, lambda _: None)

    def action_undo(self) -> None:
        """Take the last answer back, wherever it was given."""
        if not self._trail or self._sheet is None:
            self.notify("Nothing to take back", timeout=2, markup=False)
            return
        at, key, before = self._trail.pop()
        if before is None:
            self._said.pop(key, None)
        else:
            self._said[key] = before
        if at != self._at:
            self._go(at)
        self._here = key[1]
        self._keep(self._sheet.items[at], key[1])
        self.repaint()

    def action_next(self) -> None:
        """To the next response not read; with something open, asked for twice."""
        item = self._item
        if item is None:
            if self._sheet is not None:
                self._count += _PORTION
                self._lay_out()
            return
        answered = self._answered(item)
        still_open = len(item.criteria) - answered
        if still_open and not self._warned:
            words = (
                f"{count(still_open, 'requirement')} open; enter again goes on" if answered else "Nothing ticked yet"
            )
            self.notify(words + ("" if answered else "; enter again passes it over"), timeout=3, markup=False)
            self._warned = True
            return
        self._go(self._unread(self._at + 1) if answered else (self._at + 1))

    def action_step(self, step: int) -> None:
        """The response before or after, read or not."""
        if self._sheet is not None:
            self._go(min(max(0, self._at + step), len(self._sheet.items)))

    def action_move(self, step: int) -> None:
        """Another requirement."""
        if self._item is not None:
            self._here = min(max(0, self._here + step), len(self._item.criteria) - 1)
            self.repaint()
            self.query(Requirement)[self._here].scroll_visible(animate=False)

    def action_page(self, step: int) -> None:
        """Scroll what is read."""
        text = self.query_one("#text", VerticalScroll)
        (text.scroll_page_down if step > 0 else text.scroll_page_up)(animate=False)

    def action_reader(self) -> None:
        """Whose readings these are."""

        def named(reader: str | None) -> None:
            if reader is not None:
                self.session.desk.reader = reader
                self._lay_out()

        self.app.push_screen(Ask("Who reads?", self.session.desk.reader, "readings are kept by name"), named)

    def action_agreement(self) -> None:
        """What came of it; asked first while something is unread, since it ends the blindness."""
        from screens.construct.agreeing import AgreementScreen

        sheet = self._sheet
        if sheet is None:
            return
        if not self._said:
            self.notify("Nothing is read yet", timeout=2, markup=False)
            return

        def show(sure: bool | None) -> None:
            if sure:
                self.app.push_screen(AgreementScreen(self._row))

        left = sum(not self._answered(item) for item in sheet.items)
        if not left:
            show(True)
            return
        what = (
            f"{count(left, 'response')} of this sample unread. You will see where the labels differ from your "
            "readings, and so learn about the other responses of these prompts."
        )
        self.app.push_screen(Confirm("End the blindness for what you have read?", what), show)

    def action_back(self) -> None:
        """To the construction."""
        self.dismiss()
