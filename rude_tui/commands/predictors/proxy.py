"""`rude-tui predictors proxy`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rubrics.counted import count
from rude_tui.options import as_json, database, question_options, store_of
from rude_tui.output import between, narrate, number, print_json, print_table

if TYPE_CHECKING:
    from engine.predictors.interface import Evidence
    from engine.predictors.judged import JudgedScorers
    from engine.stats.intervals import Estimate

__all__ = ["proxy"]


@click.command()
@click.option("--outcome", "outcomes", multiple=True, metavar="NAME", help="Fit scorers on this outcome; repeatable.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write all features: FILE.csv, .parquet or .json."
)
@click.option("--last", type=click.IntRange(1), default=1000, show_default=True, help="Tokens at the end that count.")
@click.option("--centre", type=float, default=1.0, show_default=True, help="Of the Gaussian on the NLL, nats.")
@click.option("--width", type=click.FloatRange(1e-3), default=1.0, show_default=True, help="Of the same, nats.")
@click.option(
    "--least-entropy", type=click.FloatRange(1e-6), default=0.01, show_default=True,
    help="Added to the entropy before it is inverted, nats.",
)  # fmt: skip
@click.option(
    "--wrong-over", type=click.Choice(["all", "wrong"]), default="all", show_default=True,
    help="Tokens that wrong-confidence is a mean over.",
)  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True)
@question_options
@as_json
@database
def proxy(
    outcomes: tuple[str, ...], output: Path | None, last: int, centre: float, width: float, least_entropy: float,
    wrong_over: str, seed: int, suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool,
    as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """The 80 proxy metrics (arXiv 2605.18607): ten statistics of expert tokens under eight weightings.

    From stored token scores of the chosen responses (rude-tui run --token-scores), over the pairs that all candidates
    have. With --outcome, scorers are fitted on them (best single feature, three features, linear RankSVM) and judged on
    candidates, and with three outcomes or more on outcomes, that were left out.
    """
    from engine.predictors.interface import Evidence
    from engine.predictors.judged import judge_scorers
    from engine.predictors.proxy import FEATURES, Constants
    from engine.predictors.tokens import proxy_features
    from engine.results.board import Question

    store = store_of(db)
    evidence = Evidence(store, Question(suite, protocol, metric, with_excluded=with_excluded))
    constants = Constants(last, centre, width, least_entropy, wrong_over == "all")
    features = proxy_features(evidence, constants)
    if output is not None:
        _write_features(features, output)
    if outcomes:
        _print_judged(judge_scorers(features, _outcomes(evidence, outcomes), seed=seed), as_json)
        return
    if as_json:
        print_json([
            {"candidate": name, "predictor": f"proxy {feature}", "value": estimate.value, "ci_low": estimate.ci_low,
             "ci_high": estimate.ci_high, "method": estimate.method}
            for name, estimates in features.items()
            for feature, estimate in zip(FEATURES, estimates, strict=True)
        ])  # fmt: skip
    elif output is None:
        print_table(
            ["feature", *features],
            [
                [feature, *(number(estimates[at].value) for estimates in features.values())]
                for at, feature in enumerate(FEATURES)
            ],
            right=list(features),
        )
        narrate(
            f"mean over chosen responses of the weighted mean over their last {last:,} tokens; intervals: --json or -o",
            "80 of them: one that was not chosen beforehand has to beat the best of 80 useless ones (--outcome NAME)",
        )


def _write_features(features: dict[str, list[Estimate]], output: Path) -> None:
    from engine.export.files import write_table
    from engine.export.tables import Table
    from engine.predictors.proxy import FEATURES

    columns = {
        "candidate": "varchar",
        "predictor": "varchar",
        "value": "double",
        "ci_low": "double",
        "ci_high": "double",
    }
    rows = [
        (
            name,
            f"proxy {feature}",
            *(None if math.isnan(n) else float(n) for n in (estimate.value, estimate.ci_low, estimate.ci_high)),
        )
        for name, estimates in features.items()
        for feature, estimate in zip(FEATURES, estimates, strict=True)
    ]
    write_table(Table(columns, rows), output)
    narrate(f"{len(rows)} rows → {output}")


def _outcomes(evidence: Evidence, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
    from engine.correlation.predictor_outcome import RUDE, correlation_views

    views = correlation_views(evidence.store, evidence.question, [RUDE], names)
    return {view.outcome: {p.name: p.y for p in view.points if not math.isnan(p.y)} for view in views}


def _print_judged(judged: JudgedScorers, as_json: bool) -> None:
    from dataclasses import asdict

    from engine.predictors.judged import HELP

    if as_json:
        print_json(asdict(judged))
        return
    print_table(
        ["scorer", "fitted ρ", "pairs left out, right", "95 %", "pairs", "outcomes left out, ρ", "uses"],
        [
            [
                row.name, number(row.fitted), f"{100 * row.ordered:.0f} %",
                between(row.ordered_low, row.ordered_high), row.tried, number(row.tasks), "; ".join(row.uses),
            ]
            for row in judged.scorers
        ],
        right=["fitted ρ", "pairs left out, right", "95 %", "pairs", "outcomes left out, ρ"],
    )  # fmt: skip
    narrate(
        f"{len(judged.candidates)} candidates, {judged.features} features, {count(len(judged.outcomes), 'outcome')}"
    )
    for outcome, (feature, best) in judged.best.items():
        narrate(f"{outcome}: best feature {feature}; {best}")
    narrate(f"fitted ρ: {HELP['fitted']}", f"pairs left out: {HELP['ordered']}", f"outcomes left out: {HELP['tasks']}")
