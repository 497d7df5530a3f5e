"""Proxy metrics from stored token scores: the chosen responses of a suite are the expert solutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from engine.layout.requests import TokenScores
from engine.predictors.interface import Evidence, Predictor
from engine.predictors.means import ratio
from engine.predictors.proxy import FEATURES, HELP, Constants
from engine.predictors.solutions import Response, SolutionFeatures, features_of, means, vocabulary_of
from engine.stats.intervals import Estimate
from engine.store.tokens import ChosenTokens, chosen_tokens
from rubrics.errors import BadInput

__all__ = ["PROXIES", "feature_help", "higher_is_better", "proxy_features", "solutions_read"]

_LOWER: Final = ("cross-entropy", "entropy", "rank,", "margin", "wrong-confidence")


def proxy_features(evidence: Evidence, constants: Constants | None = None) -> dict[str, list[Estimate]]:
    """By label, all 80 in the order of `FEATURES`, each with its interval over clusters.

    Raises:
        BadInput: there are no token scores of the chosen responses.
    """
    return means(solutions_read(evidence, constants))


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
        responses = [
            Response(pair, tokens.text, tokens.lengths, TokenScores.from_bytes(tokens.scores))
            for pair, tokens in by_run[entrant.run.run_id].items()
            if pair in common
        ]
        vocabulary = vocabulary_of(evidence.store, entrant)
        by_label[own[entrant.label]] = features_of(responses, counted, vocabulary, constants)
    return by_label


def feature_help(name: str, of: str) -> str:
    """How one of `FEATURES` is made, in a line; `of` says of what texts."""
    statistic, weighting = name.split(", ")
    weigh = HELP["weight entropy" if weighting == "entropy" else weighting]
    return f"{HELP[statistic]}; {weigh}; mean over the last 1,000 tokens of {of}"


def higher_is_better(name: str) -> bool:
    """Which way one of `FEATURES` is expected to point."""
    return not name.startswith(_LOWER)


def _feature(name: str, position: int) -> Predictor:
    def compute(evidence: Evidence) -> Mapping[str, Estimate]:
        read = evidence.once("proxies", solutions_read)
        return {
            label: ratio(features.values[:, position], np.ones(len(features.values)), features.clusters)
            for label, features in read.items()
        }

    about = feature_help(name, "a chosen response, then over responses")
    return Predictor(
        f"proxy {name}", about, "likelihood", "a run with token scores", higher_is_better(name), compute,
        "arXiv 2605.18607", listed=False, price=lambda evidence: evidence.prices("likelihood"),
    )  # fmt: skip


PROXIES: Final[Mapping[str, Predictor]] = {
    predictor.name: predictor for predictor in (_feature(name, i) for i, name in enumerate(FEATURES))
}
"""All 80 by name, `proxy STATISTIC, WEIGHTING`. Too many to be looked at without a claim made beforehand, so they are
computed where asked for by name."""
