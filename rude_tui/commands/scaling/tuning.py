"""`rude-tui scaling tuning`."""

from __future__ import annotations

from pathlib import Path

import click

from rude_tui.options import as_json
from rude_tui.output import between, narrate, number, print_json, print_table

__all__ = ["tuning"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--at", "at", multiple=True, metavar="EXAMPLES",
              help="Foretell the score there, such as 20k. Default: twice the most of each candidate.")  # fmt: skip
@click.option("--lower-is-better", is_flag=True, help="A lower score is better, as for a loss.")
@as_json
def tuning(file: Path, at: tuple[str, ...], lower_is_better: bool, as_json: bool) -> None:
    """Score over examples, and who overtakes whom.

    FILE.csv has the columns candidate, examples, score: what each candidate scored after being tuned on so many
    examples; several rows for one number are seeds. A curve a − b·n^−c goes through each candidate's points, and for
    every two candidates the last place is given at which one overtakes the other, looked for up to 18 times the
    examples seen. Intervals are 95 %.
    """
    from engine.correlation.scaling import read_tuning, tokens_of
    from engine.correlation.tuning import tuning_view

    try:
        horizons = [tokens_of(text, "examples") for text in at]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None
    view = tuning_view(read_tuning(file), at=horizons, lower_is_better=lower_is_better)
    if as_json:
        from dataclasses import asdict

        print_json({
            "curves": [
                {
                    "candidate": curve.candidate, "points": [asdict(point) for point in curve.points],
                    "fitted": list(curve.fitted), "constants": list(curve.constants),
                    "forecasts": [
                        {"examples": examples, **asdict(value), "times": times}
                        for examples, value, times in curve.forecasts
                    ],
                    "note": curve.note,
                }
                for curve in view.curves
            ],
            "ahead": [
                {
                    "winner": of.winner, "loser": of.loser, "words": of.words,
                    **{name: value for name, value in asdict(of.crossing).items() if name != "ahead"},
                }
                for of in view.ahead
            ],
            "higher_is_better": view.higher_is_better, "method": view.method, "notes": list(view.notes),
        })  # fmt: skip
        return
    rows = []
    for curve in view.curves:
        for point, fitted in zip(curve.points, curve.fitted, strict=True):
            rows.append([curve.candidate, f"{point.examples:,.6g}", number(point.score), number(fitted), ""])
        for examples, value, _ in curve.forecasts:
            foretold = number(value.value), between(value.ci_low, value.ci_high)
            rows.append([curve.candidate, f"{examples:,.6g}", "foretold", *foretold])
    heads = ["candidate", "examples", "score", "curve", "95 %"]
    print_table(heads, rows, right=heads[1:])
    narrate(*(of.words for of in view.ahead), view.method, *(f"note: {note}" for note in view.notes))
