"""Every candidate's ability in every topic, shrunk towards its whole, and whose place is surely another there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.shell.export_dialogs import export_dialog
from screens.shell.grid_place import GridPlace
from screens.shell.place import Place
from screens.shell.plain import cells_of, one_line, plain
from screens.topics.drawing import ability_line, cell_words, heading, said
from screens.topics.state import TopicsState, Window, read_topics
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.results.topic_abilities import TopicAbilities

__all__ = ["TopicsScreen"]


class TopicsScreen(GridPlace):
    """Who is abler at what, and what do so few pairs not tell?"""

    MODE = "rankings"
    TITLE = "Abilities by topic"
    GUIDE = """
How much abler each candidate is than the average candidate on the pairs of each topic, the ablest overall on top.
What the few pairs of a topic leave open comes from its ability overall, so a single lucky topic moves nothing much.
Beside it stand the places it can have, those surely above it and those surely below it counted; F has errors instead.

▲ and ▼ mark what is surely better, or worse, than overall. Below stands whose place in a topic is surely another,
how much there is in topics at all, and what could not be estimated.

← → walk through the topics; the line below the table has the cell in full. b splits by subcategories, by domains and by
the four Cs again. ~ takes margins in place of wins and losses: what is won by far then counts for more than what is won
by a hair, and fewer pairs tell more. enter opens the candidate's failures.
"""
    TERMS = ("ability by topic", "ability", "margin", "interval", "cluster", "category", "domain")
    WITHOUT = Place.WITHOUT | {"grouping", "response"}
    FIRST_KEYS = ("back", "select", "grouping", "response", "errors", "export")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("b", "grouping", "by", tooltip="split by category, subcategory, domain", id="by"),
        Binding("tilde", "response", "response", tooltip="wins and losses, or margins", id="topic-response"),
        Binding("F", "errors", "errors", tooltip="every value with its error, or with its places", id="topic-errors"),
        Binding("x", "export", "take away", tooltip="table and text, into a folder or a file", id="export"),
        Binding("left", "step(-1)", "topic before", show=False, id="matrix-left"),
        Binding("right", "step(1)", "next topic", show=False, id="matrix-right"),
    ]
    DEFAULT_CSS = """
    TopicsScreen #question { padding: 0 1; color: $text-muted; }
    TopicsScreen #cell { height: auto; max-height: 2; padding: 0 1; background: $surface; }
    TopicsScreen #table { height: 1fr; }
    TopicsScreen #words { height: auto; max-height: 8; border-top: solid $panel; padding: 0 1; }
    TopicsScreen.-low #words { max-height: 5; }
    TopicsScreen.-empty #topics, TopicsScreen.-empty #table, TopicsScreen.-empty .full { display: none; }
    """

    state: TopicsState

    def __init__(self) -> None:
        super().__init__()
        self.state = TopicsState()

    def body(self) -> Iterable[Widget]:
        """The table, the cell under the cursor, and what it comes to."""
        yield Brief(id="question")
        yield Heading(id="topics")
        rows = Rows(id="table")
        rows.tooltip = "↑ ↓ walk through the candidates, ← → through the topics; enter opens failures"
        yield rows
        yield Static(id="cell", classes="full")
        panel = VerticalScroll(Static(id="said"), id="words", classes="full")
        panel.tooltip = "whose place is surely another, and what could not be estimated"
        yield panel

    def on_mount(self) -> None:
        """Read."""
        self.query_one(Rows).focus()
        self._ask()

    def _ask(self) -> None:
        by, response = self.state.by, self.state.response
        self.query_one("#question", Brief).update(Text("reading…"))
        self.load(
            "topics", lambda: read_topics(self.session, by, response), self._arrived, self._failed, same=(by, response)
        )

    def _failed(self, error: RudeError) -> None:
        self.state.found = None
        self.query_one("#question", Brief).update(Text(f"by {self.state.by} · {self.state.response}"))
        text = Text.assemble((f"{plain(error.what)}\n\n", "bold"))
        text.append(f"{plain(error.fix)}\n\n" if error.fix else "")
        text.append("b splits by something else, ~ takes margins or wins and losses.")
        self.nothing(text)

    def _arrived(self, found: TopicAbilities) -> None:
        self.state.take(found)
        self.something()
        self.query_one("#said", Static).update(said(found, self.colour))
        self.query_one("#words").scroll_home(animate=False)
        self.repaint()
        if self.focused is None:
            self.query_one(Rows).focus()

    def repaint(self) -> None:
        """Draw the table."""
        state, rows = self.state, self.query_one(Rows)
        if (found := state.found) is None:
            return
        names = [cells_of(one.candidate, 60) for one in found.candidates]
        widest = max(map(cells_of, state.columns)) + 1
        window = Window.fitting(self.size.width - 1, names, len(state.columns), state.column, state.skip, widest)
        hidden = len(state.columns) - window.count
        self.query_one("#question", Brief).tell(
            one_line(found.suite), found.protocol, found.metric, f"by {found.by}", found.response,
            f"{count(found.n_pairs, 'pair')} in {count(found.n_clusters, 'cluster')}",
            f"← → {hidden} more" if hidden else "",
        )  # fmt: skip
        state.skip = window.first
        self.query_one(Heading).show(heading(state, window, self.colour))
        rows.show(
            len(found.candidates),
            lambda index, _: ability_line(state, found.candidates[index], window, self.colour),
            rows.cursor,
        )
        self._point()

    def _point(self) -> None:
        found, cursor = self.state.found, self.query_one(Rows).cursor
        if found is not None and cursor < len(found.candidates):
            words = cell_words(self.state, found.candidates[cursor], self.colour)
            self.query_one("#cell", Static).update(words)

    def on_rows_highlighted(self) -> None:
        """Another candidate is under the cursor."""
        self._point()

    def on_rows_selected(self, event: Rows.Selected) -> None:
        """The failures of the candidate."""
        if (found := self.state.found) is not None:
            self.session.subject = found.candidates[event.index].candidate
            self.call_later(self.run_action, "app.go('failures')")

    def action_grouping(self) -> None:
        """Split by the next thing."""
        self.state.next_grouping()
        self._ask()

    def action_response(self) -> None:
        """Wins and losses, or margins."""
        self.state.next_response()
        self._ask()

    def action_errors(self) -> None:
        """Errors in the cells, or places."""
        self.state.errors = not self.state.errors
        self.repaint()

    def action_export(self) -> None:
        """Take away the abilities by every topic and response."""
        if (found := self.state.found) is not None:
            pinned = {"suite": found.suite_hash, "protocol": found.protocol, "metric": found.metric}
            export_dialog(self, "topics", pinned)
