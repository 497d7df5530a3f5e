"""RuDE by part of a suite against every outcome: the heat map, and whether an outcome's own part foretells it best."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.errors import RudeError
from screens.matrix.drawing import heading, heat_line, words
from screens.matrix.state import NONE, Asked, MatrixData, MatrixState, Window, possible_ties, read_matrix, tie
from screens.shell.dialogs import Choose
from screens.shell.export_dialogs import export_dialog
from screens.shell.grid_place import GridPlace
from screens.shell.place import Place
from screens.shell.plain import one_line, plain
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.correlation.sources import Source

__all__ = ["MatrixScreen"]


class MatrixScreen(GridPlace):
    """Does a domain's own accuracy foretell its outcome better than another's?"""

    MODE = "correlation"
    TITLE = "Matrix"
    GUIDE = """
Each line is a part of the suite – a domain, one of the four Cs, a subcategory – and each column an outcome; a cell is
the correlation of RuDE's accuracy on that part with that outcome over the candidates. Blue is above zero, orange below.
▸ marks the part that the outcome is tied to. ∗: p is at most .05 after Holm's correction for every cell. In brackets
stand predictors that know no parts; they are no cells of the matrix.

The words beside it say whether an outcome's own part foretells it better than another part does, and better than each
of the predictors in brackets: mean differences over the outcomes that are tied, with 95 % intervals from leaving out
one candidate at a time.

& ties the outcome under the cursor to a domain, category or subcategory; a column domain in the file of outcomes does
the same. b splits the suite by something else, ~ goes from Pearson to Spearman and Kendall, O to the ladder and the
published study. enter opens the scatter of a cell.
"""
    TERMS = ("matrix", "outcome", "domain", "category", "predictor")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("b", "grouping", "by", tooltip="split by domain, category, subcategory, violations", id="by"),
        Binding("f2,tilde", "statistic", "r ρ τ", tooltip="Pearson, Spearman or Kendall", id="matrix-statistic"),
        Binding(
            "ampersand",
            "tie",
            "tie",
            tooltip="say what the outcome under the cursor is the outcome of",
            id="matrix-tie",
        ),
        Binding("O", "source", "source", tooltip="your own outcomes, the ladder's, or the published", id="source"),
        Binding("x", "export", "take away", tooltip="table, figure and text, into a folder or a file", id="export"),
        Binding("left", "step(-1)", "outcome before", show=False, id="matrix-left"),
        Binding("right", "step(1)", "next outcome", show=False, id="matrix-right"),
    ]
    FIRST_KEYS = ("back", "grouping", "tie", "source", "export")
    WITHOUT = Place.WITHOUT | {"source"}
    DEFAULT_CSS = """
    MatrixScreen #question { padding: 0 1; color: $text-muted; }
    MatrixScreen #body { layout: vertical; height: 1fr; }
    MatrixScreen.-wide #body { layout: horizontal; }
    MatrixScreen #map { width: 1fr; height: 1fr; }
    MatrixScreen #words { height: 9; border-top: solid $panel; padding: 0 1; }
    MatrixScreen.-low #words { height: 5; }
    MatrixScreen.-wide #words { width: 52; height: 1fr; border-top: none; border-left: solid $panel; }
    MatrixScreen #words:focus { background: $surface; }
    MatrixScreen.-empty #body { display: none; }
    """

    state: MatrixState

    def __init__(self, source: Source | None, open_scatter: Callable[[str, str], None]) -> None:
        """Args:
        source: whose outcomes to begin with.
        open_scatter: shows a predictor against an outcome, both by name, once this has closed.
        """
        super().__init__()
        self.state = MatrixState(Asked(source))
        self._open_scatter = open_scatter

    def body(self) -> Iterable[Widget]:
        """The heat map, and the words beside or below it."""
        yield Brief(id="question")
        with Container(id="body"):
            with Container(id="map"):
                yield Heading(id="outcomes")
                rows = Rows(id="parts")
                rows.tooltip = "↑ ↓ walk through the parts, ← → through the outcomes; enter opens the scatter"
                yield rows
            panel = VerticalScroll(Static(id="said"), id="words")
            panel.tooltip = "the cell under the cursor, and what the diagonal shows"
            yield panel

    def on_mount(self) -> None:
        """Read."""
        self.query_one(Rows).focus()
        self.watch(self.query_one(Rows), "cursor", self._walked, init=False)
        self._ask()

    def _ask(self) -> None:
        asked = self.state.asked
        self._say("reading…")
        self.load("matrix", lambda: read_matrix(self.session, asked), self._arrived, self._failed, same=asked)

    def _say(self, *parts: str) -> None:
        self.query_one("#question", Brief).tell(*map(one_line, parts))

    def _failed(self, error: RudeError) -> None:
        self.state.data = None
        text = Text.assemble((f"{plain(error.what)}\n\n", "bold"))
        text.append(f"{plain(error.fix)}\n\n" if error.fix else "")
        text.append("An outcome is tied to a domain by a column domain in its file, or with & once it is here.\n")
        text.append("O shows what was measured on small models here, then the published study.")
        self._say("matrix")
        self.nothing(text)

    def _arrived(self, data: MatrixData) -> None:
        self.state.take(data)
        self.something()
        if self.focused is None:
            self.query_one(Rows).focus()
        self.repaint()

    def repaint(self) -> None:
        """Draw map and words."""
        data, rows = self.state.data, self.query_one(Rows)
        if data is None:
            return
        view = data.view
        names = [cells[0].row if n < len(view.matrix.cells) else f"({cells[0].row})"
                 for n, cells in enumerate(data.rows)]  # fmt: skip
        heads = [view.words_of(name, short=True) for name in view.matrix.columns]
        window = Window.fitting(rows.size.width - 1, names, heads, self.state.column)
        hidden = len(heads) - window.count
        self._say(
            view.source_name, f"RuDE by {view.by} against outcomes", view.matrix.statistic.capitalize(),
            "over families" if view.over == "families" else "", f"← → {hidden} more" if hidden else "",
        )  # fmt: skip
        self.query_one(Heading).show(heading(data, window, self.state.column, self.colour))
        column, colour = self.state.column, self.colour
        rows.show(len(data.rows), lambda index, _: heat_line(data, index, window, column, colour), self.state.row)
        self._write_words()

    def _write_words(self) -> None:
        cell = self.state.cell
        if cell is not None and self.state.data is not None:
            self.query_one("#said", Static).update(words(self.state.data, cell, self.colour))

    def _walked(self, row: int) -> None:
        if self.state.data is not None and row < len(self.state.data.rows):
            self.state.row = row
            self._write_words()

    def action_grouping(self) -> None:
        """Split by the next thing."""
        self.state.next_grouping()
        self._ask()

    def action_statistic(self) -> None:
        """The next statistic."""
        self.state.next_statistic()
        self._ask()

    def action_source(self) -> None:
        """The next source of outcomes."""
        self.state.next_source()
        self._ask()

    def action_tie(self) -> None:
        """Say what the outcome under the cursor is the outcome of."""
        cell, data = self.state.cell, self.state.data
        if cell is None or data is None:
            return
        if data.view.source != "own":
            self.notify("What a study's outcomes belong to is known", markup=False)
            return
        own = next((row[self.state.column].row for row in data.view.matrix.cells if row[self.state.column].own), NONE)

        def take(domain: str | None) -> None:
            if domain is not None:
                chosen = None if domain == NONE else domain
                self.load("tie", lambda: tie(self.session, cell.column, chosen), lambda _: self._ask())

        def offer(names: list[str]) -> None:
            options = [(NONE, "nothing"), *((name, name) for name in names)]
            title = f"{one_line(data.view.words_of(cell.column), 60)} is the outcome of"
            self.app.push_screen(Choose(title, options, own), take)

        self.load("ties", lambda: possible_ties(self.session), offer)

    def on_rows_selected(self) -> None:
        """Enter opens the scatter of the cell."""
        cell, data = self.state.cell, self.state.data
        if cell is None or data is None:
            return
        if data.view.source != "own":
            self.notify("Scatters by part are there for your own outcomes", markup=False)
            return
        predictor = data.view.predictors.get(cell.row)
        if predictor:
            self.dismiss()
            self._open_scatter(predictor, cell.column)
        else:
            self.notify("There is no scatter of this line", markup=False)

    def action_export(self) -> None:
        """Write the table, or the figure."""
        if self.state.data is None:
            return
        view = self.state.data.view

        def figure() -> Figure:
            from engine.export.figures import matrix

            return matrix(view)

        export_dialog(self, "matrix", {"weights": None}, source=view.source, figure=figure)
