"""`rude-tui scaling`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rubrics.counted import count
from rude_tui.commands.scaling.forecast import forecast
from rude_tui.commands.scaling.tuning import tuning
from rude_tui.options import as_json, database, question_options, store_of
from rude_tui.output import interval, narrate, percent, print_json, print_table

if TYPE_CHECKING:
    from engine.correlation.scaling import ProxyRow

__all__ = ["scaling"]


@click.group()
def scaling() -> None:
    """Training runs and tuning carried on, and small runs that stand for large ones."""


@scaling.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@question_options
@click.option("--by", default="overall", show_default=True, help="What to split by, as in `rank`.")
@click.option("--at", "at", multiple=True, metavar="TOKENS", help="Foretell accuracy there, such as 2e12 or 2T; "
              "default: twice the tokens of the last checkpoint.")  # fmt: skip
@as_json
@database
def checkpoints(
    file: Path, suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, by: str,
    at: tuple[str, ...], as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Follow accuracy over a run's tokens.

    For candidates that are checkpoints of one training run. FILE.csv has the columns candidate, run, tokens; nothing is
    guessed from names. Fits a − b·t^−c by least squares on the pairs that all checkpoints of a run could score.
    Intervals are 95 %: profile likelihood over c with Student's t for n − 3, widened by resampling clusters of pairs.
    What lies beyond the last checkpoint is extrapolated.
    """
    from engine.correlation.curves import training_curves
    from engine.correlation.scaling import read_checkpoints, tokens_of
    from engine.results.board import Question, load_board
    from engine.results.pair_index import GROUPINGS

    if by not in GROUPINGS:
        raise click.BadParameter(f"one of {', '.join(GROUPINGS)}", param_hint="--by")
    try:
        horizons = [tokens_of(text) for text in at]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None
    listed = read_checkpoints(file)
    question = Question(suite, protocol, metric, by, with_excluded=with_excluded)
    board = load_board(store_of(db), question)
    curves = training_curves(board, question, listed, at=horizons)
    if as_json:
        from dataclasses import asdict

        print_json([
            {
                "run": curve.run, "scope": curve.scope, "suite": board.suite, "protocol": board.protocol,
                "metric": board.metric, "points": [asdict(point) for point in curve.points],
                "a": curve.law.a if curve.law else None, "b": curve.law.b if curve.law else None,
                "c": curve.law.c if curve.law else None,
                "c_interval": list(curve.law.c_interval) if curve.law else None, "ceiling": asdict(curve.ceiling),
                "forecasts": [asdict(forecast) for forecast in curve.forecasts],
                "backtest": asdict(curve.backtest) if curve.backtest else None, "method": curve.method,
                "notes": [*curve.notes, *board.notes],
            }
            for curve in curves
        ])  # fmt: skip
        return
    print_table(
        ["run", "scope", "tokens", "checkpoint", "accuracy", "95 %", "curve"],
        [
            [
                curve.run, curve.scope, f"{point.tokens:.4g}", point.candidate, percent(point.value),
                interval(point.ci_low, point.ci_high), percent(point.fitted),
            ]
            for curve in curves
            for point in curve.points
        ],
        right=["tokens", "accuracy", "95 %", "curve"],
    )  # fmt: skip
    rows = []
    for curve in curves:
        if curve.law is None:
            continue
        c_low, c_high = curve.law.c_interval
        exponent = f"{curve.law.c:.3g}" + ("" if math.isnan(c_low) else f" ({c_low:.2g}–{c_high:.2g})")
        end = curve.ceiling
        rows.append(
            [curve.run, curve.scope, "without end", percent(end.value), interval(end.ci_low, end.ci_high), exponent]
        )
        for ahead in curve.forecasts:
            cells = [f"{ahead.tokens:.4g}", percent(ahead.value), interval(ahead.ci_low, ahead.ci_high), ""]
            rows.append([curve.run, curve.scope, *cells])
    if rows:
        print_table(
            ["run", "scope", "at tokens", "accuracy", "95 %", "c"], rows, right=["at tokens", "accuracy", "95 %", "c"]
        )
    for curve in curves:
        head = f"{curve.run}, {curve.scope}: "
        warnings = dict.fromkeys(forecast.warning for forecast in curve.forecasts if forecast.warning)
        narrate(
            *(f"warning: {head}{warning}" for warning in warnings), *(f"note: {head}{note}" for note in curve.notes)
        )
        if curve.backtest is not None:
            foretold, last = curve.backtest, curve.points[-1]
            narrate(
                f"{head}the checkpoints before it foretell {percent(foretold.value)} "
                f"({interval(foretold.ci_low, foretold.ci_high)}) for the last one; it has {percent(last.value)}"
            )
    narrate(
        f"{board.suite} · {board.protocol}, {board.metric}"
        + "".join(f" · a − b·t^−c by {curve.method}" for curve in curves[:1] if curve.law),
        *(f"note: {note}" for note in board.notes),
    )


@scaling.command()
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE.csv]")
@click.option("--predictor", help="Instead of a file: a stored predictor, as in `correlate` …")
@click.option("--outcome", help="… against this stored outcome of the same candidates.")
@click.option("--map", "mapping", type=click.Path(path_type=Path), metavar="MAP.csv",
              help="Columns small, large: the predictor of the small against the outcome of the large, or without "
              "--outcome against the same predictor.")  # fmt: skip
@click.option("--lower-is-better", is_flag=True, help="A lower proxy is better, as for a loss.")
@click.option("--fit", type=click.Path(path_type=Path), metavar="FIT.json", help="Write a form as it was fitted.")
@click.option("--form", help="Which form --fit writes (default: the one with the least error on points left out).")
@click.option("--apply", type=click.Path(path_type=Path), metavar="FIT.json",
              help="What a form fitted before expects of these, and how far off it is; targets may lack.")  # fmt: skip
@question_options
@as_json
@database
def proxies(
    file: Path | None, predictor: str | None, outcome: str | None, mapping: Path | None, lower_is_better: bool,
    fit: Path | None, form: str | None, apply: Path | None,
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Judge small runs by the large ones.

    Does a small run's number foretell what the large run, or the corpus, came to? FILE.csv has the columns name, proxy,
    target: one row for each model or corpus. Four forms are fitted by least squares and judged on points left out one
    at a time: R² against the mean of the others, mean absolute error. Decisions: share of pairs of rows that the proxy
    puts in the target's order, with a BCa interval over rows.

    A fit is a file: --fit writes one, --apply applies it unchanged to other models or another corpus.
    """
    from dataclasses import asdict

    from engine.correlation.proxies import judge_proxies, proxy_rows, stand_ins, stored_proxies
    from engine.correlation.scaling import read_proxies, read_stand_ins
    from engine.results.board import Question

    if (file is None) == (predictor is None):
        raise click.UsageError("give a FILE.csv, or --predictor with --outcome or --map")
    if apply is not None and (fit is not None or mapping is not None):
        raise click.UsageError("--apply takes a FILE.csv or --predictor, and nothing is fitted then")
    question = Question(suite, protocol, metric, with_excluded=with_excluded)
    if apply is not None:
        rows = (
            read_proxies(file, lacking=True) if file else proxy_rows(store_of(db), question, predictor or "", outcome)
        )
        _apply(apply, rows, as_json)
        return
    if file is not None:
        view = judge_proxies(read_proxies(file), lower_is_better=lower_is_better)
    elif mapping is not None:
        assert predictor is not None
        pairs = read_stand_ins(mapping)
        view = stand_ins(store_of(db), question, pairs, predictor, outcome, lower_is_better=lower_is_better)
    elif predictor is not None and outcome is not None:
        view = stored_proxies(store_of(db), question, predictor, outcome)
    else:
        raise click.UsageError("--predictor needs --outcome or --map")
    if fit is not None:
        from engine.correlation.fit_file import save_fit
        from engine.correlation.form_transfer import form_to_keep

        kept = form_to_keep(view, form)
        save_fit(kept, fit)
        narrate(f"the {kept.name} form from {kept.proxy} to {kept.target} → {fit}")
    if as_json:
        print_json(asdict(view))
        return
    print_table(
        ["form", "", "a", "b", "c", "R²", "R², left out", "error, left out", "note"],
        [
            [
                form.name, form.formula, *(f"{value:.4g}" for value in form.constants),
                *([""] * (3 - len(form.constants))),
                *(_number(value) for value in (form.r2, form.cv_r2, form.cv_mae)), form.note,
            ]
            for form in view.forms
        ],
        right=["a", "b", "c", "R²", "R², left out", "error, left out"],
    )  # fmt: skip
    decision = view.decision
    narrate(
        f"{view.proxy} for {view.target}, {count(len(view.rows), 'point')} · decisions right "
        f"{percent(decision.accuracy)} % "
        f"({interval(decision.ci_low, decision.ci_high)}; chance 50) of {count(decision.pairs, 'pair')}",
        "left out: one point at a time, R² against the mean of the others"
        + ("" if math.isnan(decision.ci_low) else f"; decisions: 95 % by {decision.method}"),
        *([f"note: {decision.note}"] if decision.note else []),
        *(f"note: {note}" for note in view.notes),
    )


def _apply(file: Path, points: list[ProxyRow], as_json: bool) -> None:
    from engine.correlation.fit_file import read_form
    from engine.correlation.form_transfer import HELP, apply_form

    applied = apply_form(read_form(file), points)
    if as_json:
        from dataclasses import asdict

        print_json(asdict(applied))
        return
    print_table(
        ["name", "proxy", "expected", "target", ""],
        [
            [row.name, _number(row.proxy), _number(row.expected), _number(row.target), "beyond" if row.beyond else ""]
            for row in applied.rows
        ],
        right=["proxy", "expected", "target"],
    )
    narrate(applied.fit.words(), *applied.words(), *(f"note: {note}" for note in applied.notes))
    if any(row.beyond for row in applied.rows):
        narrate(f"beyond: {HELP['beyond']}")


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}" if abs(value) < 1e5 else f"{value:.3g}"


scaling.add_command(forecast)
scaling.add_command(tuning)
