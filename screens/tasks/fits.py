"""Fitting scorers of proxy metrics, and applying a fit to other candidates, suites or traces. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rubrics.errors import BadInput
from screens.shell.fields import AtField, Field, Prepared, Typed, at
from screens.shell.paths import several
from screens.tasks.task import Task
from screens.tasks.words import columns, number, within

if TYPE_CHECKING:
    from engine.predictors.interface import Evidence
    from engine.predictors.judged import JudgedScorers
    from screens.shell.session import Session

__all__ = ["APPLY_SCORER", "FIT_SCORERS", "outcomes_of_most"]


def _fit_fields(session: Session) -> Sequence[Field]:
    from engine.predictors.scorers import SCORERS

    return (
        Field("outcomes", "Outcomes", "several with ; · empty: those that most candidates have"),
        Field("of", "Of", choices=("these candidates", "the ladder that ships")),
        Field("scorer", "Scorer", choices=("linear RankSVM", *(name for name in SCORERS if name != "linear RankSVM"))),
        Field("fit", "Fit", "the .json file to keep the scorer in; may stay empty", "path", endings=(".json",)),
    )


def _evidence(session: Session) -> Evidence:
    from engine.predictors.interface import Evidence

    return Evidence(session.store, session.question())


def _fit(session: Session, typed: Typed) -> Prepared:
    from engine.correlation.fit_file import save_fit
    from engine.correlation.names import outcome_names
    from engine.correlation.scorer_tasks import features_for, ladder_tasks, ladder_units, outcomes_known, units_of
    from engine.correlation.scorer_transfer import scorer_to_keep
    from engine.predictors.judged import gather, judge_scorers

    if typed.text("of") == "the ladder that ships":
        of_ladder = ladder_tasks()
        with at("of"):
            judged = judge_scorers(of_ladder, units=ladder_units(session.store, of_ladder, session.question().over))
        return Prepared(said="\n".join(_judged_words(judged)))
    evidence = _evidence(session)
    with at("outcomes"):
        outcomes = several(typed.text("outcomes")) or outcomes_of_most(evidence, outcome_names(session.store))
        if not outcomes:
            raise BadInput("no outcomes are stored yet", fix="add outcomes first")
        features = features_for(evidence, outcomes)
        tasks = gather({name: of for name, (_, of) in features.items()}, outcomes_known(evidence, outcomes))
        units = units_of(evidence, tasks)
        judged = judge_scorers(tasks, units=units)
    kept = ""
    if path := typed.text("fit"):
        fit = scorer_to_keep(tasks, typed.text("scorer"), units=units)
        with at("fit"):
            file = Path(path).expanduser().absolute()
            if file.exists():
                raise BadInput("is there already", where=str(file), fix="name another file")
            save_fit(fit, file)
        kept = f"{fit.words()} → {file}"
    lines = [
        *_judged_words(judged),
        "solutions: " + ", ".join(f"{name}: {traces or 'the suite'}" for name, (traces, _) in features.items()),
        *([kept] if kept else []),
    ]
    return Prepared(said="\n".join(lines))


def outcomes_of_most(evidence: Evidence, names: Sequence[str]) -> list[str]:
    """Outcomes that as many of the candidates have as any: one that a single candidate has leaves nothing to judge."""
    from engine.correlation.scorer_tasks import outcomes_known

    known = outcomes_known(evidence, names)
    most = max(map(len, known.values()), default=0)
    return [name for name in names if len(known[name]) == most]


def _judged_words(judged: JudgedScorers) -> list[str]:
    from engine.predictors.judged import HELP

    rows = [
        [row.name, number(row.fitted), f"{100 * row.ordered:.0f} %", within(row.ordered_low, row.ordered_high),
         number(row.tasks), number(row.tasks_chance)]
        for row in judged.scorers
    ]  # fmt: skip
    return [
        columns(["scorer", "fitted", "left out", "95 %", "others", "chance"], rows), "",
        *(f"{outcome}: best feature {name}; {best}" for outcome, (name, best) in judged.best.items()), "",
        judged.made_of, f"fitted: {HELP['fitted']}", f"left out: {judged.ordered_help}", f"others: {HELP['tasks']}",
    ]  # fmt: skip


FIT_SCORERS = Task(
    "scorers",
    "Fit scorers of the proxy metrics on outcomes",
    "Eighty statistics of expert tokens joined into one number, judged on candidates and outcomes left out of the fit. "
    "Each outcome has features of its own expert traces where it names them, else of the suite's chosen responses. "
    "Families are left out whole where intervals are over families (b on Families).",
    _fit_fields,
    _fit,
)


def _apply_fields(session: Session) -> Sequence[Field]:
    return (
        Field("fit", "Fit", "a .json file with a fitted scorer", "path", endings=(".json",), needed=True),
        Field("traces", "Traces", "expert traces read, by name; empty: the suite's or outcome's"),
        Field("outcomes", "Outcomes", "stored outcomes to hold it against; several with ; between"),
        Field("keep", "Keep as", "name of a predictor to keep it as; may stay empty"),
    )


def _apply(session: Session, typed: Typed) -> Prepared:
    from engine.correlation.fit_file import read_scorer
    from engine.correlation.scorer_tasks import outcomes_known
    from engine.correlation.scorer_transfer import HELP, applied_scorers, keep_standing

    path = typed.path("fit")
    with at("fit"):
        fit = read_scorer(path)
    evidence = _evidence(session)
    outcomes, traces = several(typed.text("outcomes")), typed.text("traces") or None
    try:
        applied = applied_scorers(evidence, fit, traces, outcomes)
    except BadInput as error:
        raise AtField("outcomes" if outcomes and "outcome" in error.what else "traces", error) from None
    known = outcomes_known(evidence, outcomes, turned=False)
    lines = [fit.words()]
    for one in applied:
        rows = [
            [name, str(place), number(value), *(number(known[o].get(name, math.nan)) for o in outcomes),
             "yes" if name in one.seen else ""]
            for place, (name, value) in enumerate(one.standing.items(), 1)
        ]  # fmt: skip
        lines += ["", f"{one.of}:", columns(["candidate", "place", "standing", *outcomes, "fitted on"], rows)]
        lines += [f"· {words}" for words in one.words()]
    lines += ["", f"standing: {HELP['standing']}"]
    if name := typed.text("keep"):
        with at("keep"):
            keep_standing(session.store, name, applied[0], path.name)
        lines.append(f"Kept as {name}: it stands among the predictors on Correlation (4).")
    return Prepared(said="\n".join(lines))


APPLY_SCORER = Task(
    "apply-scorer",
    "Apply a fitted scorer to these candidates",
    "What a fit of before says of other candidates, another suite or other traces, and how far off it is where "
    "outcomes are known.",
    _apply_fields,
    _apply,
)
