"""What scorers over proxy metrics are fitted on and applied to: each outcome with features of its own solutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.correlation.names import check_outcomes, outcome_names
from engine.outcomes.outcome import lower_is_better, traces_of
from engine.predictors.from_token_scores import proxy_features
from engine.predictors.interface import Evidence
from engine.predictors.proxy import Constants
from engine.predictors.proxy_of_traces import hash_of, traces_read
from engine.predictors.solutions import means
from engine.stats.intervals import Estimate
from engine.store.outcomes import stored_outcomes

__all__ = ["features_for", "features_from", "outcomes_known"]

Features = Mapping[str, Sequence[Estimate]]
"""By candidate, in the order of `engine.predictors.proxy.FEATURES`."""


def features_from(evidence: Evidence, traces: str | None, constants: Constants | None = None) -> Features:
    """Features of a trace file's traces, or of the suite's chosen responses where none is named.

    Raises:
        BadInput: nobody has read such traces, or there are no token scores of the chosen responses.
    """
    if traces is None:
        return proxy_features(evidence, constants)
    return means(traces_read(evidence, hash_of(evidence.store, traces), constants))


def features_for(
    evidence: Evidence, outcomes: Sequence[str], constants: Constants | None = None
) -> dict[str, tuple[str | None, Features]]:
    """By outcome, the name of its expert traces (None: it names none, and the chosen responses of the suite stand for
    them) and the features of these.

    Raises:
        BadInput: no such outcome, or as `features_from`.
    """
    check_outcomes(outcomes, outcome_names(evidence.store))
    stored = stored_outcomes(evidence.store)
    experts = {name: traces_of(row for row in stored if row.outcome == name) for name in outcomes}
    read = {traces: features_from(evidence, traces, constants) for traces in dict.fromkeys(experts.values())}
    return {name: (traces, read[traces]) for name, traces in experts.items()}


def outcomes_known(evidence: Evidence, outcomes: Sequence[str]) -> dict[str, dict[str, float]]:
    """By outcome and label on the board, the scores there are, turned so that higher is better.

    Raises:
        BadInput: no such outcome.
    """
    check_outcomes(outcomes, outcome_names(evidence.store))
    stored = stored_outcomes(evidence.store)
    known = {}
    for name in outcomes:
        rows = [row for row in stored if row.outcome == name]
        side, by_name = -1.0 if lower_is_better(rows) else 1.0, {row.candidate: row.score for row in rows}
        known[name] = {
            entrant.label: side * by_name.get(entrant.label, by_name.get(entrant.name, 0.0))
            for entrant in evidence.board.entrants
            if entrant.label in by_name or entrant.name in by_name
        }
    return known
