"""What scorers over proxy metrics are fitted on and applied to: each outcome with features of its own solutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from data.ladder import family_shares, ladder
from engine.correlation.lineage import families_in
from engine.correlation.names import check_outcomes, outcome_names
from engine.outcomes.outcome import lower_is_better, traces_of
from engine.predictors.from_token_scores import proxy_features
from engine.predictors.interface import Evidence
from engine.predictors.judged import ScorerTasks
from engine.predictors.proxy import FEATURES, Constants
from engine.predictors.proxy_of_traces import hash_of, traces_read
from engine.predictors.solutions import means
from engine.stats.intervals import Estimate
from engine.stats.units import Over, Units
from engine.store.connection import Store
from engine.store.outcomes import stored_outcomes

__all__ = ["families_on", "features_for", "features_from", "ladder_tasks", "ladder_units", "outcomes_known", "units_of"]

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


def ladder_tasks() -> ScorerTasks:
    """The ladder that ships: a task for each subcategory, the mean share of its criteria that is met after
    reinforcement learning; the features are those without weights, of the suite's chosen responses, alike in all."""
    points = ladder()
    shares: dict[str, list[Mapping[str, float]]] = {}
    for (_, subcategory), by_candidate in family_shares().items():
        shares.setdefault(subcategory, []).append(by_candidate)
    at = [i for i, feature in enumerate(FEATURES) if f"proxy {feature}" in points.predictors]
    table = np.array([points.predictors[f"proxy {FEATURES[i]}"] for i in at], dtype=np.float64).T
    names = [n for n in points.candidates if all(n in family for families in shares.values() for family in families)]
    kept = [points.candidates.index(name) for name in names]
    y = [[sum(family[name] for family in families) / len(families) for name in names] for families in shares.values()]
    x = np.repeat(table[None, kept], len(shares), axis=0)
    return ScorerTasks(tuple(shares), tuple(names), np.array(at), x, np.array(y, dtype=np.float64))


def families_on(evidence: Evidence, labels: Sequence[str]) -> list[str]:
    """The family of each candidate, by label where it is on the board and by name elsewhere."""
    names = {entrant.label: entrant.name for entrant in evidence.board.entrants}
    return families_in(evidence.store, "own", [names.get(label, label) for label in labels])


def units_of(evidence: Evidence, tasks: ScorerTasks) -> Units:
    """What the question takes for independent of the candidates that scorers are fitted on."""
    over = evidence.question.over
    families = families_on(evidence, tasks.candidates) if over == "families" else None
    return Units.of(len(tasks.candidates), families, over)


def ladder_units(store: Store, tasks: ScorerTasks, over: Over) -> Units:
    """The same of `ladder_tasks`, its families as listed unless a person has said otherwise."""
    return Units.of(len(tasks.candidates), families_in(store, "ladder", tasks.candidates), over)


def outcomes_known(evidence: Evidence, outcomes: Sequence[str], *, turned: bool = True) -> dict[str, dict[str, float]]:
    """By outcome and label on the board, the scores there are.

    Args:
        turned: so that higher is better; else as they are stored.

    Raises:
        BadInput: no such outcome.
    """
    check_outcomes(outcomes, outcome_names(evidence.store))
    stored = stored_outcomes(evidence.store)
    known = {}
    for name in outcomes:
        rows = [row for row in stored if row.outcome == name]
        side, by_name = -1.0 if turned and lower_is_better(rows) else 1.0, {row.candidate: row.score for row in rows}
        known[name] = {
            entrant.label: side * by_name.get(entrant.label, by_name.get(entrant.name, 0.0))
            for entrant in evidence.board.entrants
            if entrant.label in by_name or entrant.name in by_name
        }
    return known
