"""What a smaller precision costs: the same candidate on the same pairs, read at two precisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.results.board import Board, Question, load_board, scores_of
from engine.results.pair_index import PairIndex, pair_index
from engine.stats.intervals import Estimate, proportion
from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.metrics import HEADLINE, METRICS
from engine.stats.paired import Comparison, compare
from engine.stats.ranking import RankRow, rank
from engine.store.connection import Store
from engine.store.runs import RunRow, stored_runs
from engine.store.verdicts import RawVerdicts, load_verdicts
from rubrics.errors import BadInput

__all__ = ["HELP", "Fidelity", "fidelity"]

HELP: Final = {
    "agreement": "share of pairs with the same verdict at both precisions; interval over clusters",
    "shift": "accuracy at the second precision minus accuracy at the first, on the same pairs; interval over clusters",
    "moved": "median and 95th percentile of |change of the margin|: nats for choice, nats per byte for likelihood",
    "rank": "place among stored candidates on these pairs, with the candidate read at each precision in turn",
}


@dataclass(frozen=True)
class Fidelity:
    """One candidate, one protocol, two precisions, on the pairs that both have scored."""

    candidate: str
    suite: str
    protocol: str
    metric: str
    reference: str
    """The precision it is held against."""
    precision: str
    n_pairs: int
    agreement: Estimate
    comparison: Comparison
    """`precision` minus `reference`: its `only_a` are pairs won at the smaller precision alone."""
    accuracy: tuple[float, float]
    """At the reference, at the other."""
    moved_median: float
    moved_95: float
    rank: tuple[RankRow, RankRow] | None
    """Among the stored candidates, read at the reference and at the other; None where it stands alone."""

    @property
    def ranking_changes(self) -> bool | None:
        """Whether its place, or whom it cannot be told apart from, would be another; None where it stands alone."""
        if self.rank is None:
            return None
        first, second = self.rank
        return (first.rank, first.tied_with) != (second.rank, second.tied_with)


def fidelity(store: Store, protocol: str, suite_hash: str, runs: Mapping[str, str]) -> Fidelity:
    """Compare two stored runs of one candidate.

    Args:
        runs: run id by precision, the reference first.

    Raises:
        BadInput: a run has no verdict yet, or they share no pair.
    """
    metric = HEADLINE[protocol]
    with store.snapshot():
        stored = {run.run_id: run for run in stored_runs(store, suite_hash)}
        raw = load_verdicts(store, protocol, list(runs.values()))
    index = pair_index(store, suite_hash)
    (reference, first), (other, second) = runs.items()
    if any(run_id not in stored or not len(raw[run_id].position) for run_id in (first, second)):
        candidate = stored[first].candidate if first in stored else "?"
        raise BadInput("nothing was scored to compare", where=candidate, fix="see why the run failed")
    run = stored[first]
    scores = scores_of([raw[first], raw[second]], metric, len(index.pair_id))
    both = ~np.isnan(scores).any(axis=0) & index.scored
    if not both.any():
        raise BadInput("the two runs share no pair", where=run.candidate, fix="run both on the same sample")
    scores[:, ~both] = np.nan
    matrix = ScoreMatrix((reference, other), index.pair_id, index.group, index.cluster, scores)
    everything = Scope("overall", both.astype(np.float32))
    moved = np.abs(_margins(raw[first], metric, both) - _margins(raw[second], metric, both))
    question = Question(suite_hash, protocol, metric, template=run.template_hash)
    same = np.where(both, (scores[0] == scores[1]).astype(np.float64), np.nan)
    return Fidelity(
        run.candidate, run.suite, protocol, metric, reference, other, int(both.sum()),
        agreement=proportion(same, index.cluster),
        comparison=compare(matrix, other, reference, everything),
        accuracy=(float(np.nanmean(scores[0])), float(np.nanmean(scores[1]))),
        moved_median=float(np.median(moved)), moved_95=float(np.quantile(moved, 0.95)),
        rank=_ranks(store, run, question, index, scores, both),
    )  # fmt: skip


def _margins(raw: RawVerdicts, metric: str, both: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    margins = np.full(len(both), np.nan)
    margins[raw.position] = METRICS[metric].margin(raw)
    return margins[both]


def _ranks(
    store: Store,
    run: RunRow,
    question: Question,
    index: PairIndex,
    scores: npt.NDArray[np.float32],
    both: npt.NDArray[np.bool_],
) -> tuple[RankRow, RankRow] | None:
    """The candidate's row in two rankings that differ in nothing but its precision."""
    board: Board = load_board(store, question)
    model = run.scored.at_any_precision()
    others = [e for e in board.entrants if e.scored.at_any_precision() != model]
    rivals = board.matrix.scores[[board.matrix.index(e.label) for e in others]]
    # Rivals that have not read this sample would shrink it to nothing.
    readers = np.flatnonzero(~np.isnan(rivals[:, both]).any(axis=1))
    if not len(readers):
        return None
    names = ("this", *(others[i].label for i in readers))
    places: list[RankRow] = []
    for own in scores:
        stacked = np.concatenate([own[None], rivals[readers]])
        stacked[:, ~both] = np.nan
        matrix = replace(board.matrix, candidates=names, scores=stacked)
        table = rank(matrix, Scope("overall", both.astype(np.float32)), chance=board.chance)
        places.append(next(row for row in table.rows if row.candidate == "this"))
    return places[0], places[1]
