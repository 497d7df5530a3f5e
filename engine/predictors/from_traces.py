"""Predictors from reasoning traces that candidates were scored on: rBridge in both conventions, mask mode, plain loss.

All four follow from the stored loss of every token, so that none needs the model again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.layout.requests import TokenScores
from engine.predictors.interface import Evidence, Predictor
from engine.predictors.means import ratio
from engine.predictors.price import Cost, price_of_facts
from engine.predictors.rbridge import masked, rbridge, token_weights
from engine.predictors.trace_file import TraceSet
from engine.stats.intervals import Estimate
from engine.store.connection import Store
from engine.store.runs import Scored
from engine.store.traces import (
    StoredTraces,
    TraceRun,
    TraceScore,
    scored_traces,
    stored_trace_sets,
    trace_lines,
    trace_runs,
)

__all__ = [
    "MODES", "Traced", "own_words", "scores_by_label", "set_names", "stored_traces", "tokens_of", "trace_predictors",
    "trace_prices", "trace_values", "values_of_runs",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]
_Parts = Callable[[TraceSet, Sequence[TraceScore]], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Mode:
    """One way to turn token losses into a number; lower is better in all."""

    label: str
    help: str
    source: str
    parts: _Parts
    """(traces,) each: what is summed, and over what."""
    possible: Callable[[TraceSet | StoredTraces], bool]
    """Whether a trace file has what it takes."""


def tokens_of(score: TraceScore) -> TokenScores:
    """What is known of a scored trace's tokens; ranks 0, entropies and margins NaN where only losses are."""
    if score.scores is not None:
        return TokenScores.from_bytes(score.scores)
    logprob = np.frombuffer(score.losses or b"", "<f4").astype(np.float32)
    unknown = np.full(len(logprob), np.nan, np.float32)
    return TokenScores(logprob, np.zeros(len(logprob), np.int32), unknown, unknown)


def _losses(scores: Sequence[TraceScore]) -> list[FloatArray]:
    return [-tokens_of(score).logprob.astype(np.float64) for score in scores]


def _plain(traces: TraceSet, scores: Sequence[TraceScore]) -> tuple[FloatArray, FloatArray]:
    return np.array([float(loss.mean()) for loss in _losses(scores)]), np.ones(len(scores))


def _weighted(over: str) -> _Parts:
    def parts(traces: TraceSet, scores: Sequence[TraceScore]) -> tuple[FloatArray, FloatArray]:
        weights = [
            token_weights(traces.records[score.position].frontier, np.array(score.lengths, np.int64))
            for score in scores
        ]
        return rbridge(weights, _losses(scores), over="set" if over == "set" else "trace"), np.ones(len(scores))

    return parts


def _masked(traces: TraceSet, scores: Sequence[TraceScore]) -> tuple[FloatArray, FloatArray]:
    costs = []
    for score, loss in zip(scores, _losses(scores), strict=True):
        record = traces.records[score.position]
        costs.append(masked(record.trace, np.array(score.lengths, np.int64), loss, record.spans))
    return np.array([cost.bits for cost in costs]), np.array([float(cost.size) for cost in costs])


_PAPER: Final = "arXiv 2509.21013"
MODES: Final[Mapping[str, Mode]] = {
    "trace": Mode(
        "rBridge", "mean NLL of a trace's tokens (nats), each times the frontier's probability of its characters "
        "brought to 0–1 within the trace; mean over traces", f"{_PAPER}, the algorithm as printed",
        _weighted("trace"), lambda traces: traces.weighted,
    ),
    "set": Mode(
        "rBridge over the set", "as rBridge, with least and largest weight found over all traces together",
        f"{_PAPER}, its other reading", _weighted("set"), lambda traces: traces.weighted,
    ),
    "masked": Mode(
        "rBridge masked", "bits per byte of the tokens that touch a marked span", f"{_PAPER}, the released code's mode",
        _masked, lambda traces: traces.masked,
    ),
    "plain": Mode(
        "trace NLL", "mean NLL of a trace's tokens (nats), unweighted; mean over traces: rBridge has to beat it",
        f"{_PAPER}, its baseline", _plain, lambda traces: True,
    ),
}  # fmt: skip
"""By a short name."""


@dataclass(frozen=True)
class Traced:
    """What one run over a trace file came to."""

    estimate: Estimate
    traces: int
    """Traces counted."""
    clusters: int


def trace_values(traces: TraceSet, scores: Mapping[str, Mapping[int, TraceScore]], mode: str) -> dict[str, Traced]:
    """By run, on the traces that all the runs could score.

    Args:
        scores: by run and position.
        mode: one of `MODES` that the file has what it takes for.
    """
    common = sorted(set.intersection(*(set(of_run) for of_run in scores.values()))) if scores else []
    names = {cluster: i for i, cluster in enumerate(dict.fromkeys(r.cluster for r in traces.records))}
    clusters = np.array([names[traces.records[at].cluster] for at in common], dtype=np.int32)
    values = {}
    for run, of_run in scores.items():
        if common:
            top, bottom = MODES[mode].parts(traces, [of_run[at] for at in common])
            estimate = ratio(top, bottom, clusters)
        else:
            estimate = Estimate(math.nan, math.nan, math.nan, "none: no trace that all could read")
        values[run] = Traced(estimate, len(common), len(set(clusters.tolist())))
    return values


def values_of_runs(store: Store, traces: TraceSet, run_ids: Sequence[str]) -> dict[str, dict[str, Traced]]:
    """By mode that the file has what it takes for, then by stored run, on the traces that all the runs could score."""
    scores = scored_traces(store, run_ids)
    return {mode: trace_values(traces, scores, mode) for mode, about in MODES.items() if about.possible(traces)}


def trace_predictors(store: Store) -> dict[str, Predictor]:
    """One predictor for each stored trace file and mode it allows, by name: `rBridge (FILE)`, `trace NLL (FILE)`, …"""
    predictors = {}
    for shown, traces in set_names(store).items():
        for mode, about in MODES.items():
            if about.possible(traces):
                predictor = _predictor(f"{about.label} ({shown})", about, mode, traces.hash)
                predictors[predictor.name] = predictor
    return predictors


def set_names(store: Store) -> dict[str, StoredTraces]:
    """Every trace file that some candidate was scored on, by the name under which its predictors stand: the file's,
    with the beginning of its hash where several have it."""
    sets = stored_trace_sets(store)
    names = Counter(traces.name for traces in sets)
    return {f"{one.name} {one.hash[:6]}" if names[one.name] > 1 else one.name: one for one in sets}


def stored_traces(store: Store, traces_hash: str) -> TraceSet:
    """A trace file as it was read when it was first scored.

    Raises:
        KeyError: there is none of that hash.
    """
    return TraceSet.from_lines(*trace_lines(store, traces_hash))


def _predictor(name: str, about: Mode, mode: str, traces_hash: str) -> Predictor:
    def compute(evidence: Evidence) -> Mapping[str, Estimate]:
        traces, scores = evidence.once(
            f"traces {traces_hash}",
            lambda e: (stored_traces(e.store, traces_hash), scores_by_label(e, traces_hash)),
        )
        return {label: traced.estimate for label, traced in trace_values(traces, scores, mode).items()}

    return Predictor(
        name, about.help, "traces that candidates have been scored on", "one forward pass over each trace", False,
        compute, about.source, lambda evidence: bool(_runs(evidence, traces_hash)),
        price=lambda evidence: trace_prices(evidence, traces_hash),
        warn=lambda evidence: own_words(evidence, traces_hash),
    )  # fmt: skip


def own_words(evidence: Evidence, traces_hash: str) -> str:
    """What must be said where a candidate on the board wrote some of the traces; empty where none did."""
    traces = evidence.once(f"content of {traces_hash}", lambda e: stored_traces(e.store, traces_hash))
    return traces.by_candidates(entrant.name for entrant in evidence.board.entrants)


def trace_prices(evidence: Evidence, traces_hash: str) -> dict[str, Cost]:
    """By label: what reading the traces took; a run from before that was measured has no price."""
    return {label: price_of_facts(run.facts) for label, run in _runs(evidence, traces_hash).items() if run.facts}


def _runs(evidence: Evidence, traces_hash: str) -> dict[str, TraceRun]:
    """By label on the question's board: each candidate's newest run over the traces, at its own precision if there is
    one."""
    newest: dict[Scored, TraceRun] = {}
    for run in trace_runs(evidence.store, traces_hash):
        for scored in (run.scored, run.scored.at_any_precision()):
            newest.setdefault(scored, run)
    return {
        entrant.label: newest.get(entrant.scored) or newest[entrant.scored.at_any_precision()]
        for entrant in evidence.board.entrants
        if entrant.scored.at_any_precision() in newest
    }


def scores_by_label(evidence: Evidence, traces_hash: str) -> dict[str, dict[int, TraceScore]]:
    """By label on the question's board and position in the file, what was scored."""
    runs = {label: run.run_id for label, run in _runs(evidence, traces_hash).items()}
    scores = scored_traces(evidence.store, list(runs.values()))
    # A run that was stopped before its first trace says nothing yet, and must not empty what all have in common.
    return {label: scores[run] for label, run in runs.items() if scores[run]}
