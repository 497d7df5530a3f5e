"""One candidate's token scores of one pair: every token with its place in the text, or what makes them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.layout.requests import TokenScores
from engine.results.board import Board
from engine.store.candidates import candidate_place
from engine.store.connection import Store, default_path
from engine.store.runs import asked_besides
from engine.store.suites import find_pair, suite_source
from engine.store.tokens import tokens_of_pairs
from rubrics.errors import BadInput, StoreError
from rubrics.schema import Pair

__all__ = ["ResponseTokens", "TokenView", "token_view", "token_views"]


@dataclass(frozen=True, eq=False)
class ResponseTokens:
    """A response cut into its tokens; arrays have shape (tokens,)."""

    text: str
    ends: npt.NDArray[np.int64]
    """Characters of the text that are read once the token is; a token with part of a character may add none."""
    scores: TokenScores

    def __len__(self) -> int:
        return len(self.ends)

    @cached_property
    def sums(self) -> npt.NDArray[np.float64]:
        """Log-likelihood of the response up to and with each token, nats."""
        sums: npt.NDArray[np.float64] = np.cumsum(self.scores.logprob, dtype=np.float64)
        return sums

    def pieces(self) -> list[str]:
        """The text of each token; empty for one that only adds to a character."""
        return [self.text[a:b] for a, b in zip([0, *self.ends[:-1].tolist()], self.ends.tolist(), strict=True)]

    def sum_at(self, places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Log-likelihood, nats, of the first so many characters; inside a token in proportion."""
        # Of the tokens that end at one place the last counts.
        last = np.append(self.ends[1:] != self.ends[:-1], True)
        ends, sums = self.ends[last], self.sums[last]
        if ends[0] > 0:
            ends, sums = np.append(0, ends), np.append(0.0, sums)
        interpolated: npt.NDArray[np.float64] = np.interp(places, ends, sums)
        return interpolated

    def token_at(self, place: float) -> int:
        """The token that holds the character at a place."""
        return min(int(np.searchsorted(self.ends, place, side="right")), len(self) - 1)


@dataclass(frozen=True, eq=False)
class TokenView:
    """Both responses of a pair, token by token, as one candidate read them under `likelihood`."""

    pair_id: str
    candidate: str
    run_id: str
    chosen: ResponseTokens
    rejected: ResponseTokens


def token_view(store: Store, board: Board, candidate: str, pair_id: str) -> TokenView:
    """The token scores of a pair: those of the run on the board, else of the candidate's newest run that has them.

    Raises:
        BadInput: there are none; its `shell` is the command that makes them.
        StoreError: what is stored is damaged.
    """
    pair = find_pair(store, board.suite_hash, pair_id)
    views = token_views(store, board, candidate, [pair])
    if not views:
        label = board.entrant(candidate).label
        raise BadInput(
            f"{label} has no token scores of this pair",
            where=pair_id,
            fix="score it again with token scores",
            shell=_shell_command(store, board, label),
        )
    return views[pair_id]


def token_views(store: Store, board: Board, candidate: str, pairs: Sequence[Pair]) -> dict[str, TokenView]:
    """The same of many pairs in one reading, by pair id; those without token scores are left out.

    Raises:
        BadInput: no such candidate.
        StoreError: what is stored is damaged.
    """
    entrant = board.entrant(candidate)
    rows = tokens_of_pairs(
        store, board.suite_hash, [pair.id for pair in pairs],
        weights_hash=entrant.weights_hash, precision=entrant.precision, first=entrant.run.run_id,
    )  # fmt: skip
    runs: dict[str, str] = {}
    packed: dict[str, dict[str, tuple[bytes, list[int]]]] = {}
    for row in rows:
        if runs.setdefault(row.pair_id, row.run_id) == row.run_id:
            packed.setdefault(row.pair_id, {})[row.view] = row.scores, row.lengths
    return {
        pair.id: TokenView(
            pair.id, entrant.label, runs[pair.id],
            _response(pair.chosen, *packed[pair.id]["chosen"]), _response(pair.rejected, *packed[pair.id]["rejected"]),
        )
        for pair in pairs
        if {"chosen", "rejected"} <= packed.get(pair.id, {}).keys()
    }  # fmt: skip


def _response(text: str, packed: bytes, lengths: list[int]) -> ResponseTokens:
    fix, shell = "score the pair again into another database", "rude-tui run … --token-scores --db FILE"
    try:
        scores = TokenScores.from_bytes(packed)
    except ValueError as error:
        raise StoreError(str(error), fix=fix, shell=shell) from None
    places = np.cumsum([len(character.encode()) for character in text])
    reached = np.cumsum(lengths)
    if not len(scores) or len(lengths) != len(scores) or reached[-1] != places[-1]:
        raise StoreError("token scores do not fit the response", fix=fix, shell=shell)
    return ResponseTokens(text, np.searchsorted(places, reached, side="right").astype(np.int64), scores)


def _shell_command(store: Store, board: Board, label: str) -> str:
    run = board.entrant(label).run
    with store.snapshot():
        place, source = candidate_place(store, run.weights_hash), suite_source(store, run.suite_hash)
        served = asked_besides(store, run.run_id).served
    words = ["rude-tui", "run", "--model", served.address if served else place or run.candidate]
    words += ["--tokenizer", served.tokenizer] if served else []
    words += ["--suite", (source and source.path) or run.suite, "--protocol", "likelihood"]
    words += [] if served else ["--precision", run.precision, "--device", run.device]
    if run.protocol == "likelihood":
        # What the run on the board was made with, so that the same numbers are gone through again.
        words += ["--shots", str(run.shots)] if run.shots is not None else []
        words += ["--show-criteria"] if run.show_criteria else []
        words += ["--limit", str(run.n_wanted)] if source and run.n_wanted < source.n_scored else []
    words += ["--seed", str(run.seed)] if run.seed else []
    words.append("--token-scores")
    if store.path != default_path():
        words += ["--db", str(store.path)]
    return shlex.join(words)
