"""`rude-tui predictors`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rude_tui.commands.measuring import proxy, rbridge, spectral
from rude_tui.options import as_json, database, question_options, store_of
from rude_tui.output import between, narrate, number, print_json, print_table

if TYPE_CHECKING:
    from engine.predictors.interface import Evidence, Predictor
    from engine.stats.intervals import Estimate
    from engine.store.connection import Store

__all__ = ["keep_columns", "predictors"]


@click.group()
def predictors() -> None:
    """Numbers that claim to foretell post-training: list, measure or add them.

    What is measured here stands beside RuDE's accuracy in `rude-tui correlate` and on the Correlation screen.
    """


@predictors.command("list")
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
    for name, found in catalogue(store).items():
        if not (found.listed or every):
            continue
        known = _known(evidence, found)
        rows.append({
            "predictor": name, "help": found.help, "better": "higher" if found.higher_is_better else "lower",
            "needs": found.needs, "cost": found.cost, "source": found.source,
            "values": {
                label: {"value": one.value, "ci_low": one.ci_low, "ci_high": one.ci_high, "method": one.method}
                for label, one in known.items()
            },
        })  # fmt: skip
    if as_json:
        print_json(rows)
    elif values:
        _print_values(rows)
    else:
        print_table(
            ["predictor", "known", "better", "what it is, needs, costs, and where it is from"],
            [
                [
                    r["predictor"], len(r["values"]), r["better"],
                    f"{r['help']} · needs {r['needs']} · costs {r['cost']} · {r['source']}",
                ]
                for r in rows
            ],
            right=["known"],
        )  # fmt: skip
        narrate("known: candidates that have a value; --values shows them, --all the 80 proxy metrics too")


def _known(evidence: Evidence | None, predictor: Predictor) -> dict[str, Estimate]:
    from rubrics.errors import BadInput

    if evidence is None:
        return {}
    try:
        found = predictor.of(evidence)
    except BadInput:
        # What it needs is in the list; that it is not stored is seen from there being no values.
        return {}
    return {label: one for label, one in found.items() if not math.isnan(one.value)}


def _print_values(rows: list[dict[str, Any]]) -> None:
    print_table(
        ["predictor", "candidate", "value", "95 %", "interval by"],
        [
            [row["predictor"], label, number(one["value"]), between(one["ci_low"], one["ci_high"]), one["method"]]
            for row in rows
            for label, one in row["values"].items()
        ],
        right=["value", "95 %"],
    )


@predictors.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--lower-is-better", "lower", multiple=True, metavar="COLUMN", help="A column that works like a loss.")
@database
def add(file: Path, lower: tuple[str, ...], db: Path | None) -> None:
    """Add predictors of your own from a CSV: a column `candidate`, and one column for each predictor."""
    keep_columns(store_of(db), file, lower)


def keep_columns(store: Store, file: Path, lower: Sequence[str] = ()) -> list[str]:
    """Store a CSV's columns and say whose they are; their names."""
    from engine.outcomes.outcomes import near_misses
    from engine.predictors.column import read_columns
    from engine.store.predictors import add_predictors
    from engine.store.runs import candidate_names

    found = read_columns(file, lower_is_better=lower)
    replaced = add_predictors(store, found)
    narrate(f"{len(found)} values stored, {replaced} of them in place of an earlier one")
    for stranger, near in near_misses([one.candidate for one in found], candidate_names(store)).items():
        narrate(f"note: {stranger} is no candidate here" + (f"; did you mean {near[0]}?" if near else ""))
    return list(dict.fromkeys(one.predictor for one in found))


@predictors.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME ...")
@database
def remove(names: tuple[str, ...], db: Path | None) -> None:
    """Take back predictors that were added from a CSV."""
    from engine.store.predictors import remove_predictors, stored_predictors
    from rubrics.errors import BadInput

    store = store_of(db)
    known = {one.predictor for one in stored_predictors(store)}
    for name in names:
        if name not in known:
            raise BadInput(f"no predictor {name!r} was added", fix="added: " + (", ".join(sorted(known)) or "none"))
    narrate(f"{remove_predictors(store, names)} values removed")


predictors.add_command(rbridge)
predictors.add_command(spectral)
predictors.add_command(proxy)
