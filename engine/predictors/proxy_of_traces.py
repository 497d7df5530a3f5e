"""Proxy metrics of expert traces: an outcome's own solutions, where the chosen responses of the suite are not them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.predictors.from_token_scores import feature_help, higher_is_better
from engine.predictors.from_traces import own_words, scores_by_label, set_names, stored_traces, tokens_of, trace_prices
from engine.predictors.interface import Evidence, Predictor
from engine.predictors.means import ratio
from engine.predictors.proxy import FEATURES, Constants
from engine.predictors.solutions import Response, SolutionFeatures, features_of, vocabulary_of
from engine.stats.intervals import Estimate
from engine.store.connection import Store
from rubrics.errors import BadInput, CandidateError

__all__ = ["hash_of", "proxies_of_traces", "traces_read"]


def hash_of(store: Store, name: str) -> str:
    """The hash of a stored trace file, by the name under which its predictors stand.

    Raises:
        BadInput: no candidate has read such a file.
    """
    shown = set_names(store)
    if name not in shown:
        raise BadInput(
            f"no traces {name!r} have been read", fix="read: " + (", ".join(sorted(shown)) or "none yet"),
            shell=f"rude-tui predictors rbridge --model M --traces {name}.jsonl",
        )  # fmt: skip
    return shown[name].hash


def traces_read(
    evidence: Evidence, traces_hash: str, constants: Constants | None = None
) -> Mapping[str, SolutionFeatures]:
    """By label, on the traces that all of them could read; a candidate without entropies is left out.

    Raises:
        BadInput: of no candidate are rank, entropy and margin known.
    """
    traces = stored_traces(evidence.store, traces_hash)
    scores, vocabularies = scores_by_label(evidence, traces_hash), dict[str, int]()
    for entrant in evidence.board.entrants:
        of_one = scores.get(entrant.label, {})
        if of_one and all(np.isfinite(tokens_of(score).entropy).all() for score in of_one.values()):
            try:
                vocabularies[entrant.label] = vocabulary_of(evidence.store, entrant)
            except CandidateError:
                continue
    common = sorted(set.intersection(*(set(scores[label]) for label in vocabularies))) if vocabularies else []
    if not common:
        raise BadInput(
            "proxy metrics need rank, entropy and margin of the traces' tokens, and models that are still in place",
            where=traces.name, fix="have the candidates read the traces, again if that was with an earlier version",
            shell=f"rude-tui predictors rbridge --model M --traces {traces.name}.jsonl",
        )  # fmt: skip
    records = traces.records
    groups = {cluster: i for i, cluster in enumerate(dict.fromkeys(record.cluster for record in records))}
    clusters = {record.id: groups[record.cluster] for record in records}
    return {
        label: features_of(
            [
                Response(records[at].id, records[at].trace, scores[label][at].lengths, tokens_of(scores[label][at]))
                for at in common
            ],
            clusters, vocabulary, constants,
        )
        for label, vocabulary in vocabularies.items()
    }  # fmt: skip


def proxies_of_traces(store: Store) -> dict[str, Predictor]:
    """All 80 for each stored trace file, `proxy STATISTIC, WEIGHTING (FILE)`: computed where asked for by name."""
    found = {}
    for shown, traces in set_names(store).items():
        for at, feature in enumerate(FEATURES):
            predictor = _predictor(f"proxy {feature} ({shown})", feature, at, traces.hash)
            found[predictor.name] = predictor
    return found


def _predictor(name: str, feature: str, at: int, traces_hash: str) -> Predictor:
    def compute(evidence: Evidence) -> Mapping[str, Estimate]:
        read = evidence.once(f"proxies {traces_hash}", lambda e: traces_read(e, traces_hash))
        return {
            label: ratio(features.values[:, at], np.ones(len(features.values)), features.clusters)
            for label, features in read.items()
        }

    return Predictor(
        name, feature_help(feature, "an expert trace, then over traces"), "traces that candidates have read",
        "one forward pass over each trace", higher_is_better(feature), compute, "arXiv 2605.18607",
        lambda evidence: bool(scores_by_label(evidence, traces_hash)), listed=False,
        price=lambda evidence: trace_prices(evidence, traces_hash),
        warn=lambda evidence: own_words(evidence, traces_hash),
    )  # fmt: skip
