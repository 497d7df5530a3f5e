"""Screens that answer a question about stored verdicts: suite, protocol, metric and grouping are asked for alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.shell.dialogs import Choose
from screens.shell.place import Place
from screens.shell.plain import one_line, plain
from screens.widgets.brief import Brief

__all__ = ["QuestionPlace"]


class QuestionPlace(Place):
    """A place that shows the answer to the session's question, and fetches it again whenever that changes."""

    WITHOUT = Place.WITHOUT | {"suite", "excluded"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "suite", "suite", tooltip="choose the suite", id="suite"),
        Binding("P", "protocol", "protocol", tooltip="switch between choice and likelihood", id="protocol"),
        Binding("m", "metric", "metric", tooltip="next metric of this protocol", id="metric"),
        Binding("b", "grouping", "by", tooltip="group by category, domain, subcategory, criterion…", id="by"),
        Binding(
            "i", "excluded", "excluded", show=False, tooltip="count excluded pairs, or leave them out", id="excluded"
        ),
        Binding("f5", "again", "read again", show=False, id="again"),
    ]
    DEFAULT_CSS = """
    QuestionPlace #question { height: 1; padding: 0 1; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown_key: Any = None

    def body(self) -> Iterable[Widget]:
        """The line that says what is shown, then the screen's own."""
        yield Brief(id="question")
        yield from self.answer_body()

    def answer_body(self) -> Iterable[Widget]:
        """The screen's own widgets."""
        raise NotImplementedError

    def fetch(self) -> Any:
        """Read what is shown; runs in a thread."""
        raise NotImplementedError

    def arrived(self, value: Any) -> None:
        """Show what was read."""
        raise NotImplementedError

    def missing(self, error: RudeError) -> Text:
        """What to say where there is nothing, and what to do."""
        raise NotImplementedError

    def say(self, *parts: str) -> None:
        """Write the line that says what is shown."""
        self.query_one("#question", Brief).tell(*map(one_line, parts))

    def on_screen_resume(self) -> None:
        """Read again if the question or the file has changed since."""
        self.ask()

    def ask(self) -> None:
        """Read, if anything has changed since the last time."""
        if self._shown_key is not None and self._shown_key[:-1] != self.question_key():
            self._shown_key = None
        if self._shown_key is None:
            self.say("reading…")
        self.load("fetch", self._fetch, self._fetched, self._failed, same=(self._shown_key, *self.question_key()))

    def _fetch(self) -> tuple[Any, Any]:
        key = self._key()
        return key, (None if key == self._shown_key else self.fetch())

    def question_key(self) -> tuple[Any, ...]:
        """What the answer depends on besides the database."""
        return tuple(sorted(self.session.question_fields.items())), self.session.subject

    def _key(self) -> Any:
        return (*self.question_key(), self.session.stamp())

    def _fetched(self, answer: tuple[Any, Any]) -> None:
        key, value = answer
        if key != self._shown_key:
            self._shown_key = key
            self.something()
            self.arrived(value)

    def _failed(self, error: RudeError) -> None:
        from engine.results.board import NoneScored
        from rubrics.errors import BadInput

        self._shown_key = None
        if self.session.question_fields and isinstance(error, BadInput):
            # The choice was one that nothing answers: say so, and go back to what can be shown.
            self.notify(error.what, severity="warning", markup=False)
            self.session.question_fields.clear()
            self.ask()
        else:
            self.say()
            text = self.missing(error)
            if isinstance(error, NoneScored):
                text = Text.assemble(("No pair could be scored\n\n", "bold"), plain(error.what), "\n→ ", error.fix)
                text.append("\n\n2 and ; show each run.")
            self.nothing(text)
            if not isinstance(error, BadInput):
                self.show_error(error)

    def _change(self, **changes: Any) -> None:
        self.session.question_fields.update(changes)
        self.ask()

    def action_again(self) -> None:
        """Read again whatever has changed."""
        self._shown_key = None
        self.ask()

    def action_protocol(self) -> None:
        """The other protocol, with its headline metric."""

        def switch(board: Any) -> None:
            other = "likelihood" if board.protocol == "choice" else "choice"
            self._change(protocol=other, metric=None, suite=board.suite_hash, template=None)

        self.load("choice", self.session.board, switch)

    def action_metric(self) -> None:
        """The next metric of the protocol."""

        def switch(board: Any) -> None:
            from engine.stats.metrics import METRICS

            names = [name for name, info in METRICS.items() if info.protocol == board.protocol]
            self._change(protocol=board.protocol, metric=names[(names.index(board.metric) + 1) % len(names)])

        self.load("choice", self.session.board, switch)

    def action_excluded(self) -> None:
        """Count the pairs that were excluded, or leave them out again."""
        counted = not self.session.question_fields.get("with_excluded", False)
        self.notify("Excluded pairs count" if counted else "Excluded pairs are left out", timeout=2, markup=False)
        self._change(with_excluded=counted)

    def action_grouping(self) -> None:
        """Choose what to split by."""
        from engine.results.pair_index import GROUPINGS

        self.app.push_screen(
            Choose(
                "Group by", [(name, name) for name in GROUPINGS], self.session.question_fields.get("by", "category")
            ),
            lambda by: self._change(by=by) if by else None,
        )

    def action_suite(self) -> None:
        """Choose among the suites that have runs."""

        def read() -> list[tuple[str, str]]:
            from engine.results.runs import suites_with_runs

            return [
                (
                    suite.suite_hash,
                    f"{suite.name}  {count(suite.n_scored, 'pair')} · {count(suite.n_runs, 'run')} · {suite.added_at}",
                )
                for suite in suites_with_runs(self.session.store)
            ]

        def choose(suites: list[tuple[str, str]]) -> None:
            if not suites:
                self.notify("No suite has a run yet", markup=False)
                return
            self.app.push_screen(
                Choose("Suite", suites, self.session.question_fields.get("suite")),
                lambda suite: self._change(suite=suite, protocol=None, metric=None, template=None) if suite else None,
            )

        self.load("choice", read, choose)
