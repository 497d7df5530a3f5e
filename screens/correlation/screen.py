"""One predictor against one outcome, with everything a sceptic asks for beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from engine.outcomes.words import outcome_in_words
from rubrics.errors import RudeError
from screens.correlation.facts import facts, sources
from screens.correlation.league import League, panel_width
from screens.correlation.outcomes import BRING, named
from screens.correlation.picture import picture
from screens.correlation.state import (
    Axes,
    CorrelationState,
    Rival,
    ScatterData,
    read_rivals,
    read_scatter,
    unlisted_predictors,
)
from screens.shell.dialogs import Choose
from screens.shell.export_dialogs import export_dialog
from screens.shell.place import Place
from screens.shell.plain import one_line, plain
from screens.widgets.brief import Brief
from screens.widgets.measured import Measured
from screens.widgets.scatter import Scatter

if TYPE_CHECKING:
    from matplotlib.figure import Figure


__all__ = ["CorrelationScreen"]

_MORE = "\0more"
"""Stands for the predictors that are too many to be listed; no predictor is named so."""


class _Facts(Static, Measured):
    """The numbers."""


class CorrelationScreen(Place):
    """Does the number foretell the outcome?"""

    MODE = "correlation"
    TITLE = "Correlation"
    GUIDE = """
Each point is a candidate: left to right a predictor, bottom to top an outcome. The line is least squares, the dotted
edges its 95 % band. ◇ is a candidate whose outcome is unknown, shown where the line would put it.

r (Pearson), ρ (Spearman) and τ (Kendall) stand with 95 % intervals: for r Fisher's z with an error from leaving out one
candidate at a time, for ρ and τ BCa from resampling candidates. p: share of reorderings of the outcome with a
correlation at least as strong. Below them is every other predictor of the same outcome: a predictor that is no better
than model size foretells little.

X chooses another predictor, as a click on its line does. x writes the plot – SVG, PDF or PNG – or the table.

← and → walk from point to point, a click picks one; enter, or a second click, opens the candidate's failed pairs. The
lines through a point are its 95 %: across, of the predictor, by its own interval (of a study, of so many pairs taken
for independent); upwards, of the outcome, by the standard error that it came with. Of many points only the one under
the cursor shows them. l leaves the point under the cursor out of the line (○) and of r, ρ and τ; h lifts one
family out of the rest and says what is left without it.

M opens the matrix: RuDE in each domain, category or subcategory against every outcome, and whether an outcome's own
domain foretells it better than another. U lists the upsets: every smaller candidate that is ahead of a larger one, and
whether that came true. F shows which candidates are kin, and takes every interval here over families.

O goes from your own outcomes to those of the ladder (◉ those that ship) and to the published study. a adds your own
from a file: candidate, outcome, score. What the ladder's points can bear stands beside them, after !; V has it in full:
the cards of both ladders.
"""
    TERMS = ("predictor", "outcome", "family", "ladder")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("X", "predictor", "x axis", tooltip="choose what stands on the x axis", id="predictor"),
        Binding("Y", "outcome", "y axis", tooltip="choose what stands on the y axis", id="outcome"),
        Binding("l", "leave_out", "leave out", tooltip="the line and r, ρ, τ without this point", id="leave-out"),
        Binding("h", "family", "family", tooltip="highlight a family", id="family"),
        Binding(
            "O", "source", "source", tooltip="your own outcomes, the ladder's, or the published study", id="source"
        ),
        Binding("M", "matrix", "matrix", tooltip="RuDE by domain, category… against every outcome", id="matrix"),
        Binding("U", "upsets", "upsets", tooltip="smaller candidates ahead of larger ones", id="upsets"),
        Binding(
            "F", "families", "families", tooltip="which candidates are kin; intervals over families", id="families"
        ),
        Binding("V", "cards", "cards", tooltip="what two ladders of small models showed, in full", id="cards"),
        Binding("x", "export", "take away", tooltip="write the plot, or all correlations as a table", id="export"),
        Binding("right,down", "step(1)", "next point", show=False, id="point-next"),
        Binding("left,up", "step(-1)", "point before", show=False, id="point-before"),
        Binding("enter", "open", "failures", tooltip="the failed pairs of the candidate under the cursor", id="open"),
        Binding("a", "add", "add", tooltip="add outcomes of your own from a file", id="add"),
        Binding("f5", "again", "read again", show=False, id="again"),
    ]
    FIRST_KEYS = ("predictor", "outcome", "open", "matrix", "leave_out", "source", "export", "add")
    WITHOUT = Place.WITHOUT | {"source", "matrix", "upsets", "families", "add", "cards"}
    DEFAULT_CSS = """
    CorrelationScreen #question { padding: 0 1; color: $text-muted; }
    CorrelationScreen #bring { display: none; height: auto; padding: 0 1; border-bottom: solid $panel; }
    CorrelationScreen.-short #bring, CorrelationScreen.-low #bring {
        border-bottom: none; height: 1; text-wrap: nowrap; text-overflow: ellipsis;
    }
    CorrelationScreen.-empty #bring { display: none; }
    CorrelationScreen #body { layout: vertical; height: 1fr; }
    CorrelationScreen.-wide #body { layout: horizontal; }
    CorrelationScreen Scatter { width: 1fr; height: 1fr; background: $surface; }
    CorrelationScreen Scatter:focus { background: $surface; }
    CorrelationScreen #numbers { height: 7; border-top: solid $panel; padding: 0 1; }
    CorrelationScreen.-low Scatter { display: none; }
    CorrelationScreen.-low #numbers { height: 1fr; border-top: none; }
    CorrelationScreen.-wide #numbers { width: 56; height: 1fr; border-top: none; border-left: solid $panel; }
    CorrelationScreen.-tall #numbers { height: 14; }
    CorrelationScreen.-wide.-tall #numbers { height: 1fr; }
    CorrelationScreen #numbers:focus { background: $surface; }
    CorrelationScreen.-empty #body { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.state = CorrelationState()
        self._shown_key: object = None
        """What was asked of which database when it was last read."""

    def body(self) -> Iterable[Widget]:
        """Plot, and the numbers beside or below it."""
        yield Brief(id="question")
        yield Static(id="bring")
        with Container(id="body"):
            plot = Scatter(id="plot")
            plot.tooltip = "a point for each candidate: ← and → walk, a click picks one, enter opens its failures"
            yield plot
            panel = VerticalScroll(_Facts(id="facts"), League(id="league"), Static(id="below"), id="numbers")
            panel.tooltip = "the statistics, the source, the rival predictors: a click puts one on the x axis"
            yield panel

    def on_screen_resume(self) -> None:
        """Read again if anything has changed."""
        self._ask()

    def _ask(self) -> None:
        axes, session, shown_key = self.state.axes, self.session, self._shown_key
        if self.state.data is None:
            self._say("reading…")

        def work() -> tuple[object, ScatterData | None]:
            key = (axes, tuple(sorted(session.question_fields.items())), session.stamp())
            return key, (None if key == self._shown_key else read_scatter(session, axes))

        same = (axes, tuple(sorted(session.question_fields.items())), shown_key)
        self.load("read", work, self._arrived, self._failed, same=same)

    def _failed(self, error: RudeError) -> None:
        self._shown_key = None
        self._explain_nothing(error)

    def _arrived(self, answer: tuple[object, ScatterData | None]) -> None:
        key, data = answer
        if data is None:
            return
        self._shown_key = key
        other_axes = self.state.take(data)
        if data.view is None:
            self._explain_nothing(None)
            return
        self.something()
        if self.focused is None:
            # Arrow keys walk from point to point; where there is no room for points, they scroll.
            self.query_one("#numbers" if self.has_class("-low") else "#plot").focus()
        if other_axes:
            self.query_one("#numbers").scroll_home(animate=False)
        self.repaint()
        self.load("rivals", lambda: read_rivals(self.session, data), self._rivals_arrived)

    def _rivals_arrived(self, answer: tuple[list[Rival], str]) -> None:
        self.state.rivals, self.state.verdict = answer
        self._write_numbers()

    def _say(self, *parts: str) -> None:
        self.query_one("#question", Brief).tell(*map(one_line, parts))

    def _explain_nothing(self, error: RudeError | None) -> None:
        text = Text.assemble(("No outcomes of your own yet\n\n", "bold"))
        if error is not None:
            text.append(plain(error.what) + ("\n" + plain(error.fix) if error.fix else "") + "\n\n")
        text.append(f"{BRING}\n\n")
        text.append("O shows what was measured on small models here, then the published study.")
        self._say("own outcomes")
        self.nothing(text)

    def repaint(self) -> None:
        """Draw plot and numbers."""
        data = self.state.data
        if data is None or data.view is None:
            return
        bring = self.query_one("#bring", Static)
        bring.display = data.example
        example = Text.assemble(("An example. ", "bold"), BRING)
        bring.update(example)
        over = "over families" if data.view.over == "families" else ""
        self._say(data.source_name, data.view.outcome_words, f"against {data.view.predictor}", over)
        self.query_one(Scatter).show(picture(data, self.state.highlight))
        # The plot knows which names found no room only once it is drawn.
        self.call_after_refresh(self._write_numbers)
        self._write_numbers()

    @on(_Facts.Resized)
    def _laid_out(self) -> None:
        """Names of predictors have another width."""
        self._write_numbers()

    def _write_numbers(self) -> None:
        state, data = self.state, self.state.data
        if data is None or data.view is None:
            return
        self.query_one("#numbers").styles.width = panel_width(state.rivals, self.size.width) if self.wide else "1fr"
        width, plot = self.query_one("#facts").size.width, self.query_one(Scatter)
        letters = plot.letters if plot.display else ()
        self.query_one("#facts", Static).update(facts(data, state.highlight, letters, width, self.colour))
        self.query_one(League).show(state.rivals, data.predictor, width, self.colour("chance"))
        verdict = state.verdict if state.rivals else ""
        self.query_one("#below", Static).update(sources(data, verdict, self.colour))

    def _lit(self) -> None:
        """Something else is pointed at."""
        self.repaint()
        self.query_one("#numbers").scroll_home(animate=False)

    def action_step(self, step: int) -> None:
        """Another point is under the cursor."""
        if self.state.data is not None and self.state.data.points:
            self.state.step(step)
            self._lit()

    def on_league_picked(self, message: League.Picked) -> None:
        """Another predictor is to stand on the x axis."""
        self._choose(predictor=message.predictor)

    def on_scatter_clicked(self, message: Scatter.Clicked) -> None:
        """The point that was clicked."""
        if self.state.data is not None:
            name = self.state.data.points[message.index].name
            if name == self.state.highlight.candidate:
                self.action_open()
                return
            self.state.highlight = replace(self.state.highlight, candidate=name)
            self._lit()

    def action_open(self) -> None:
        """On to the failures of the candidate under the cursor."""
        data, name = self.state.data, self.state.highlight.candidate
        if data is None or not data.points:
            return
        if not name:
            self.notify("← and → pick a point first", markup=False)
        elif name in data.entrants:
            self.session.subject = name
            self.call_later(self.run_action, "app.go('failures')")
        else:
            self.notify(f"{one_line(name, 40)} has not been scored here: no pairs of it to read", markup=False)

    def action_leave_out(self) -> None:
        """Leave the point under the cursor out, or take it in again; without a cursor, the one that matters most."""
        if self.state.data is None or self.state.data.view is None:
            return
        if self.state.toggle_left_out():
            self._lit()
        else:
            self.notify("There are too few points to leave one out", markup=False)

    def action_family(self) -> None:
        """Choose a family to highlight."""
        families = self.state.data.families if self.state.data is not None else {}
        if not families:
            self.notify("No families are known here", markup=False)
            return

        def lift(name: str | None) -> None:
            if name is not None:
                self.state.highlight = replace(self.state.highlight, family=name)
                self._lit()

        options = [("", "none"), *((name, f"{name}  {n}") for name, n in families.items())]
        self.app.push_screen(Choose("Highlight a family", options, self.state.highlight.family), lift)

    def action_add(self) -> None:
        """Add outcomes, and show them."""
        from screens.tasks.opening import open_task
        from screens.tasks.outcomes import ADD_OUTCOMES

        def added() -> None:
            self.state.axes = Axes("own")

        open_task(self.app, ADD_OUTCOMES, added)

    def action_predictor(self) -> None:
        """Choose x."""
        data, title = self.state.data, "x axis: predictor"
        if data is None or self._nothing_among(data.predictors):
            return

        def take(name: str | None) -> None:
            if name == _MORE:
                self.load("more", lambda: unlisted_predictors(self.session), offer_more)
            elif name:
                self._choose(predictor=name)

        def offer_more(more: list[str]) -> None:
            if more:
                self.app.push_screen(Choose(title, [(name, name) for name in more], data.predictor), take)
            else:
                self.notify("They need a likelihood run with --token-scores", markup=False)

        options = [(name, name) for name in data.predictors]
        if data.source == "own":
            options.append((_MORE, "proxy metrics and others by the dozen …"))
        self.app.push_screen(Choose(title, options, data.predictor), take)

    def action_outcome(self) -> None:
        """Choose y."""
        data = self.state.data
        if data is None or self._nothing_among(data.outcomes):
            return
        options = [(name, named(outcome_in_words(name, data.source), name)) for name in data.outcomes]
        self.app.push_screen(
            Choose("y axis: outcome", options, data.outcome), lambda name: self._choose(outcome=name) if name else None
        )

    def _nothing_among(self, names: tuple[str, ...]) -> bool:
        if not names:
            self.notify("There is nothing to choose from yet", markup=False)
        return not names

    def _choose(self, *, predictor: str = "", outcome: str = "") -> None:
        self.state.choose(predictor=predictor, outcome=outcome)
        self._ask()

    def action_source(self) -> None:
        """The next source of outcomes."""
        self.state.next_source()
        self._ask()

    def action_matrix(self) -> None:
        """Every part of the suite against every outcome."""
        from screens.matrix.screen import MatrixScreen

        def open_scatter(predictor: str, outcome: str) -> None:
            self.state.axes = Axes("own", predictor, outcome)
            self._ask()

        source = self.state.data.source if self.state.data is not None else None
        self.app.push_screen(MatrixScreen(source, open_scatter))

    def action_upsets(self) -> None:
        """Every smaller candidate that is ahead of a larger one."""
        from screens.comparison.screen import CompareScreen
        from screens.upsets.screen import UpsetsScreen

        source = self.state.data.source if self.state.data is not None else None

        def compare(smaller: str, larger: str) -> None:
            self.app.push_screen(CompareScreen(smaller, larger))

        self.app.push_screen(UpsetsScreen(source, compare))

    def action_families(self) -> None:
        """Which candidates are kin."""
        from screens.families.screen import FamiliesScreen

        self.app.push_screen(FamiliesScreen())

    def action_again(self) -> None:
        """Read again whatever has changed."""
        self._shown_key = None
        self._ask()

    def action_export(self) -> None:
        """Write the plot, or the correlations, to a file."""
        data = self.state.data
        if data is None or (view := data.view) is None:
            return

        def figure() -> Figure:
            from engine.export.figures import correlation

            return correlation(view)

        export_dialog(self, "correlations", {"weights": None}, source=data.source, figure=figure)
