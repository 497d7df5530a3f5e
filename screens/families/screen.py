"""Which candidates are kin: the map of what they share, and families as a person confirms or changes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.families.drawing import family_heading, family_line, family_words
from screens.families.state import (
    FamiliesState,
    Room,
    confirm_families,
    read_families,
    say_family,
    take_back_family,
)
from screens.shell.dialogs import Ask, Choose
from screens.shell.export_dialogs import export_dialog
from screens.shell.grid_place import GridPlace
from screens.shell.plain import one_line, plain
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.correlation.lineage import Lineage

__all__ = ["FamiliesScreen"]

_ANOTHER = "\0another"
"""Stands for a family that is typed; none is named so."""


class FamiliesScreen(GridPlace):
    """Which candidates are kin?"""

    MODE = "correlation"
    TITLE = "Families"
    GUIDE = """
Candidates of a family are alike, and so fewer independent points than they look. Each line is a candidate in its
family, each column another one: a number is the cosine of their weights at the same places – near 1 where one was
trained on from the other, 0 where they have nothing to do with each other – t the same tokenizer and kind of model, n
the same beginning of the name and kind, · nothing. What is kin, directly or through others, is proposed as a family.

enter puts the candidate under the cursor into another family, u takes that back, a keeps all as they are (✓).

b takes intervals that speak of candidates – of correlations and upsets – over families or over candidates again:
whole families are left out and drawn then, and p turns the sign of what each family adds.
"""
    TERMS = ("family", "kin", "candidate", "interval")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("a", "confirm", "keep all", tooltip="keep every family as it is shown", id="families-keep"),
        Binding("u", "take_back", "undo", tooltip="this candidate's family as it is proposed", id="undo"),
        Binding("b", "over", "over", tooltip="intervals over candidates, or over families", id="by"),
        Binding("x", "export", "take away", tooltip="table, figure and text, into a folder or a file", id="export"),
        Binding("left", "step(-1)", "candidate before", show=False, id="matrix-left"),
        Binding("right", "step(1)", "next candidate", show=False, id="matrix-right"),
    ]
    FIRST_KEYS = ("back", "select", "confirm", "take_back", "over", "export")
    DEFAULT_CSS = """
    FamiliesScreen #question { padding: 0 1; color: $text-muted; }
    FamiliesScreen #candidates { height: 1fr; }
    FamiliesScreen #words { height: auto; max-height: 8; border-top: solid $panel; padding: 0 1; }
    FamiliesScreen.-low #words { max-height: 5; }
    FamiliesScreen.-empty #headings, FamiliesScreen.-empty #candidates, FamiliesScreen.-empty #words { display: none; }
    """

    state: FamiliesState

    def __init__(self) -> None:
        super().__init__()
        self.state = FamiliesState()

    def body(self) -> Iterable[Widget]:
        """The map, and below it what two candidates share."""
        yield Brief(id="question")
        yield Heading(id="headings")
        rows = Rows(id="candidates")
        rows.tooltip = "↑ ↓ ← → walk through the map; enter changes a family"
        yield rows
        panel = VerticalScroll(Static(id="said"), id="words")
        panel.tooltip = "the candidate under the cursor, and what it shares with that of the column"
        yield panel

    def on_mount(self) -> None:
        """Read."""
        self.query_one(Rows).focus()
        self.watch(self.query_one(Rows), "cursor", self._walked, init=False)
        self.query_one("#question", Static).update(Text("reading…"))
        self._ask()

    def _ask(self) -> None:
        self.load("families", lambda: read_families(self.session), self._arrived, self._failed)

    def _failed(self, error: RudeError) -> None:
        text = Text.assemble((f"{plain(error.what)}\n\n", "bold"))
        text.append(f"{plain(error.fix)}\n" if error.fix else "")
        text.append("Press 1, mark candidates, r.")
        self.query_one("#question", Static).update(Text("families"))
        self.nothing(text)

    def _arrived(self, answer: tuple[Lineage, tuple[str, ...]]) -> None:
        self.state.take(*answer)
        self.something()
        if self.focused is None:
            self.query_one(Rows).focus()
        self.repaint()

    @property
    def _over(self) -> str:
        return self.session.question().over

    def repaint(self) -> None:
        """Draw map and words."""
        found, rows = self.state.found, self.query_one(Rows)
        if found is None:
            return
        families = len({one.family for one in found.relatives})
        self.query_one("#question", Static).update(Text(one_line(
            f"{count(len(found.relatives), 'candidate')} in {count(families, 'family', 'families')} · "
            f"intervals over {self._over}"
        )))  # fmt: skip
        room, column, colour = (
            Room.fitting(rows.size.width - 1, found, self.state.column),
            self.state.column,
            self.colour,
        )
        self.query_one(Heading).show(family_heading(found, room, column, colour))
        rows.show(
            len(found.relatives), lambda index, _: family_line(found, index, room, column, colour), self.state.row
        )  # fmt: skip
        self._write_words()

    def _write_words(self) -> None:
        self.query_one("#said", Static).update(family_words(self.state, self._over, self.colour))

    def _walked(self, row: int) -> None:
        if self.state.found is not None and row < len(self.state.found.relatives):
            self.state.row = row
            self._write_words()

    def _change(self, work: Callable[[], Any]) -> None:
        self.load("change", work, lambda _: self._ask())

    def on_rows_selected(self) -> None:
        """Put the candidate under the cursor into another family."""
        one, found = self.state.one, self.state.found
        if one is None or found is None:
            return
        session, name = self.session, one.name

        def typed(family: str | None) -> None:
            if family is not None:
                self._change(lambda: say_family(session, name, family))

        def take(family: str | None) -> None:
            if family == _ANOTHER:
                self.app.push_screen(Ask(f"Family of {one_line(name, 40)}", one.family, "a name"), typed)
            else:
                typed(family)

        listed = dict.fromkeys([one.proposed, *(other.family for other in found.relatives)])
        options = [*((family, family) for family in listed), (_ANOTHER, "another …")]
        self.app.push_screen(Choose(f"{one_line(name, 40)} is of the family", options, one.family), take)

    def action_confirm(self) -> None:
        """Keep every family as it is shown."""
        found = self.state.found
        if found is not None:
            session = self.session
            self._change(lambda: confirm_families(session, found))

    def action_take_back(self) -> None:
        """Forget what was said of the candidate under the cursor."""
        one = self.state.one
        if one is not None and one.by == "you":
            session, name = self.session, one.name
            self._change(lambda: take_back_family(session, name))
        elif one is not None:
            self.notify("Its family is as it is proposed", markup=False)

    def action_over(self) -> None:
        """Take intervals over families, or over candidates."""
        self.session.question_fields["over"] = "candidates" if self._over == "families" else "families"
        self.repaint()

    def action_export(self) -> None:
        """Write the table, or the figure."""
        found = self.state.found
        if found is None:
            return

        def figure() -> Figure:
            from engine.export.family_figure import families

            return families(found)

        export_dialog(self, "families", {}, figure=figure)
