"""`rude-tui correlate`."""

from __future__ import annotations

from pathlib import Path

import click

from rude_tui.options import as_json, database, question_options, store_of
from rude_tui.output import narrate, print_json, print_table

__all__ = ["correlate"]


@click.command()
@click.option("--predictor", help="Default: all there are.")
@click.option("--outcome", help="Default: all there are.")
@click.option("--published", is_flag=True, help="The published points instead of your runs.")
@question_options
@as_json
@database
def correlate(
    predictor: str | None, outcome: str | None, published: bool, suite: str | None, protocol: str | None,
    metric: str | None, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Correlate predictors with outcomes: Pearson, Spearman and Kendall, each with interval, p and n."""
    from dataclasses import asdict

    from engine.results.board import Question
    from engine.results.correlation import correlation_view, outcome_names, predictor_names, verdict
    from rubrics.errors import BadInput

    store = store_of(db)
    predictors = [predictor] if predictor else predictor_names(published=published)
    outcomes = [outcome] if outcome else outcome_names(store, published=published)
    if not outcomes:
        raise BadInput("no outcomes to correlate with", fix="rude-tui outcomes add FILE.csv, or --published")
    question = Question(suite, protocol, metric)
    views = [correlation_view(store, question, p, o, published=published) for o in outcomes for p in predictors]
    if as_json:
        print_json([
            {
                "predictor": view.predictor, "outcome": view.outcome, "source": view.source, "notes": view.notes,
                "points": [asdict(point) for point in view.points],
                "statistics": {found.name: asdict(found) for found in view.statistics.statistics},
            }
            for view in views
        ])  # fmt: skip
        return
    rows = []
    for view in views:
        cells = []
        for statistic in view.statistics.statistics:
            cells += [
                f"{statistic.value:.3f}",
                f"{statistic.ci_low:.2f} … {statistic.ci_high:.2f}",
                _p(statistic.p_value),
            ]
        rows.append([view.outcome, view.predictor, view.statistics.n, *cells])
    names = [statistic.name for statistic in views[0].statistics.statistics]
    columns = ["outcome", "predictor", "n"]
    for name in names:
        columns += [name, f"95 % ({name[0]})", f"p ({name[0]})"]
    print_table(columns, rows, right=columns[2:])
    if len(predictors) > 1:
        for name in outcomes:
            narrate(f"{name}: {verdict([view for view in views if view.outcome == name])}")
    narrate(*dict.fromkeys(f"source: {view.source}" for view in views if view.source))
    narrate(*dict.fromkeys(f"note: {note}" for view in views for note in (*view.notes, view.statistics.note) if note))


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
