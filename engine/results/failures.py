"""Failed pairs: the tree from category to criterion, the pairs behind each branch, and one pair in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from engine.results.board import Board, scores_of
from engine.results.pair_index import Tags
from engine.stats.metrics import METRICS
from engine.store.annotations import Annotation, Kind, stored_annotations
from engine.store.connection import Store
from engine.store.suites import load_pairs
from rubrics.errors import BadInput
from rubrics.schema import Pair
from rubrics.taxonomy import SUBCATEGORIES, Category, Subcategory

__all__ = [
    "Branch",
    "FailedPair",
    "PairVerdict",
    "PairView",
    "annotated_pairs",
    "failed_pairs",
    "failure_tree",
    "margins",
    "pair_view",
    "pair_views",
]


_Pairs: TypeAlias = npt.NDArray[np.bool_]
"""(pairs,): which of the suite's pairs."""


@dataclass(frozen=True)
class Branch:
    """One node of the failure tree. A pair that violates several criteria stands under each of them."""

    kind: str
    """`category`, `subcategory` or `criterion`."""
    name: str
    failed: int
    scored: int
    children: tuple[Branch, ...] = ()
    failed_alone: int = 0
    """Criterion only: failures among the pairs that violate it alone."""
    scored_alone: int = 0


class FailedPair(NamedTuple):
    """One pair that a candidate did not win."""

    pair_id: str
    domain: str
    subcategories: tuple[str, ...]
    violated: tuple[str, ...]
    margin: float
    """How far it was lost, in nats (per byte for `per_byte`, per token for `per_token`); 0 is a tie."""
    score: float
    """½ for a tie, else 0; 1 where the pair is won and listed for another reason."""
    failed_by: int
    """Candidates on the board that fail it, this one among them."""
    scored_by: int


@dataclass(frozen=True)
class PairVerdict:
    """What one candidate did on one pair; NaN where the protocol has no such number."""

    candidate: str
    score: float
    margin: float
    log_odds_chosen_first: float
    log_odds_rejected_first: float
    ll_chosen: float
    ll_rejected: float
    tokens_chosen: float
    tokens_rejected: float
    bytes_chosen: float
    bytes_rejected: float


@dataclass(frozen=True)
class PairView:
    """One pair in full, and what every candidate on the board did on it."""

    pair: Pair
    verdicts: tuple[PairVerdict, ...]
    """Best margin first."""
    annotations: tuple[Annotation, ...] = ()
    """What a person noted about it, now."""


def failure_tree(board: Board, candidate: str) -> tuple[Branch, ...]:
    """Categories, subcategories and criteria with the number of pairs failed and scored."""
    row = board.matrix.candidates.index(board.entrant(candidate).label)
    scores = board.matrix.scores[row]
    scored = ~np.isnan(scores) & board.index.scored
    failed = scored & (np.nan_to_num(scores, nan=1.0) < 1)
    index = board.index
    alone = np.bincount(index.criterion_tags.pair, minlength=len(scored)) == 1
    criteria = _counted(index.criterion_tags, failed, scored, failed & alone, scored & alone)
    by_subcategory = _counted(index.subcategory_tags, failed, scored)
    by_category = _counted(index.category_tags, failed, scored)
    return tuple(
        Branch(
            "category", str(category), by_category[category][0], by_category[category][1],
            children=tuple(
                Branch(
                    "subcategory", str(sub), by_subcategory[sub][0], by_subcategory[sub][1],
                    children=tuple(
                        Branch("criterion", name, n[0], n[1], (), n[2], n[3])
                        for (owner, name), n in sorted(
                            criteria.items(), key=lambda item: (-item[1][0] / item[1][1], item[0])
                        )
                        if owner == sub
                    ),
                )
                for sub in Subcategory
                if sub in by_subcategory and SUBCATEGORIES[sub].category is category
            ),
        )
        for category in Category
        if category in by_category
    )  # fmt: skip


def _counted(tags: Tags, failed: _Pairs, scored: _Pairs, *others: _Pairs) -> dict[Any, list[int]]:
    """By name, for those that have scored pairs: how many of each kind of pairs have it."""
    columns = (tags.counts(pairs) for pairs in (failed, scored, *others))
    return {name: numbers for name, *numbers in zip(tags.names, *columns, strict=True) if numbers[1]}


def failed_pairs(
    board: Board, candidate: str, *, category: str = "", subcategory: str = "", criterion: str = ""
) -> list[FailedPair]:
    """The pairs a candidate did not win, worst first, within a branch of the tree.

    Raises:
        BadInput: unknown candidate, subcategory or criterion.
    """
    if subcategory and subcategory not in set(Subcategory):
        raise BadInput(f"no subcategory {subcategory!r}", fix="subcategories: " + ", ".join(Subcategory))
    label = board.entrant(candidate).label
    index = board.index
    scores = board.matrix.scores
    failing = np.nan_to_num(scores[board.matrix.candidates.index(label)], nan=1.0) < 1
    places = [
        i
        for i in map(int, np.flatnonzero(failing & index.scored))
        if (not category or category in index.categories[i])
        and (not subcategory or subcategory in index.subcategories[i])
        and (not criterion or criterion in index.violated[i])
    ]
    if criterion and not any(criterion in violated for violated in index.violated):
        raise BadInput(
            f"no pair violates a criterion {criterion!r}",
            fix="rankings by criterion list them",
            shell="rude-tui rank --by criterion",
        )
    return sorted(_as_pairs(board, label, scores, places), key=lambda pair: (pair.margin, pair.pair_id))


def _as_pairs(board: Board, label: str, scores: npt.NDArray[np.float32], places: Sequence[int]) -> list[FailedPair]:
    index = board.index
    row = board.matrix.candidates.index(label)
    margin = margins(board, label)
    failed_by = (np.nan_to_num(scores, nan=1.0) < 1).sum(axis=0)
    scored_by = (~np.isnan(scores)).sum(axis=0)
    return [
        FailedPair(
            index.pair_id[i], index.domain[i], index.subcategories[i], index.violated[i], float(margin[i]),
            float(scores[row, i]), int(failed_by[i]), int(scored_by[i]),
        )
        for i in places
    ]  # fmt: skip


def annotated_pairs(board: Board, candidate: str, kind: Kind) -> list[FailedPair]:
    """The pairs that a person flagged or excluded, in suite order, won or not, counted or not; NaN where not scored."""
    label = board.entrant(candidate).label
    scores = scores_of(
        [board.verdicts[name] for name in board.matrix.candidates], board.metric, len(board.index.pair_id)
    )
    annotated = {pair_id for pair_id, notes in board.annotations.items() if any(note.kind == kind for note in notes)}
    places = [i for i, pair_id in enumerate(board.index.pair_id) if pair_id in annotated]
    return _as_pairs(board, label, scores, places)


def margins(board: Board, label: str) -> npt.NDArray[np.float64]:
    """By pair: how far the chosen response is ahead under the board's metric; NaN where not scored."""
    columns = board.verdicts[label]
    margin = np.full(len(board.index.pair_id), np.nan)
    margin[columns.position] = METRICS[board.metric].margin(columns)
    return margin


def pair_view(store: Store, board: Board, pair_id: str) -> PairView:
    """One pair with everybody's verdict.

    Raises:
        BadInput: the suite holds no such pair.
    """
    return pair_views(store, board, [pair_id])[0]


def pair_views(store: Store, board: Board, pair_ids: Sequence[str]) -> list[PairView]:
    """The same of many pairs in one reading, in suite order.

    Raises:
        BadInput: the suite does not hold one of them.
    """
    with store.snapshot():
        pairs = load_pairs(store, board.suite_hash, pair_ids)
        annotations = stored_annotations(store, board.suite_hash)
    positions = np.array([board.index.pair_id.index(pair.id) for pair in pairs], dtype=np.int64)
    verdicts: list[list[PairVerdict]] = [[] for _ in pairs]
    metric = METRICS[board.metric]
    for label in board.matrix.candidates:
        columns = board.verdicts[label]
        margin, score = metric.margin(columns), metric.score(columns)
        places = np.searchsorted(columns.position, positions)
        for number, place in enumerate(places.tolist()):
            if place == len(columns.position) or columns.position[place] != positions[number]:
                continue
            verdicts[number].append(
                PairVerdict(
                    label, float(score[place]), float(margin[place]),
                    float(columns.log_odds_chosen_first[place]), float(columns.log_odds_rejected_first[place]),
                    float(columns.ll_chosen[place]), float(columns.ll_rejected[place]),
                    float(columns.tokens_chosen[place]), float(columns.tokens_rejected[place]),
                    float(columns.bytes_chosen[place]), float(columns.bytes_rejected[place]),
                )
            )  # fmt: skip
    return [
        PairView(pair, tuple(sorted(row, key=lambda verdict: -verdict.margin)), annotations.get(pair.id, ()))
        for pair, row in zip(pairs, verdicts, strict=True)
    ]
