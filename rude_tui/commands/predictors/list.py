"""`rude-tui predictors list`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rude_tui.options import as_json, database, question_options, store_of
from rude_tui.output import between, narrate, number, print_json, print_table

if TYPE_CHECKING:
    from engine.predictors.interface import Evidence, Predictor
    from engine.stats.intervals import Estimate

__all__ = ["list_"]


@click.command("list")
@click.option("--values", is_flag=True, help="Every candidate's value with its interval instead.")
@click.option("--all", "every", is_flag=True, help="The 80 proxy metrics too.")
@question_options
@as_json
@database
def list_(
    values: bool, every: bool, suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool,
    as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """List predictors: what each is, needs and costs, which way it points, and for how many candidates it is known."""
    from engine.predictors.catalogue import catalogue
    from engine.predictors.interface import Evidence
    from engine.results.board import Question
    from rubrics.errors import BadInput

    store = store_of(db)
    evidence: Evidence | None = Evidence(store, Question(suite, protocol, metric, with_excluded=with_excluded))
    assert evidence is not None
    try:
        board = evidence.board
        narrate(f"candidates of {board.suite} under {board.protocol}, {len(board.entrants)} of them")
    except BadInput as error:
        if suite or protocol or metric:
            raise
        narrate(f"no values: {error.what}")
        evidence = None
    rows: list[dict[str, Any]] = []
    for name, predictor in catalogue(store).items():
        if not (predictor.listed or every):
            continue
        estimates = _estimates(evidence, predictor)
        rows.append({
            "predictor": name, "help": predictor.help, "better": "higher" if predictor.higher_is_better else "lower",
            "chance": None if math.isnan(predictor.chance) else predictor.chance,
            "needs": predictor.needs, "cost": predictor.cost, "source": predictor.source,
            "values": {
                label: {"value": e.value, "ci_low": e.ci_low, "ci_high": e.ci_high, "method": e.method}
                for label, e in estimates.items()
            },
        })  # fmt: skip
    if as_json:
        print_json(rows)
    elif values:
        _print_values(rows)
    else:
        print_table(
            ["predictor", "known", "better", "chance", "what it is, needs, costs, and where it is from"],
            [
                [
                    r["predictor"], len(r["values"]), r["better"], "–" if r["chance"] is None else f"{r['chance']:g}",
                    f"{r['help']} · needs {r['needs']} · costs {r['cost']} · {r['source']}",
                ]
                for r in rows
            ],
            right=["known", "chance"],
        )  # fmt: skip
        narrate("known: candidates that have a value; --values shows them, --all the 80 proxy metrics too")


def _estimates(evidence: Evidence | None, predictor: Predictor) -> dict[str, Estimate]:
    from rubrics.errors import BadInput

    if evidence is None:
        return {}
    try:
        estimates = predictor.of(evidence)
    except BadInput:
        # What it needs is in the list; that it is not stored is seen from there being no values.
        return {}
    return {label: estimate for label, estimate in estimates.items() if not math.isnan(estimate.value)}


def _print_values(rows: list[dict[str, Any]]) -> None:
    print_table(
        ["predictor", "candidate", "value", "95 %", "interval by"],
        [
            [
                row["predictor"],
                label,
                number(estimate["value"]),
                between(estimate["ci_low"], estimate["ci_high"]),
                estimate["method"],
            ]
            for row in rows
            for label, estimate in row["values"].items()
        ],
        right=["value", "95 %"],
    )
