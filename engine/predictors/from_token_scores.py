"""Proxy metrics from stored token scores: the chosen responses of a suite are the expert solutions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.candidates.address import is_address
from engine.candidates.problems import read_config
from engine.candidates.shape import read_shape
from engine.layout.requests import TokenScores
from engine.predictors.interface import Evidence, Predictor
from engine.predictors.means import ratio
from engine.predictors.proxy import FEATURES, HELP, Constants, Solution, solution_features
from engine.results.board import Entrant
from engine.stats.intervals import Estimate
from engine.store.candidates import candidate_place
from engine.store.connection import Store
from engine.store.tokens import ChosenTokens, chosen_tokens
from rubrics.errors import BadInput, CandidateError

__all__ = ["PROXIES", "SolutionFeatures", "proxy_features", "solutions_read"]

_LOWER: Final = ("cross-entropy", "entropy", "rank,", "margin", "wrong-confidence")


class SolutionFeatures(NamedTuple):
    """One candidate's features of every solution."""

    pair_ids: tuple[str, ...]
    values: npt.NDArray[np.float64]
    """(solutions, 80)."""
    clusters: npt.NDArray[np.int32]
    """(solutions,)."""


def proxy_features(evidence: Evidence, constants: Constants | None = None) -> dict[str, list[Estimate]]:
    """By label, all 80 in the order of `FEATURES`, each with its interval over clusters.

    Raises:
        BadInput: there are no token scores of the chosen responses.
    """
    features = {}
    for label, read in solutions_read(evidence, constants).items():
        ones = np.ones(len(read.values))
        features[label] = [ratio(read.values[:, position], ones, read.clusters) for position in range(len(FEATURES))]
    return features


def solutions_read(evidence: Evidence, constants: Constants | None = None) -> Mapping[str, SolutionFeatures]:
    """By label, on the pairs whose chosen response has token scores of every candidate.

    Raises:
        BadInput: there are none.
    """
    board = evidence.under("likelihood")
    own = evidence.labels(board)
    entrants = [entrant for entrant in board.entrants if entrant.label in own]
    counted = {
        board.index.pair_id[i]: int(board.index.cluster[i])
        for i in np.flatnonzero(~np.isnan(board.matrix.scores).any(axis=0))
    }
    runs = [entrant.run.run_id for entrant in entrants]
    by_run: dict[str, dict[str, ChosenTokens]] = {run: {} for run in runs}
    for tokens in chosen_tokens(evidence.store, runs):
        by_run[tokens.run_id][tokens.pair_id] = tokens
    common = set(counted).intersection(*by_run.values())
    if not common:
        raise BadInput(
            "proxy metrics need token scores of the chosen responses, of every candidate",
            where=board.suite,
            fix="score the suite by likelihood with token scores",
            shell="rude-tui run --model M --suite S --protocol likelihood --token-scores",
        )
    by_label = {}
    for entrant in entrants:
        kept = {pair: tokens for pair, tokens in by_run[entrant.run.run_id].items() if pair in common}
        solutions = _solutions(list(kept.values()), _vocabulary(evidence.store, entrant))
        clusters = np.array([counted[pair] for pair in kept], dtype=np.int32)
        features = np.stack([solution_features(solution, constants) for solution in solutions])
        by_label[own[entrant.label]] = SolutionFeatures(tuple(kept), features, clusters)
    return by_label


def _solutions(responses: list[ChosenTokens], vocabulary: int) -> list[Solution]:
    pieces = []
    for response in responses:
        raw, ends = response.text.encode(), np.cumsum([0, *response.lengths]).tolist()
        pieces.append([raw[a:b] for a, b in pairwise(ends)])
    # Ids are not stored; what a token stands for in the text is as good a name for it.
    counts = Counter(piece for of_one in pieces for piece in of_one)
    total = counts.total()
    solutions = []
    for response, of_one in zip(responses, pieces, strict=True):
        scores = TokenScores.from_bytes(response.scores)
        solutions.append(
            Solution(
                scores.logprob.astype(np.float64),
                scores.rank.astype(np.int64),
                scores.entropy.astype(np.float64),
                scores.margin.astype(np.float64),
                np.array([counts[piece] / total for piece in of_one]),
                vocabulary,
            )
        )
    return solutions


def _vocabulary(store: Store, entrant: Entrant) -> int:
    where = candidate_place(store, entrant.weights_hash) or entrant.name
    if is_address(where):
        raise CandidateError(
            "its server told no entropies, which proxy metrics need", where=where, fix="score it from its folder"
        )
    size = read_shape(read_config(Path(where), ("config.json",))[0]).vocab
    if size < 2:
        raise CandidateError("its vocabulary is not known", where=where, fix="put the model back where it was scored")
    return size


def _feature(name: str, position: int) -> Predictor:
    def compute(evidence: Evidence) -> Mapping[str, Estimate]:
        read = evidence.once("proxies", solutions_read)
        return {
            label: ratio(features.values[:, position], np.ones(len(features.values)), features.clusters)
            for label, features in read.items()
        }

    statistic, weighting = name.split(", ")
    weigh = HELP["weight entropy" if weighting == "entropy" else weighting]
    about = f"{HELP[statistic]}; {weigh}; mean over the last 1,000 tokens of a chosen response, then over responses"
    return Predictor(
        f"proxy {name}", about, "likelihood",
        "a run with token scores", not name.startswith(_LOWER), compute, "arXiv 2605.18607", listed=False,
    )  # fmt: skip


PROXIES: Final[Mapping[str, Predictor]] = {
    predictor.name: predictor for predictor in (_feature(name, i) for i, name in enumerate(FEATURES))
}
"""All 80 by name, `proxy STATISTIC, WEIGHTING`. Too many to be looked at without a claim made beforehand, so they are
computed where asked for by name."""
