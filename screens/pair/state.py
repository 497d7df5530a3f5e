"""A pair ready to draw, those beside it read ahead, and how likely a response was. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rubrics.counted import count
from screens.pair.compared import compared
from screens.pair.text import criteria_plain, pair_plain
from screens.shell.pair_walk import PairWalk
from screens.shell.plain import plain

if TYPE_CHECKING:
    from engine.results.board import Board
    from engine.results.database import Store
    from engine.results.failures import PairVerdict, PairView
    from engine.results.word_difference import Difference

__all__ = ["PairState", "ShownPair", "likelihood", "read_pair"]


@dataclass(frozen=True)
class ShownPair:
    """A pair ready to draw: its texts made plain, and compared."""

    view: PairView
    prompt: str
    chosen: str
    rejected: str
    difference: Difference

    def parts(self) -> dict[str, str]:
        """What of it can be copied, by name."""
        return {
            "all": pair_plain(self.view.pair),
            "prompt": self.prompt,
            "chosen": self.chosen,
            "rejected": self.rejected,
            "criteria": criteria_plain(self.view.pair),
        }


@dataclass
class PairState:
    """The pair looked at, whose failure it is, and its neighbours."""

    board: Board
    subject: str
    """Label of the candidate whose failures are read."""
    walk: PairWalk
    shown: ShownPair | None = None
    marking: bool = True
    """Whether differing words are marked."""
    ahead: dict[str, ShownPair] = field(default_factory=dict)
    """By id: this pair and those near it, as far as they are read."""

    def take(self, shown: ShownPair) -> list[str]:
        """Show a pair, and forget those that are far from it; gives back the ids near it that are not read yet."""
        self.shown = shown
        near = self.walk.near()
        missing = [pair_id for pair_id in near if pair_id not in self.ahead]
        nearby = {pair_id: pair for pair_id, pair in self.ahead.items() if pair_id in near}
        self.ahead = {**nearby, shown.view.pair.id: shown}
        return missing

    @property
    def verdict(self) -> PairVerdict | None:
        """What the candidate did on the pair shown."""
        verdicts: Iterable[PairVerdict] = self.shown.view.verdicts if self.shown is not None else ()
        return next((verdict for verdict in verdicts if verdict.candidate == self.subject), None)


def read_pair(store: Store, board: Board, pair_id: str) -> ShownPair:
    """Read a pair and compare its responses; blocks.

    Raises:
        BadInput: the suite holds no such pair.
        StoreError: the store cannot be read.
    """
    from engine.results.failures import pair_view

    view = pair_view(store, board, pair_id)
    read = compared(view.pair)
    return ShownPair(view, plain(view.pair.prompt_text), read.chosen, read.rejected, read.difference)


def likelihood(verdict: PairVerdict, *, chosen: bool) -> str:
    """How likely a response was, in nats and by its length; empty for a protocol that does not say."""
    total = verdict.ll_chosen if chosen else verdict.ll_rejected
    tokens = verdict.tokens_chosen if chosen else verdict.tokens_rejected
    length = verdict.bytes_chosen if chosen else verdict.bytes_rejected
    parts = []
    if not math.isnan(total):
        parts.append(f"{total:.1f} nats".replace("-", "−"))
        if length and not math.isnan(length):
            parts.append(f"{total / length:.3f} a byte".replace("-", "−"))
    if tokens and not math.isnan(tokens):
        parts.append(count(int(tokens), "token"))
    return "  " + " · ".join(parts) if parts else ""
