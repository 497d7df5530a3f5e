"""The pairs on which two candidates differ, the one looked at, and both readings of it. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from engine.annotations.pairs import Annotation
    from engine.results.board import Board
    from engine.results.comparison import DifferingPair
    from engine.results.database import Store
    from engine.results.pair_words import PairWords
    from engine.results.side_by_side import SideBySide, Step
    from engine.results.tokens import TokenView
    from rubrics.errors import RudeError

__all__ = ["DuelState", "Read", "Winner", "differing", "read_duel"]

Winner = Literal["", "a", "b"]


@dataclass(frozen=True)
class Read:
    """What there is of one pair: both readings, or whose are missing and why."""

    pair_id: str
    duel: SideBySide | None
    lacking: str = ""
    """Label of the first candidate whose token scores are missing."""
    error: RudeError | None = None


@dataclass
class DuelState:
    """Two candidates, A and B, and where they differ."""

    board: Board
    a: str
    b: str
    title: str
    """The part of the suite that is looked at."""
    everything: Sequence[DifferingPair] = ()
    words: Mapping[str, PairWords] = field(default_factory=dict)
    winner: Winner = ""
    """Only the pairs that this one wins; empty for all."""
    read: Read | None = None
    annotations: Mapping[str, tuple[Annotation, ...]] = field(default_factory=dict)
    """What a person noted about pairs, by id."""

    @property
    def pairs(self) -> Sequence[DifferingPair]:
        """Those listed, the furthest apart first."""
        if not self.winner:
            return self.everything
        return [pair for pair in self.everything if (pair.score_a > pair.score_b) is (self.winner == "a")]

    @property
    def duel(self) -> SideBySide | None:
        """Both readings of the pair looked at, where there are both."""
        return self.read.duel if self.read is not None else None

    def step(self, number: int) -> Step | None:
        """One of the places where the two part, the largest swing first."""
        steps = self.duel.steps if self.duel is not None else ()
        return steps[number] if number < len(steps) else None

    def loser(self, pair: DifferingPair) -> str:
        """Who of the two does worse on a pair."""
        return self.a if pair.score_a < pair.score_b else self.b


def differing(store: Store, board: Board, a: str, b: str, by: str, part: str) -> DuelState:
    """The pairs of a part on which two candidates differ; blocks.

    Raises:
        RudeError: no such part, or the store cannot be read.
    """
    from engine.results.comparison import differing_pairs
    from engine.results.pair_words import pair_words

    pairs = differing_pairs(board, a, b, by=by, part=part)
    words, noted = pair_words(store, board.suite_hash), board.annotations
    return DuelState(board, a, b, part or "all pairs", pairs, words, annotations=noted)


def read_duel(store: Store, board: Board, a: str, b: str, pair_id: str) -> Read:
    """Both candidates' token scores of a pair, as far as there are any; blocks.

    Raises:
        StoreError: the store cannot be read.
    """
    from engine.results.side_by_side import side_by_side
    from engine.results.tokens import token_view
    from rubrics.errors import BadInput

    views: list[TokenView] = []
    for label in (a, b):
        try:
            views.append(token_view(store, board, label, pair_id))
        except BadInput as error:
            return Read(pair_id, None, label, error)
    return Read(pair_id, side_by_side(*views))
