"""A blind reading: the responses laid out, what was said of each criterion, and the way back. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.construct.blind import Sheet
    from engine.construct.review import Item
    from engine.results.database import Store

__all__ = ["PORTION", "ReviewChoices", "ReviewState", "keep_answer", "lay_out"]

PORTION: Final = 40
"""Responses laid out at a time."""

Answer = tuple[str, int]
"""An item, and which of its criteria, from 0."""


@dataclass
class ReviewChoices:
    """What is kept between visits."""

    reader: str = "me"
    """Who reads."""


def lay_out(store: Store, run_id: str, reader: str, number: int) -> Sheet:
    """Responses of a construction to read, with what this reader has said of them; blocks.

    Raises:
        BadInput: there is nothing to read yet.
        StoreError: the store cannot be read.
    """
    from engine.construct.blind import lay_out_sheet

    return lay_out_sheet(store, run_id, reader, number)


def keep_answer(store: Store, sheet: Sheet, state: ReviewState, item: Item, number: int) -> None:
    """Keep what holds now for a criterion of a response, or that nothing does; blocks.

    Args:
        sheet: the one that the answer was given on.

    Raises:
        StoreError: the store cannot be written.
    """
    from engine.construct import blind

    # What holds when the turn comes, so that the last word is the one that stays.
    blind.keep_answer(store, sheet, item, number, state.answer_of(item, number))


@dataclass
class ReviewState:
    """Where the reader is, and what was said so far."""

    number: int = PORTION
    """Responses asked for."""
    sheet: Sheet | None = None
    answers: dict[Answer, bool] = field(default_factory=dict)
    """Whether a criterion is met; nothing stands for what is open."""
    at: int = 0
    """The response looked at, by its place on the sheet; its length where all are read."""
    criterion: int = 0
    """The one marked."""
    warned: bool = False
    """Whether it was said that something is open."""
    _trail: list[tuple[int, Answer, bool | None]] = field(default_factory=list)
    """Answers given, with what held before each."""

    def take(self, sheet: Sheet) -> None:
        """Another sheet, from the first response of which nothing was said."""
        self.sheet, self.answers, self._trail = sheet, dict(sheet.answers), []
        self.go(self.unread(0))

    @property
    def item(self) -> Item | None:
        """The response looked at; None where all are read."""
        return self.sheet.items[self.at] if self.sheet and self.at < len(self.sheet.items) else None

    @property
    def unread_count(self) -> int:
        """Responses of which nothing was said."""
        return sum(not self.answered(item) for item in self.sheet.items) if self.sheet else 0

    def go(self, at: int) -> None:
        """To another response."""
        self.at, self.criterion, self.warned = at, 0, False

    def unread(self, start: int) -> int:
        """The first response from there on of which nothing has been said; round again; the number of all if none."""
        items = self.sheet.items if self.sheet else ()
        order = [*range(start, len(items)), *range(min(start, len(items)))]
        return next((at for at in order if not self.answered(items[at])), len(items))

    def answered(self, item: Item) -> int:
        """Criteria of a response that something was said of."""
        return sum((item.item, number) in self.answers for number in range(len(item.criteria)))

    def answer_of(self, item: Item, number: int) -> bool | None:
        """Whether a criterion is met; None while it is open."""
        return self.answers.get((item.item, number))

    def open_criteria(self) -> list[int]:
        """Criteria of the response looked at that nothing was said of."""
        item = self.item
        numbers = range(len(item.criteria)) if item is not None else ()
        return [number for number in numbers if item is not None and (item.item, number) not in self.answers]

    def say(self, number: int, met: bool) -> None:
        """Answer for a criterion of the response looked at."""
        assert self.item is not None
        key = (self.item.item, number)
        self._trail.append((self.at, key, self.answers.get(key)))
        self.answers[key] = met
        self.warned = False

    def undo(self) -> tuple[int, int] | None:
        """Take the last answer back, wherever it was given.

        Returns:
            The response and the criterion it was about; None where there is none.
        """
        if not self._trail or self.sheet is None:
            return None
        at, key, before = self._trail.pop()
        if before is None:
            self.answers.pop(key, None)
        else:
            self.answers[key] = before
        return at, key[1]

    def step(self, step: int) -> int:
        """The response so many before or after, read or not."""
        return min(max(0, self.at + step), len(self.sheet.items)) if self.sheet else 0

    def mark(self, step: int) -> None:
        """Mark the criterion so many before or after."""
        if self.item is not None:
            self.criterion = min(max(0, self.criterion + step), len(self.item.criteria) - 1)
