"""Abilities by topic, the cell under the cursor, and what of them fits. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.results.topic_abilities import (
        ResponseKind,
        TopicAbilities,
        TopicCell,
        TopicKind,
        WholeAbility,
    )
    from screens.shell.session import Session

__all__ = ["TopicsState", "Window", "read_topics"]

_NAME = 28
_WIDEST = 18


@dataclass(frozen=True)
class Window:
    """The columns that fit: `overall` is the first, topics follow."""

    name: int
    width: int
    first: int
    count: int

    @classmethod
    def fitting(cls, room: int, names: Sequence[int], columns: int, column: int, skip: int, widest: int = 0) -> Window:
        """As many as fit beside the names, the one under the cursor among them.

        Args:
            room: cells of a line.
            names: cells of each candidate's name.
            skip: columns scrolled past before.
            widest: cells of the longest name of a column.
        """
        name = max(8, min(_NAME, max(names), room // 5 + 1))
        # “+0.41▲(10–12) ” for ten candidates and more.
        cell = 10 + 2 * len(str(len(names)))
        count = max(1, min(columns, (room - name - 2) // cell))
        first = min(max(skip, column - count + 1), column, max(0, columns - count))
        # Names of columns, then those of candidates, then air between the numbers.
        width = max(cell, min((room - name - 2) // count, widest + 1))
        name = min(max(8, *names), max(name, room - 2 - width * count))
        return cls(name, max(width, min((room - name - 2) // count, _WIDEST)), first, count)


@dataclass
class TopicsState:
    """What is asked for, and what is shown of it."""

    by: TopicKind = "category"
    response: ResponseKind = "wins"
    found: TopicAbilities | None = None
    column: int = 0
    skip: int = 0
    errors: bool = False
    """Whether cells have errors in place of places."""

    @property
    def columns(self) -> list[str]:
        """`overall`, then every topic."""
        return ["overall", *self.found.topics] if self.found is not None else []

    def take(self, found: TopicAbilities) -> None:
        """Show other abilities."""
        self.found = found
        self.column = min(self.column, len(self.columns) - 1)

    def cell(self, one: WholeAbility, column: int) -> WholeAbility | TopicCell:
        """One candidate in one column."""
        return one.cells[column - 1] if column else one

    def move(self, step: int) -> None:
        """Another column is under the cursor."""
        self.column = min(max(0, self.column + step), max(0, len(self.columns) - 1))

    def next_grouping(self) -> None:
        """Split by the next thing."""
        from engine.results.topic_abilities import TOPICS

        self.by, self.column, self.skip = TOPICS[(TOPICS.index(self.by) + 1) % len(TOPICS)], 0, 0

    def next_response(self) -> None:
        """Wins and losses, or margins, whichever it was not."""
        from engine.results.topic_abilities import RESPONSES

        self.response = RESPONSES[(RESPONSES.index(self.response) + 1) % len(RESPONSES)]


def read_topics(session: Session, by: TopicKind, response: ResponseKind) -> TopicAbilities:
    """The session's question, topic by topic; blocks.

    Raises:
        RudeError: nothing answers it, or it cannot be told.
    """
    from engine.results.topic_abilities import topic_abilities

    return session.cached(
        "topics", (session.question(), by, response),
        lambda: topic_abilities(session.board(), by=by, response=response),
    )  # fmt: skip
