"""Is the ranking the wording's? Every candidate under every wording that it was scored in, on the same pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.layout.wordings import PLAIN_NAME
from engine.results.board import Board, Entrant, Question, load_board, scores_of
from engine.results.weights import leading_scope
from engine.stats.clusters import Clusters
from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.p_value import p_is
from engine.stats.ranking import Ranking, rank
from engine.stats.variance_shares import VarianceShares, variance_shares
from engine.store.connection import Store
from engine.store.runs import RunRow, stored_runs
from engine.store.verdicts import load_verdicts
from rubrics.counted import all_of, count
from rubrics.errors import BadInput

__all__ = ["HELP", "Overturn", "Reworded", "WordingTable", "any_wordings", "turn_words", "wording_table", "wordings_of"]

HELP: Final = {
    "value": "accuracy in one wording, on the pairs that every candidate has scored in every wording shown",
    "averaged": "each pair's score averaged over the wordings, then ranked as ever: intervals and tests over clusters",
    "low": "the lowest accuracy over the wordings",
    "high": "the highest",
    "candidates": "share of the variance of all these accuracies that lies between candidates",
    "wordings": "share that is of the wording and moves all candidates alike: it changes no ranking",
    "both": "share that is of a candidate in a wording: what turns rankings",
    "chance": "what other pairs of this kind would change, taken off the three",
}
"""One line on each number."""
_RESAMPLES: Final = 2_000


@dataclass(frozen=True)
class Reworded:
    """One candidate."""

    candidate: str
    values: tuple[float, ...]
    """Accuracy in each wording of the table."""
    ranks: tuple[int, ...]
    """Place in each; equal values share one."""

    @property
    def low(self) -> float:
        """The lowest accuracy."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The highest accuracy."""
        return max(self.values)


@dataclass(frozen=True)
class Overturn:
    """A wording in which somebody else is first than on average."""

    wording: str
    first: str
    lead: float
    """Of that one over the one that is first on average, in that wording."""
    p_adjusted: float
    """Of that lead, adjusted by Holm for every two candidates in that wording."""


@dataclass(frozen=True)
class WordingTable:
    """Candidates in the order of their average over wordings."""

    suite: str
    suite_hash: str
    protocol: str
    metric: str
    chance: float
    wordings: tuple[str, ...]
    """Labels; the plain one, where it is among them, is first."""
    rows: tuple[Reworded, ...]
    averaged: Ranking
    shares: VarianceShares | None
    """None for one candidate alone."""
    turns: tuple[Overturn, ...]
    n_pairs: int
    n_clusters: int
    notes: tuple[str, ...]

    @property
    def first(self) -> str:
        """The candidate that is first on average."""
        return self.averaged.rows[0].candidate

    @property
    def sure(self) -> tuple[Overturn, ...]:
        """The turns that the tests tell from chance."""
        return tuple(turn for turn in self.turns if turn.p_adjusted <= 1 - self.averaged.level)


def wording_table(store: Store, question: Question) -> WordingTable:
    """Accuracy and place of every candidate in every wording, and a ranking that is averaged over them.

    Raises:
        BadInput: nothing has been scored, or in one wording alone.
    """
    with store.snapshot():
        board = load_board(store, question)
        scope = leading_scope(board.index, board.matrix, question.weights, "common")
        return wordings_of(store, board, scope)


def wordings_of(store: Store, board: Board, scope: Scope) -> WordingTable:
    """The same of a board already loaded.

    Args:
        scope: the pairs that count.

    Raises:
        BadInput: see `wording_table`.
    """
    with store.snapshot():
        by_wording = _runs(board, stored_runs(store, board.suite_hash))
        entrants, wordings, notes = _kept(board, by_wording)
        runs = [[by_wording[entrant.label][wording] for wording in wordings] for entrant in entrants]
        raw = load_verdicts(store, board.protocol, [run.run_id for row in runs for run in row])
    pairs = len(board.index.pair_id)
    # (candidates, wordings, pairs)
    scores = np.stack([scores_of([raw[run.run_id] for run in row], board.metric, pairs) for row in runs])
    everywhere = ~np.isnan(scores).any(axis=(0, 1)) & board.index.scored
    if not everywhere.any():
        raise BadInput("no pair has been scored by all of them in all wordings", where=board.suite)
    scores[:, :, ~everywhere] = np.nan
    labels = tuple(entrant.label for entrant in entrants)
    averaged = rank(_matrix(board, labels, scores.mean(axis=1)), scope, chance=board.chance, resamples=_RESAMPLES)
    ranked = [
        rank(_matrix(board, labels, scores[:, column]), scope, chance=board.chance, resamples=_RESAMPLES)
        for column in range(len(wordings))
    ]
    clusters, sums, sizes = _cluster_sums(board, scores, scope, everywhere)
    return WordingTable(
        board.suite, board.suite_hash, board.protocol, board.metric, board.chance, tuple(wordings),
        tuple(_row(row.candidate, ranked) for row in averaged.rows), averaged,
        variance_shares(sums, sizes) if len(labels) > 1 else None, tuple(_turns(averaged, wordings, ranked)),
        int(everywhere.sum()), clusters, (*notes, *_left_out(board, everywhere)),
    )  # fmt: skip


def any_wordings(store: Store, board: Board, scope: Scope) -> WordingTable | None:
    """The same where the board's candidates have been scored in other wordings; None where they have not."""
    if len({name for own in _runs(board, stored_runs(store, board.suite_hash)).values() for name in own}) < 2:
        return None
    try:
        return wordings_of(store, board, scope)
    except BadInput:
        return None


def _runs(board: Board, runs: Sequence[RunRow]) -> dict[str, dict[str, RunRow]]:
    """By label and wording, the newest run that differs from the one on the board in its wording alone."""
    found: dict[str, dict[str, RunRow]] = {}
    for entrant in board.entrants:
        own = entrant.run
        found[entrant.label] = {own.wording or PLAIN_NAME: own}
        for run in runs:
            alike = (run.scored, run.protocol, run.prompt, run.seed, run.shots, run.show_criteria) == (
                own.scored, own.protocol, own.prompt, own.seed, own.shots, own.show_criteria,
            )  # fmt: skip
            if alike and run.n_scored:
                found[entrant.label].setdefault(run.wording or PLAIN_NAME, run)
    return found


def _kept(board: Board, by_wording: Mapping[str, Mapping[str, RunRow]]) -> tuple[list[Entrant], list[str], list[str]]:
    """Who and which wordings make a full table: the wordings that most candidates have, and those that have all."""
    many = Counter(name for own in by_wording.values() for name in own)
    others = {name: n for name, n in many.items() if name != PLAIN_NAME}
    if not others or len(many) < 2:
        raise BadInput(
            "scored in one wording alone",
            where=f"{board.suite}, {board.protocol}",
            fix="score the candidates in other wordings too",
            shell="rude-tui run … --wordings all",
        )
    most = max(others.values())
    wordings = [name for name in (PLAIN_NAME, *sorted(others)) if many[name] >= most]
    entrants = [entrant for entrant in board.entrants if set(wordings) <= by_wording[entrant.label].keys()]
    if not entrants or len(wordings) < 2:
        raise BadInput("no candidate has been scored in all of them", where=board.suite, fix="score them alike")
    notes = []
    if dropped := sorted(many.keys() - set(wordings)):
        notes.append(f"not shown: {', '.join(dropped)}, in which fewer candidates were scored")
    if missing := [entrant.label for entrant in board.entrants if entrant not in entrants]:
        notes.append(f"left out: {', '.join(missing)}, not scored in all of these wordings")
    unfinished = [
        f"{entrant.label} in {name}" for entrant in entrants for name in wordings
        if (run := by_wording[entrant.label][name]).n_scored < run.n_wanted - run.n_skipped
    ]  # fmt: skip
    if unfinished:
        notes.append(f"not scored to the end: {', '.join(unfinished)}")
    return entrants, wordings, notes


def _matrix(board: Board, labels: tuple[str, ...], scores: npt.NDArray[Any]) -> ScoreMatrix:
    index = board.index
    return ScoreMatrix(labels, index.pair_id, index.group, index.cluster, scores.astype(np.float32))


def _cluster_sums(
    board: Board, scores: npt.NDArray[Any], scope: Scope, everywhere: npt.NDArray[Any]
) -> tuple[int, npt.NDArray[Any], npt.NDArray[Any]]:
    clusters = Clusters(board.index.cluster[everywhere])
    weight = scope.weight[everywhere]
    candidates, wordings, _ = scores.shape
    cells = scores[:, :, everywhere].reshape(candidates * wordings, -1)[:, clusters.order]
    sums = clusters.sums(cells, weight).reshape(candidates, wordings, -1)
    (sizes,) = clusters.sums(np.ones((1, cells.shape[1])), weight)
    counted = sizes > 0
    return int(counted.sum()), sums[:, :, counted], sizes[counted]


def _row(candidate: str, ranked: Sequence[Ranking]) -> Reworded:
    own = [next(row for row in ranking.rows if row.candidate == candidate) for ranking in ranked]
    return Reworded(candidate, tuple(row.value for row in own), tuple(row.rank for row in own))


def _turns(averaged: Ranking, wordings: Sequence[str], ranked: Sequence[Ranking]) -> list[Overturn]:
    first = averaged.rows[0].candidate
    turns = []
    for name, ranking in zip(wordings, ranked, strict=True):
        values = {row.candidate: row.value for row in ranking.rows}
        other = ranking.rows[0].candidate
        if values[other] <= values[first]:
            continue
        duel = next(duel for duel in ranking.duels if {duel.a, duel.b} == {first, other})
        turns.append(Overturn(name, other, values[other] - values[first], duel.p_adjusted))
    return turns


def _left_out(board: Board, everywhere: npt.NDArray[Any]) -> list[str]:
    missing = int(board.index.scored.sum()) - int(everywhere.sum())
    return [f"left out: {count(missing, 'pair')} not scored by all of them in all wordings"] if missing else []


def turn_words(table: WordingTable) -> str:
    """Whether the ranking is the wording's, in one sentence."""
    if len(table.rows) < 2:
        return f"one candidate in {count(len(table.wordings), 'wording')}: nothing to turn"
    if not table.turns:
        level = sum(places.count(1) > 1 for places in zip(*(row.ranks for row in table.rows), strict=True))
        shared = f", in {level} of them level with another" if level else ""
        return f"{table.first} is first in {all_of(len(table.wordings), 'wordings')}{shared}"
    shown = max(table.sure or table.turns, key=lambda turn: turn.lead)
    first = (
        f"{table.first} is first in {len(table.wordings) - len(table.turns)} of {count(len(table.wordings), 'wording')}"
    )
    lead = f"in {shown.wording!r} {shown.first} is ahead of it by {100 * shown.lead:.1f} points"
    if table.sure:
        return f"{first}: the ranking turns with the wording; {lead} ({p_is(shown.p_adjusted)} after Holm)"
    return f"{first}; {lead}, which the tests do not tell from chance ({p_is(shown.p_adjusted)} after Holm)"
