"""What speaks against a suite once candidates have been scored on it; a ranking is not to be read without it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from engine.results.board import Board, Question
from engine.results.pair_trial import RELIABLE, try_pairs
from engine.results.rankings import RankingTable, rankings
from engine.store.connection import Store
from engine.store.pairs import cluster_prompts
from rubrics.check.templates import template_copies, template_warning
from rubrics.counted import all_of, count
from rubrics.errors import BadInput

__all__ = ["inverted", "suspicions"]

_MOST: Final = 30, 15_000
"""Candidates and verdicts beyond which pairs are tried on the Items screen alone: a ranking has to open at once."""
_NAMED: Final = 3


def suspicions(store: Store, board: Board, table: RankingTable) -> tuple[str, ...]:
    """Each suspicion in a sentence: runs that are doubted since, labels that seem to be turned, as a whole or in single
    pairs; one template."""
    about_suite = _inverted(table), _contradicted(board), _copies(store, board.suite_hash)
    return (*_doubted(board), *filter(None, about_suite))


def _doubted(board: Board) -> list[str]:
    """Runs against which something has become known since they were scored."""
    return [f"{e.label}: {doubt}" for e in board.entrants if (doubt := e.run.facts.get("doubt"))]


def inverted(store: Store, question: Question) -> str:
    """Whether every candidate is surely below chance on a suite, in a sentence; empty where not, or not known."""
    try:
        return _inverted(rankings(store, question))
    except BadInput:
        return ""


def _inverted(table: RankingTable) -> str:
    """All candidates surely below chance; of a lone one, no more than half of chance."""
    rows = table.overall.rows
    # Comparisons with NaN are false, so a candidate of which nothing is known speaks for the suite.
    below = all(row.ci_high < table.chance for row in rows)
    if not rows or not below or (len(rows) == 1 and rows[0].value > table.chance / 2):
        return ""
    whose = "the only candidate is" if len(rows) == 1 else f"{all_of(len(rows), 'candidates')} are"
    return f"{whose} surely below chance: are chosen and rejected changed over in {table.suite}?"


def _contradicted(board: Board) -> str:
    """Pairs whose labels an item analysis contradicts."""
    if len(board.entrants) > _MOST[0] or board.matrix.scores.size > _MOST[1]:
        return ""
    try:
        trial = try_pairs(board)
    except BadInput:
        return ""
    names = [pair.pair_id for pair in trial.pairs_with("reversed")]
    strong = [board.matrix.index(ability.candidate) for ability in trial.abilities if ability.strong]
    # Where even the strong are often wrong, most of what they all fail is hard, not mislabelled.
    if strong and float(np.nanmean(board.matrix.scores[strong])) >= RELIABLE:
        names = list(dict.fromkeys([*names, *(pair.pair_id for pair in trial.pairs_with("suspect"))]))
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"{count(len(names), 'pair')} whose label the candidates contradict ({', '.join(names[:_NAMED])}{more}): "
        "put the pairs on trial"
    )


@lru_cache(maxsize=8)
def _copies(store: Store, suite_hash: str) -> str:
    # A suite never changes under its hash.
    return template_warning(template_copies(cluster_prompts(store, suite_hash)))
