"""`rude-tui correlate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rude_tui.options import as_json, database, question_options, store_of
from rude_tui.output import narrate, print_json, print_table

if TYPE_CHECKING:
    from engine.store.connection import Store

__all__ = ["correlate"]


@click.command()
@click.option(
    "--predictor", "asked", multiple=True, metavar="NAME|FILE.csv",
    help="Default: all there are. A CSV (candidate, and a column for each predictor) adds columns of your own; "
    "'proxy STATISTIC, WEIGHTING' needs a run with --token-scores.",
)  # fmt: skip
@click.option("--outcome", help="Default: all there are.")
@click.option("--published", is_flag=True, help="The published points instead of your runs.")
@question_options
@as_json
@database
def correlate(
    asked: tuple[str, ...], outcome: str | None, published: bool, suite: str | None, protocol: str | None,
    metric: str | None, with_excluded: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Correlate predictors with outcomes: Pearson, Spearman and Kendall, each with interval, p and n."""
    from dataclasses import asdict

    from engine.results.board import Question
    from engine.results.correlation import correlation_views, outcome_names, predictor_names, verdict
    from rubrics.errors import BadInput

    store = store_of(db)
    outcomes = [outcome] if outcome else outcome_names(store, published=published)
    if not outcomes:
        raise BadInput("no outcomes to correlate with", fix="rude-tui outcomes add FILE.csv, or --published")
    question = Question(suite, protocol, metric, with_excluded=with_excluded)
    predictors = [name for one in asked for name in ([one] if not one.endswith(".csv") else _added(store, Path(one)))]
    predictors = predictors or predictor_names(store, None if published else question, published=published)
    views = correlation_views(store, question, predictors, outcomes, published=published)
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


def _added(store: Store, path: Path) -> list[str]:
    """Keep the file's columns; their names."""
    from engine.outcomes import near_misses
    from engine.predictors.column import read_columns
    from engine.store.predictors import add_predictors
    from engine.store.runs import candidate_names

    found = read_columns(path)
    replaced = add_predictors(store, found)
    narrate(f"{len(found)} values stored, {replaced} of them in place of an earlier one")
    for stranger, near in near_misses([one.candidate for one in found], candidate_names(store)).items():
        narrate(f"note: {stranger} is no candidate here" + (f"; did you mean {near[0]}?" if near else ""))
    return list(dict.fromkeys(one.predictor for one in found))


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
