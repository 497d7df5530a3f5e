"""Pairs on trial as they are read, narrowed by what was found of them, and sorted. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from screens.shell.order import Order

if TYPE_CHECKING:
    from engine.results.board import Board
    from engine.results.pair_trial import Model, PairTrial, Trial
    from rubrics.errors import RudeError
    from screens.shell.session import Session

__all__ = ["ItemsState", "TrialRead", "read_trial"]


@dataclass(frozen=True)
class TrialRead:
    """A trial, and the board it was made on."""

    board: Board
    trial: Trial | None
    refused: RudeError | None = None
    """Why these candidates cannot try pairs."""


def read_trial(session: Session, model: Model) -> TrialRead:
    """Put the pairs of the session's question on trial; blocks.

    Raises:
        RudeError: nothing answers the question, or the store cannot be read.
    """
    from engine.results.pair_trial import try_pairs
    from rubrics.errors import BadInput

    board = session.board()
    try:
        return TrialRead(board, try_pairs(board, model=model))
    except BadInput as error:
        return TrialRead(board, None, error)


@dataclass
class ItemsState:
    """The trial on screen, and what a person has made of it."""

    board: Board | None = None
    trial: Trial | None = None
    """None while there is nothing to show, as the board is."""
    model: Model = "auto"
    order: Order = field(default_factory=lambda: Order("suspicion"))
    finding: str = ""
    """Only pairs of which this was found; empty: all."""
    shown: list[PairTrial] = field(default_factory=list)

    def take(self, board: Board, trial: Trial) -> bool:
        """Show another trial; whether it is of the same suite, so that the cursor stays."""
        same = self.board is not None and self.board.suite_hash == board.suite_hash
        self.board, self.trial = board, trial
        if not same:
            self.finding = ""
        return same

    def forget(self) -> None:
        """There is nothing to show."""
        self.board = self.trial = None

    def arrange(self) -> None:
        """Narrow and sort anew."""
        assert self.trial is not None
        pairs = self.trial.sorted(self.order.by, reverse=self.order.reverse)
        self.shown = [pair for pair in pairs if not self.finding or self.finding in pair.findings]

    def keep(self, finding: str) -> None:
        """Only pairs of which this was found, or `all`."""
        self.finding = "" if finding == "all" else finding

    def other_model(self) -> None:
        """Rasch or 2PL, whichever it was not."""
        assert self.trial is not None
        self.model = "rasch" if self.trial.model == "2pl" else "2pl"

    def at(self, index: int) -> PairTrial | None:
        """The pair in that line."""
        return self.shown[index] if index < len(self.shown) else None
