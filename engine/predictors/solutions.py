"""Expert solutions as candidates read them, from token scores in the store to the 80 proxy metrics of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.candidates.address import is_address
from engine.candidates.problems import read_config
from engine.candidates.shape import read_shape
from engine.layout.requests import TokenScores
from engine.predictors.means import ratio
from engine.predictors.proxy import Constants, Solution, solution_features
from engine.results.board import Entrant
from engine.stats.intervals import Estimate
from engine.store.candidates import candidate_place
from engine.store.connection import Store
from rubrics.errors import CandidateError

__all__ = ["Response", "SolutionFeatures", "features_of", "means", "vocabulary_of"]


class Response(NamedTuple):
    """One expert solution and what a candidate made of its tokens."""

    name: str
    text: str
    lengths: Sequence[int]
    """(tokens,): UTF-8 bytes of the text that each token stands for."""
    scores: TokenScores


class SolutionFeatures(NamedTuple):
    """One candidate's features of every solution."""

    names: tuple[str, ...]
    """Of the solutions: ids of pairs, or of traces."""
    values: npt.NDArray[np.float64]
    """(solutions, 80)."""
    clusters: npt.NDArray[np.int32]
    """(solutions,)."""


def means(read: Mapping[str, SolutionFeatures]) -> dict[str, list[Estimate]]:
    """By label, the mean of each of the 80 over solutions, in the order of `FEATURES`, with its interval."""
    return {
        label: [ratio(column, np.ones(len(column)), of_one.clusters) for column in of_one.values.T]
        for label, of_one in read.items()
    }


def features_of(
    responses: Sequence[Response], clusters: Mapping[str, int], vocabulary: int, constants: Constants | None = None
) -> SolutionFeatures:
    """The features of one candidate's solutions; a token's frequency is its share of all their tokens.

    Args:
        clusters: by the solution's name.
        vocabulary: tokens there are to choose from.
    """
    pieces = []
    for response in responses:
        raw, ends = response.text.encode(), np.cumsum([0, *response.lengths]).tolist()
        pieces.append([raw[a:b] for a, b in pairwise(ends)])
    # Ids are not stored; what a token stands for in the text is as good a name for it.
    counts = Counter(piece for of_one in pieces for piece in of_one)
    total = counts.total()
    rows = []
    for response, of_one in zip(responses, pieces, strict=True):
        scores = response.scores
        rows.append(
            solution_features(
                Solution(
                    scores.logprob.astype(np.float64), scores.rank.astype(np.int64), scores.entropy.astype(np.float64),
                    scores.margin.astype(np.float64), np.array([counts[piece] / total for piece in of_one]), vocabulary,
                ),
                constants,
            )
        )  # fmt: skip
    names = tuple(response.name for response in responses)
    return SolutionFeatures(names, np.stack(rows), np.array([clusters[name] for name in names], dtype=np.int32))


def vocabulary_of(store: Store, entrant: Entrant) -> int:
    """How many tokens a candidate has to choose from.

    Raises:
        CandidateError: nobody knows: it is behind a server, or not where it was scored.
    """
    where = candidate_place(store, entrant.weights_hash) or entrant.name
    if is_address(where):
        raise CandidateError(
            "its server told no entropies, which proxy metrics need", where=where, fix="score it from its folder"
        )
    size = read_shape(read_config(Path(where), ("config.json",))[0]).vocab
    if size < 2:
        raise CandidateError("its vocabulary is not known", where=where, fix="put the model back where it was scored")
    return size
