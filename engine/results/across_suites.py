"""Candidates over several suites: each suite's value, and their mean with the tests of a ranking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.results.board import Board, Entrant, Question, load_board
from engine.results.rankings import RankingTable, rankings_of
from engine.stats.matrix import Scope, ScoreMatrix, mean_scope
from engine.stats.ranking import Ranking, RankRow, rank
from engine.store.connection import Store
from engine.store.runs import Scored
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = ["MEAN_OF_SUITES", "AcrossSuites", "across_suites"]

MEAN_OF_SUITES = "mean of suites"
"""The scope in which each suite counts alike, however many pairs it has."""


@dataclass(frozen=True)
class AcrossSuites:
    """What a table over suites shows; one protocol and one metric for all of them."""

    protocol: str
    metric: str
    chance: float
    suites: tuple[RankingTable, ...]
    """Overall, in the order asked for."""
    mean: Ranking
    """Of the candidates that were scored on every suite; no rows where there is none."""
    values: Mapping[str, tuple[RankRow | None, ...]]
    """By label, in order of the mean: the value on each suite, None where there is none."""
    entrants: Mapping[str, Entrant]
    """By label."""
    notes: tuple[str, ...]


def across_suites(store: Store, question: Question, suites: Sequence[str], *, resamples: int = 10_000) -> AcrossSuites:
    """Rank on each suite, and on their mean.

    Args:
        question: its protocol and metric hold for every suite; where it names none, the first suite's do.
        suites: by name or beginning of a hash.

    Raises:
        BadInput: no run on one of them under that protocol, or one suite is named twice.
    """
    with store.snapshot():
        boards = [load_board(store, replace(question, suite=suites[0]))]
        asked = replace(question, protocol=boards[0].protocol, metric=boards[0].metric)
        boards += [load_board(store, replace(asked, suite=suite)) for suite in suites[1:]]
    for board, times in Counter(board.suite_hash for board in boards).items():
        if times > 1:
            name = next(b.suite for b in boards if b.suite_hash == board)
            raise BadInput(f"suite {name!r} is named twice", fix="name each suite once")
    tables = [rankings_of(board, replace(asked, by="overall"), resamples=resamples) for board in boards]
    labels = _labels(boards)
    everywhere = [scored for scored in labels if all(scored in _scored(board) for board in boards)]
    mean = _mean(boards, everywhere, labels, resamples)
    order = [*(row.candidate for row in mean.rows), *(labels[scored] for scored in labels if scored not in everywhere)]
    of_label = {label: scored for scored, label in labels.items()}
    by_suite = [
        {table.entrants[row.candidate].scored: row for row in table.overall.rows} for table in tables
    ]  # fmt: skip
    notes = [f"{table.suite}: {note}" for table in tables for note in table.notes]
    if absent := len(labels) - len(everywhere):
        notes.append(f"{count(absent, 'candidate')} not scored on every suite: without a mean, last")
    found = {entrant.scored: entrant for board in reversed(boards) for entrant in board.entrants}
    return AcrossSuites(
        boards[0].protocol, boards[0].metric, boards[0].chance, tuple(tables), mean,
        {label: tuple(rows.get(of_label[label]) for rows in by_suite) for label in order},
        {label: found[of_label[label]] for label in order}, tuple(notes),
    )  # fmt: skip


def _scored(board: Board) -> dict[Scored, str]:
    return {entrant.scored: entrant.label for entrant in board.entrants}


def _labels(boards: Sequence[Board]) -> dict[Scored, str]:
    """By what was scored, the label of the first board that has it; with a hash where two would be called alike."""
    labels: dict[Scored, str] = {}
    for board in boards:
        for scored, label in _scored(board).items():
            labels.setdefault(scored, label)
    shared = Counter(labels.values())
    return {
        scored: f"{label} [{scored.weights_hash[:6]}]" if shared[label] > 1 else label
        for scored, label in labels.items()
    }


def _mean(
    boards: Sequence[Board], everywhere: Sequence[Scored], labels: Mapping[Scored, str], resamples: int
) -> Ranking:
    """The ranking on all pairs of all suites together, each suite counting alike; clusters stay within a suite."""
    scores, ids, parts = [], [], []
    clusters: list[npt.NDArray[np.int32]] = []
    groups: list[npt.NDArray[np.int32]] = []
    total = sum(len(board.index.pair_id) for board in boards)
    at = 0
    for number, board in enumerate(boards):
        pairs, own = len(board.index.pair_id), _scored(board)
        scores.append(board.matrix.scores[[board.matrix.index(own[scored]) for scored in everywhere]])
        for codes, column in ((clusters, board.matrix.cluster), (groups, board.matrix.group)):
            codes.append(column + (1 + max((int(part.max(initial=-1)) for part in codes), default=-1)))
        ids += [f"{number}:{pair_id}" for pair_id in board.index.pair_id]
        weight = np.zeros(total, dtype=np.float32)
        weight[at : at + pairs] = board.index.scored
        parts.append(Scope(board.suite, weight))
        at += pairs
    matrix = ScoreMatrix(
        tuple(labels[scored] for scored in everywhere), tuple(ids), np.concatenate(groups).astype(np.int32),
        np.concatenate(clusters).astype(np.int32), np.concatenate(scores, axis=1),
    )  # fmt: skip
    if not everywhere:
        return Ranking(MEAN_OF_SUITES, (), 0, "common", 0.95, resamples, 0)
    counted: npt.NDArray[np.bool_] = np.logical_and.reduce(~np.isnan(matrix.scores), axis=0)
    scope = mean_scope(MEAN_OF_SUITES, parts, counted)
    return rank(matrix, scope, chance=boards[0].chance, resamples=resamples)
