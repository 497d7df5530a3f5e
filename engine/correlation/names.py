"""What can stand on either axis, and how it is called."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from engine.correlation.sources import BUNDLED, Source
from engine.outcomes.words import precedence
from engine.predictors.catalogue import catalogue
from engine.predictors.from_verdicts import RUDE
from engine.predictors.interface import Evidence, Predictor
from engine.results.board import Question
from engine.stats.intervals import Estimate
from engine.store.connection import Store
from engine.store.outcomes import stored_outcomes
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = [
    "check_outcomes",
    "check_predictors",
    "comparable",
    "first_source",
    "outcome_names",
    "predictor_label",
    "predictor_names",
    "predictor_values",
]


def predictor_names(
    store: Store | None = None, question: Question | None = None, *, source: Source = "own", parts: bool = False
) -> list[str]:
    """What can stand on the x axis, the headline first; the proxy metrics can too, but are too many to be listed.

    Args:
        store: adds the person's own columns.
        question: leaves out what the runs that answer it cannot give, and what is the headline by another name.
        source: of a study that ships, all that it has.
        parts: RuDE on every part of the suite too: domains, subcategories, numbers of violations.

    Raises:
        BadInput: a question that nothing answers.
    """
    if source != "own":
        return list(BUNDLED[source]().predictors)
    if store is None:
        return [name for name, predictor in catalogue().items() if predictor.listed]
    evidence = Evidence(store, question) if question is not None else None
    return [
        name
        for name, predictor in catalogue(store).items()
        if (predictor.listed or (parts and predictor.variant)) and _can_stand(predictor, evidence)
    ]


def _can_stand(predictor: Predictor, evidence: Evidence | None) -> bool:
    if evidence is None:
        return True
    same = predictor.name == f"RuDE {evidence.board.metric}"
    return not same and predictor.has_runs(evidence) and predictor.is_stored(evidence)


def outcome_names(store: Store, *, source: Source = "own") -> list[str]:
    """What can stand on the y axis; of one's own those first that most candidates have, then by precedence."""
    if source != "own":
        return list(BUNDLED[source]().outcomes)
    many = Counter(outcome.outcome for outcome in stored_outcomes(store))
    return sorted(many, key=lambda name: (-many[name], precedence(name)))


def comparable(outcomes: Mapping[str, Sequence[float]]) -> tuple[list[str], list[str]]:
    """Outcomes that two of the candidates have, or all where none has, and a note on those that are left out.

    What training one candidate leaves behind says nothing of which is better, and must not hide what does.

    Args:
        outcomes: each candidate's score by outcome; NaN where there is none.
    """
    enough = [name for name, scores in outcomes.items() if sum(not math.isnan(score) for score in scores) > 1]
    if not enough or len(enough) == len(outcomes):
        return list(outcomes), []
    lack = count(len(outcomes) - len(enough), "outcome")
    return enough, [f"{lack} that fewer than two of these candidates have left out"]


def first_source(store: Store) -> Source:
    """What is looked at where nobody has said what: a person's own outcomes if there are any, else the ladder as the
    example it is."""
    return "own" if stored_outcomes(store) else "ladder"


def check_predictors(names: Sequence[str], available: Collection[str], listed: Sequence[str]) -> None:
    """Raises `BadInput` for a predictor that is not there; `listed` are those that it names."""
    for name in names:
        if name not in available:
            raise BadInput(f"no predictor {name!r}", fix="predictors: " + ", ".join(listed))


def check_outcomes(names: Sequence[str], available: Sequence[str]) -> None:
    """Raises `BadInput` for an outcome that is not there."""
    for name in names:
        if name not in available:
            fix = "outcomes: " + ", ".join(available) if available else "add outcomes from a file"
            raise BadInput(f"no outcome {name!r}", fix=fix, shell="" if available else "rude-tui outcomes add FILE.csv")


def predictor_values(evidence: Evidence, predictor: str) -> Mapping[str, Estimate]:
    """One predictor of the candidates on the question's board, by label; interval ends NaN where there is none.

    Raises:
        BadInput: no such predictor, or what it needs has not been run.
    """
    predictors = catalogue(evidence.store)
    check_predictors([predictor], predictors, [name for name, about in predictors.items() if about.listed])
    return predictors[predictor].of(evidence)


def predictor_label(evidence: Evidence, predictor: str) -> str:
    """The name with suite, protocol and metric where it depends on them."""
    board = evidence.board
    about = evidence.once("catalogue", lambda e: catalogue(e.store)).get(predictor)
    if predictor == RUDE or (about is not None and about.variant and about.needs == "any protocol"):
        return f"{predictor} ({board.suite}, {board.protocol}, {board.metric})"
    return f"{predictor} (fitted on some of these)" if about is not None and about.fitted else predictor
