"""A scorer applied where it was not made: to other candidates, another suite, other traces; and how far off it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from engine.correlation.fit_file import FittedScorer
from engine.correlation.scorer_tasks import families_on, features_for, features_from, outcomes_known
from engine.predictors.catalogue import catalogue
from engine.predictors.interface import Evidence
from engine.predictors.judged import ScorerTasks, judged_scorer
from engine.predictors.proxy import FEATURES, Constants
from engine.predictors.scorers import SCORERS, score
from engine.stats.estimates import Statistic, estimate
from engine.stats.forms import DecisionAccuracy, decision_accuracy
from engine.stats.intervals import Estimate
from engine.stats.units import Over, Units
from engine.store.connection import Store
from engine.store.predictors import FITTED_ON, StoredPredictor, add_predictors, stored_predictors
from rubrics.counted import agreeing
from rubrics.errors import BadInput

__all__ = ["HELP", "AppliedScorer", "ScorerError", "applied_scorers", "apply_scorer", "keep_standing", "scorer_to_keep"]

HELP: Final = {
    "standing": "in standard deviations of what the scorer gives these candidates: an order among them, no score",
    "rank": "Spearman's ρ of standing and outcome on candidates that the fit has not seen, where there are any",
}
"""One line on each number."""


@dataclass(frozen=True)
class ScorerError:
    """How a scorer does on one outcome here."""

    outcome: str
    unseen: bool
    """Whether only candidates count that it was not fitted on, over families nor on kin of theirs; else it was fitted
    on some of these."""
    over: Over
    """What its intervals take for independent."""
    rank: Statistic
    decision: DecisionAccuracy


@dataclass(frozen=True)
class AppliedScorer:
    """A scorer on the candidates that are here."""

    of: str
    """What the features are of: a trace file, or the suite."""
    fit: FittedScorer
    standing: Mapping[str, float]
    """By candidate, the best first."""
    seen: tuple[str, ...]
    """Candidates here that it was fitted on."""
    errors: tuple[ScorerError, ...]

    def words(self) -> Iterator[str]:
        """How far off it is, a line an outcome."""
        if self.seen:
            yield f"fitted on {len(self.seen)} of these {len(self.standing)} candidates"
        for error in self.errors:
            new = f"candidates {'of families ' if error.over == 'families' else ''}it has not seen"
            whom = new if error.unseen else "candidates it was partly fitted on: no test of it"
            rank, right = error.rank, error.decision
            yield (
                f"{error.outcome}, {rank.n} {whom}: ρ {rank.value:.2f} ({rank.ci_low:.2f} to {rank.ci_high:.2f}), "
                f"pairs in the right order {100 * right.accuracy:.0f} % ({100 * right.ci_low:.0f} to "
                f"{100 * right.ci_high:.0f}; chance 50)"
            ).replace("nan", "–")

    def to_json(self) -> dict[str, Any]:
        """As plain values; the fit's own numbers stay in its file."""
        return {
            "of": self.of, "scorer": self.fit.name, "outcomes": list(self.fit.outcomes),
            "standing": dict(self.standing), "seen": list(self.seen),
            "errors": [asdict(error) for error in self.errors],
        }  # fmt: skip


def applied_scorers(
    evidence: Evidence, fit: FittedScorer, traces: str | None, outcomes: Sequence[str] = ()
) -> list[AppliedScorer]:
    """A scorer on the candidates of a question, once for each text that features are taken of.

    Args:
        traces: the trace file that features are of; None: each outcome's own, or the suite's chosen responses.

    Raises:
        BadInput: as `engine.correlation.scorer_tasks.features_for` and `apply_scorer`.
    """
    known = outcomes_known(evidence, outcomes)
    families = None
    if evidence.question.over == "families":
        labels = [*(entrant.label for entrant in evidence.board.entrants), *fit.candidates]
        families = dict(zip(labels, families_on(evidence, labels), strict=True))
    if traces is not None or not outcomes:
        features = features_from(evidence, traces, fit.constants)
        return [apply_scorer(fit, features, known, of=traces or evidence.board.suite, families=families)]
    return [
        apply_scorer(fit, features, {name: known[name]}, of=of or evidence.board.suite, families=families)
        for name, (of, features) in features_for(evidence, outcomes, fit.constants).items()
    ]


def keep_standing(store: Store, name: str, applied: AppliedScorer, note: str) -> int:
    """Keep what a scorer says as a predictor of one's own; how many values.

    Raises:
        BadInput: something that is computed here has that name.
    """
    if not name.strip() or (name in catalogue(store) and name not in {p.predictor for p in stored_predictors(store)}):
        raise BadInput(f"{name!r} is computed here", fix="give it another name")
    fitted = f"{note}{FITTED_ON}{', '.join(applied.fit.outcomes)}"
    rows = [
        StoredPredictor(who, name, value, note=fitted if who in applied.seen else note)
        for who, value in applied.standing.items()
    ]
    add_predictors(store, rows)
    return len(rows)


def scorer_to_keep(
    tasks: ScorerTasks, name: str, constants: Constants | None = None, *, seed: int = 0, units: Units | None = None
) -> FittedScorer:
    """One of `SCORERS` fitted on all of these, with what it is worth on what is left out.

    Args:
        units: of the candidates: what is left out as one; each by itself unless said otherwise.

    Raises:
        BadInput: no such scorer, or too few families to leave two out.
    """
    if name not in SCORERS:
        raise BadInput(f"no scorer {name!r}", fix="scorers: " + ", ".join(SCORERS))
    scorer, row = judged_scorer(tasks, name, seed=seed, units=units)
    features = tuple(FEATURES[i] for i in tasks.complete)
    return FittedScorer(
        name, scorer, features, constants or Constants(), tasks.outcomes, tasks.candidates, row.fitted, row.ordered,
        row.tasks, units.over if units is not None else "candidates",
    )  # fmt: skip


def apply_scorer(
    fit: FittedScorer,
    features: Mapping[str, Sequence[Estimate]],
    outcomes: Mapping[str, Mapping[str, float]] | None = None,
    *,
    of: str = "",
    families: Mapping[str, str] | None = None,
) -> AppliedScorer:
    """What a scorer says of candidates, and how that agrees with outcomes that are known.

    Args:
        features: by candidate, in the order of `FEATURES`; made with the fit's constants.
        outcomes: by outcome and candidate; higher is better.
        of: what the features are of.
        families: of these candidates and of those of the fit: errors are over families then, and who is kin to whom
            it was fitted on has been seen.

    Raises:
        BadInput: fewer than two candidates have all the features of the fit.
    """
    at = [FEATURES.index(name) for name in fit.features]
    rows = {name: [estimates[i].value for i in at] for name, estimates in features.items()}
    rows = {name: row for name, row in rows.items() if all(map(math.isfinite, row))}
    if len(rows) < 2:
        raise BadInput(
            agreeing(len(rows), "{n} [candidate has|candidates have] the features of the fit: an order takes two"),
            fix="score more",
        )
    given = score(fit.scorer, np.array([list(rows.values())], dtype=np.float64))[0]
    spread = float(given.std())
    given = (given - given.mean()) / spread if spread > 1e-12 * float(np.abs(given).max()) else given * 0
    standing = dict(sorted(zip(rows, given.tolist(), strict=True), key=lambda item: (-item[1], item[0])))
    seen = tuple(name for name in standing if name in fit.candidates)
    over: Over = "candidates" if families is None else "families"
    kin = families or {}
    fitted_on = {kin.get(name, name) for name in fit.candidates}
    errors = []
    for outcome, known in (outcomes or {}).items():
        new = [name for name in standing if name in known and kin.get(name, name) not in fitted_on]
        counted = new if len(new) > 1 else [name for name in standing if name in known]
        x = np.array([standing[name] for name in counted])
        y = np.array([known[name] for name in counted])
        units = Units.of(len(counted), [kin.get(name, name) for name in counted], over)
        rank, decision = estimate("spearman", x, y, units=units), decision_accuracy(x, y, units=units)
        errors.append(ScorerError(outcome, len(new) > 1, over, rank, decision))
    return AppliedScorer(of, fit, standing, seen, tuple(errors))
