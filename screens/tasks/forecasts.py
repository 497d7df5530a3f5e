"""Carrying on a training run's outcome, and scores over tuning examples. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rubrics.errors import BadInput
from screens.shell.fields import YES_NO, Field, Prepared, Typed, at
from screens.shell.paths import several
from screens.tasks.task import Task
from screens.tasks.words import columns, number

if TYPE_CHECKING:
    from engine.correlation.forecast import RunForecast
    from engine.stats.curves import Value
    from screens.shell.session import Session

__all__ = ["FORECAST", "TUNING"]


def _forecast_fields(session: Session) -> Sequence[Field]:
    return (
        Field("file", "File", "a .csv with the columns candidate, run, tokens (or flops)", "path",
              endings=(".csv", ".tsv")),
        Field("outcome", "Outcome", "a stored outcome of the checkpoints"),
        Field("predictors", "Predictors", "as on Correlation; several with ; · empty: RuDE accuracy"),
        Field("at", "Foretell at", "tokens such as 2T; several with ; · empty: twice the last"),
        Field("early", "Early", "checkpoints that the backtest may see; empty: half of them"),
    )  # fmt: skip


def _forecast(session: Session, typed: Typed) -> Prepared:
    from engine.correlation.forecast import HELP, forecasts
    from engine.correlation.names import check_outcomes, outcome_names
    from engine.correlation.predictor_outcome import RUDE
    from engine.correlation.scaling import read_checkpoints

    path = typed.path("file")
    with at("file"):
        checkpoints = read_checkpoints(path, or_flops=True)
    horizons = _horizons(typed, checkpoints[0].unit)
    with at("outcome"):
        outcome = typed.text("outcome")
        check_outcomes([outcome], outcome_names(session.store))
    with at("early"):
        early = typed.text("early")
        if early and (not early.isdecimal() or int(early) < 4):
            raise BadInput(f"{early!r} is no number of checkpoints", fix="four or more, or nothing")
    with at("predictors"):
        names = several(typed.text("predictors")) or [RUDE]
        found = forecasts(
            session.store, session.question(), checkpoints, names, outcome, at=horizons,
            early=int(early) if early else None,
        )  # fmt: skip
    told = f"error: {HELP['error']}; held: {HELP['held']}"
    return Prepared(said="\n\n".join([*(_run(run) for run in found), told]))


def _horizons(typed: Typed, unit: str) -> list[float]:
    from engine.correlation.scaling import tokens_of

    with at("at"):
        try:
            return [tokens_of(text, unit) for text in several(typed.text("at"))]
        except ValueError as error:
            raise BadInput(str(error), fix="such as 500, 20k or 2T") from None


def _run(run: RunForecast) -> str:
    from engine.correlation.forecast import warnings

    rows = []
    for way in run.ways:
        tried = f"{way.held}/{way.tried}" if way.tried else "–"
        for i, value in enumerate(way.foretold):
            first = [way.name, number(way.error), tried] if i == 0 else ["", "", ""]
            rows.append([*first, f"{run.at[i]:.4g}", number(value.value), _spread(value)])
    head = f"{run.run}: {run.outcome}"
    if run.later:
        head += (
            f"; backtest from the first {run.early} of {len(run.checkpoints)} checkpoints to the {run.later} later "
            f"ones, up to {run.times:.3g} times the {run.unit} seen"
        )
    notes = [*warnings(run), *run.notes, *(f"{way.name}: {way.note}" for way in run.ways if way.note)]
    table = columns(["by", "error", "held", f"at {run.unit}", "outcome", "95 %"], rows)
    return "\n".join([head, table, *(f"! {note}" for note in notes)])


def _spread(value: Value) -> str:
    return "–" if math.isnan(value.ci_low) else f"{number(value.ci_low)} … {number(value.ci_high)}"


FORECAST = Task(
    "forecast",
    "Foretell an outcome from early checkpoints",
    "How far a predictor, loss or compute alone foretold the later checkpoints of a run, and what they say is ahead.",
    _forecast_fields,
    _forecast,
)


def _tuning_fields(session: Session) -> Sequence[Field]:
    return (
        Field("file", "File", "a .csv with the columns candidate, examples, score", "path", endings=(".csv", ".tsv")),
        Field("at", "Foretell at", "examples such as 20k; several with ; · empty: twice the most"),
        Field("lower", "Lower is better", "of the score, as for a loss", choices=YES_NO),
    )


def _tuning(session: Session, typed: Typed) -> Prepared:
    from engine.correlation.scaling import read_tuning
    from engine.correlation.tuning import tuning_view

    path = typed.path("file")
    horizons = _horizons(typed, "examples")
    with at("file"):
        view = tuning_view(read_tuning(path), at=horizons, lower_is_better=typed.yes("lower"))
    rows = []
    for curve in view.curves:
        for point, fitted in zip(curve.points, curve.fitted, strict=True):
            rows.append([curve.candidate, f"{point.examples:,.6g}", number(point.score), number(fitted), ""])
        for examples, value, _ in curve.forecasts:
            rows.append([curve.candidate, f"{examples:,.6g}", "foretold", number(value.value), _spread(value)])
    lines = [
        *(of.words for of in view.ahead), "", columns(["candidate", "examples", "score", "curve", "95 %"], rows), "",
        view.method, *(f"! {note}" for note in view.notes),
    ]  # fmt: skip
    return Prepared(said="\n".join(lines))


TUNING = Task(
    "tuning",
    "Score over tuning examples, and who overtakes whom",
    "Where one candidate passes another as both are tuned on more examples, with its interval.",
    _tuning_fields,
    _tuning,
)
