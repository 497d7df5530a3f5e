"""A pair token by token: where each token stands on the running difference, and in the other response. Plain Python."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from screens.shell.pair_walk import PairWalk
from screens.shell.plain import plain

if TYPE_CHECKING:
    from engine.results.board import Board
    from engine.results.database import Store
    from engine.results.running_difference import RunningDifference
    from engine.results.tokens import ResponseTokens, TokenView
    from rubrics.errors import RudeError

__all__ = ["SIDES", "Scored", "Side", "TokensState", "quoted", "read_tokens"]

Side = Literal["chosen", "rejected"]
SIDES: tuple[Side, Side] = ("chosen", "rejected")


@dataclass(frozen=True)
class Scored:
    """Both responses with the scores of their tokens, and how the difference of the two ran."""

    view: TokenView
    running: RunningDifference

    def tokens(self, side: Side) -> ResponseTokens:
        """The tokens of one response."""
        return self.view.chosen if side == "chosen" else self.view.rejected

    def token_at(self, side: Side, point: int) -> int:
        """The token of a response that is read last at a point of the curve."""
        places = self.running.chosen if side == "chosen" else self.running.rejected
        return int(self.tokens(side).token_at(max(0.0, float(places[point]) - 0.5)))

    def point_of(self, side: Side, token: int) -> int:
        """The point of the curve at the end of a token."""
        return int(self.running.point(float(self.tokens(side).ends[token]) - 1e-9, chosen=side == "chosen"))

    @property
    def ahead(self) -> Side:
        """The response that is ahead at the end."""
        return "chosen" if self.running.end > 0 else "rejected"

    @property
    def per_byte(self) -> float:
        """The difference of the log-likelihoods per byte, in nats."""
        responses = self.view.chosen, self.view.rejected
        chosen, rejected = (float(tokens.sums[-1]) / len(tokens.text.encode()) for tokens in responses)
        return chosen - rejected

    def table(self, side: Side) -> str:
        """The tokens of one response with their scores, tab-separated, to be copied."""
        tokens = self.tokens(side)
        scores = tokens.scores
        lines = ["token\tlogprob\trank\tentropy"]
        for i, piece in enumerate(tokens.pieces()):
            shown = quoted(piece)[1:-1]
            # What a server did not tell stays empty.
            rank = str(scores.rank[i]) if scores.rank[i] else ""
            entropy = "" if math.isnan(scores.entropy[i]) else f"{scores.entropy[i]:.3f}"
            lines.append(f"{shown}\t{scores.logprob[i]:.4f}\t{rank}\t{entropy}")
        return "\n".join(lines) + "\n"


@dataclass
class TokensState:
    """The pair looked at, and whose token scores."""

    board: Board
    subject: str
    """Label of the candidate."""
    walk: PairWalk
    scored: Scored | None = None
    missing: RudeError | None = None
    """Why there are no scores of the pair, and how to make them."""

    def take(self, scored: Scored) -> None:
        """There are scores."""
        self.scored, self.missing = scored, None

    def lack(self, error: RudeError) -> None:
        """There are none."""
        self.scored, self.missing = None, error


def read_tokens(store: Store, board: Board, subject: str, pair_id: str) -> Scored:
    """The token scores of a pair; blocks.

    Raises:
        RudeError: they were not kept, or the store cannot be read.
    """
    from engine.results.running_difference import running_difference
    from engine.results.tokens import token_view

    view = token_view(store, board, subject, pair_id)
    return Scored(view, running_difference(view))


def quoted(piece: str) -> str:
    """A token's text in quotes on one line, its blanks marked: a leading space is part of most tokens."""
    visible = plain(piece)[:24].replace("\n", "⏎").replace(" ", "␣")
    return "“" + (visible or "·") + "”"
