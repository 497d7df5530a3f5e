"""Token scores of responses, packed as `engine.store.verdicts.add_verdicts` was given them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.store.connection import Store

__all__ = ["ChosenTokens", "StoredTokens", "chosen_tokens", "tokens_of_pairs"]


class StoredTokens(NamedTuple):
    """Token scores of one response in one run."""

    pair_id: str
    run_id: str
    view: str
    """`chosen` or `rejected`."""
    scores: bytes
    """`engine.layout.requests.TokenScores`, packed."""
    lengths: list[int]
    """(tokens,): UTF-8 bytes of the response that each token stands for."""


class ChosenTokens(NamedTuple):
    """Token scores of one pair's chosen response in one run, and its text."""

    run_id: str
    pair_id: str
    scores: bytes
    lengths: list[int]
    text: str


def tokens_of_pairs(
    store: Store, suite_hash: str, pair_ids: Sequence[str], *, weights_hash: str, precision: str, first: str
) -> list[StoredTokens]:
    """Token scores of these pairs in every run of a candidate that was shown the prompt, plainly worded.

    Args:
        first: the run whose scores come before all others; theirs follow newest first.
    """
    with store.reading() as connection:
        rows = connection.execute(
            "select t.pair_id, t.run_id, t.view, t.scores, t.lengths from token_scores t join runs r using (run_id) "
            "where t.pair_id = any(?::varchar[]) and r.suite_hash = ? and r.weights_hash = ? and r.precision = ? "
            "and r.prompt = 'own' and (r.run_id = ? or json_extract(r.run_key, '$.wording') is null) "
            "order by r.run_id = ? desc, r.created_at desc, r.run_id",
            [list(pair_ids), suite_hash, weights_hash, precision, first, first],
        ).fetchall()
    return [StoredTokens(*row) for row in rows]


def chosen_tokens(store: Store, run_ids: Sequence[str]) -> list[ChosenTokens]:
    """Token scores of every chosen response in these runs, by run and place in the suite."""
    with store.reading() as connection:
        rows = connection.execute(
            "select t.run_id, t.pair_id, t.scores, t.lengths, p.chosen from token_scores t join runs r using (run_id) "
            "join pairs p on p.suite_hash = r.suite_hash and p.pair_id = t.pair_id "
            "where t.view = 'chosen' and t.run_id in (select unnest(?::varchar[])) order by t.run_id, p.position",
            [list(run_ids)],
        ).fetchall()
    return [ChosenTokens(*row) for row in rows]
