"""`rude-tui scaling forecast`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rude_tui.options import as_json, database, question_options, store_of
from rude_tui.output import between, narrate, number, print_json, print_table

if TYPE_CHECKING:
    from engine.correlation.forecast import RunForecast

__all__ = ["forecast"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--predictor", "predictors", multiple=True, metavar="NAME",
              help="Stored predictor, as in `correlate`; repeatable. Default: RuDE accuracy.")  # fmt: skip
@click.option("--outcome", required=True, help="Stored outcome of the checkpoints.")
@click.option("--at", "at", multiple=True, metavar="NUMBER",
              help="Foretell there, such as 2T tokens or 1e22 FLOPs. Default: twice the most of each run.")  # fmt: skip
@click.option("--early", type=click.IntRange(min=4), metavar="N",
              help="Checkpoints that the backtest may see. Default: half of those with an outcome, or 4.")  # fmt: skip
@question_options
@as_json
@database
def forecast(
    file: Path, predictors: tuple[str, ...], outcome: str, at: tuple[str, ...], early: int | None,
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Foretell an outcome from early checkpoints.

    FILE.csv has the columns candidate, run, tokens (or flops): which candidates are checkpoints of which run. Each
    predictor's curve a − b·t^−c is carried on and turned into the outcome by a straight line. A backtest foretells the
    later checkpoints from the early ones; its error stands beside those of loss (bits per byte, where it has been
    measured), of compute alone (the outcome's own curve) and of no change at all. Intervals are 95 %: where one more
    checkpoint should be found.
    """
    from engine.correlation.forecast import HELP, forecasts
    from engine.correlation.predictor_outcome import RUDE
    from engine.correlation.scaling import read_checkpoints, tokens_of
    from engine.results.board import Question

    checkpoints = read_checkpoints(file, or_flops=True)
    try:
        horizons = [tokens_of(text, checkpoints[0].unit) for text in at]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None
    question = Question(suite, protocol, metric, with_excluded=with_excluded)
    found = forecasts(store_of(db), question, checkpoints, predictors or (RUDE,), outcome, at=horizons, early=early)
    if as_json:
        from dataclasses import asdict

        print_json([asdict(run) for run in found])
        return
    rows = []
    for run in found:
        for way in run.ways:
            tried = f"{way.held}/{way.tried}" if way.tried else "–"
            for i, value in enumerate(way.foretold):
                first = [run.run, way.name, number(way.error), tried] if i == 0 else ["", "", "", ""]
                rows.append([*first, f"{run.at[i]:.4g}", number(value.value), between(value.ci_low, value.ci_high)])
    unit = found[0].unit
    heads = ["run", "by", "error", "held", f"at {unit}", outcome, "95 %"]
    print_table(heads, rows, right=heads[2:])
    for run in found:
        narrate(*_words(run))
    narrate(f"error: {HELP['error']}; held: {HELP['held']}")


def _words(run: RunForecast) -> list[str]:
    from engine.correlation.forecast import warnings

    lines = [f"warning: {run.run}: {warning}" for warning in warnings(run)]
    lines += [f"note: {run.run}: {note}" for note in run.notes]
    lines += [f"note: {run.run}: {way.name}: {way.note}" for way in run.ways if way.note]
    if run.later:
        lines.append(
            f"{run.run}: backtest from the first {run.early} of {len(run.checkpoints)} checkpoints to the {run.later} "
            f"later ones, up to {run.times:.3g} times the {run.unit} seen"
        )
    return lines
