"""`rude-tui export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from engine.correlation.sources import Source
from engine.results.board import Question
from engine.results.pair_index import GROUPINGS
from engine.store.connection import Store
from rubrics.counted import count
from rude_tui.options import database, over_option, question_options, source_options, store_of, weights_option
from rude_tui.output import narrate, print_table
from rude_tui.streams import as_utf8

if TYPE_CHECKING:
    from engine.results.weights import Weights
    from engine.stats.units import Over

__all__ = ["export"]

_TOGETHER = ("model-index", "all")
"""What is made of several tables, or of one for another program."""
_TABLES = (
    "rankings", "decision", "verdicts", "failures", "correlations", "matrix", "upsets", "families",
    "predictors", "wordings", "pairs", "abilities", "topics",
    "spectra",
)  # fmt: skip


@click.command()
@click.argument("what", type=click.Choice([*_TABLES, *_TOGETHER]))
@click.option("-o", "--output", help="FILE.csv, .parquet, .json, .md or .tex; - prints CSV.")
@click.option("--columns", is_flag=True, help="Say how each column is made instead of writing the table.")
@click.option(
    "--raw", is_flag=True, help="CSV: exact text, without the apostrophe that keeps spreadsheets from running it."
)
@click.option("--model", metavar="M", help="model-index: of this candidate alone.")
@question_options
@weights_option
@click.option("--by", type=click.Choice(GROUPINGS), default="category", show_default=True,
              help="Scopes of rankings; of the matrix, its one split (default: every one).")  # fmt: skip
@click.option("--pairs", type=click.Choice(["common", "own"]), default="common", show_default=True)
@source_options
@over_option
@database
@click.pass_context
def export(
    ctx: click.Context,
    what: str, output: str | None, columns: bool, raw: bool, model: str | None, suite: str | None,
    protocol: str | None, metric: str | None, by: str, pairs: Literal["common", "own"], source: Source,
    over: Over,
    weights: Weights | None,
    with_excluded: bool, db: Path | None,
) -> None:  # fmt: skip
    """Write a table to a file.

    Without --protocol, every protocol run on the suite is written, each under its headline metric. .md and .tex are for
    reading: a row for each candidate, numbers with their intervals.

    model-index is a block in YAML for a model's card on the Hugging Face hub. all is every table with a dictionary of
    its columns: a folder of Parquet files, or a DuckDB file where -o ends in .duckdb.
    """
    from engine.export.files import write_csv, write_table
    from engine.export.methods import METHODS
    from engine.export.tables import COLUMNS, table

    if columns and what in _TABLES:
        print_table(["column", "type", "how it is made"], [[n, k, METHODS[what][n]] for n, k in COLUMNS[what].items()])
        if what in ("correlations", "predictors"):
            narrate("how each predictor is made: rude-tui predictors list")
        return
    if output is None:
        raise click.UsageError("-o FILE says where to; - prints CSV, --columns says how each column is made")

    question = Question(suite, protocol, metric, by, pairs, with_excluded=with_excluded, weights=weights, over=over)
    if what == "all":
        _all(store_of(db), question, Path(output))
        return
    if what == "model-index":
        _model_index(store_of(db), question, model, output)
        return
    split = by if ctx.get_parameter_source("by") is not click.core.ParameterSource.DEFAULT else None
    contents = table(store_of(db), what, question, source=source, by=split)
    if output == "-":
        write_csv(contents, as_utf8(), raw=raw)
    else:
        write_table(contents, Path(output), raw=raw)
        narrate(f"{count(len(contents.rows), 'row')} → {output}")


def _all(store: Store, question: Question, output: Path) -> None:
    from engine.export.everything import everything, write_everything

    found = everything(store, question)
    write_everything(found, output)
    narrate(*(f"note: no {what}: {why}" for what, why in found.left_out.items()))
    rows = sum(len(held.rows) for held in found.tables.values())
    narrate(f"{count(len(found.tables), 'table')}, {count(rows, 'row')} → {output}")


def _model_index(store: Store, question: Question, model: str | None, output: str) -> None:
    from engine.export.model_index import model_index
    from engine.export.tables import table
    from engine.results.board import load_board
    from rubrics.targets import write_whole

    board = load_board(store, question)
    block = model_index(table(store, "rankings", question), board.suite, board.suite_hash, model)
    if output == "-":
        as_utf8().write(block)
        return
    with write_whole(Path(output)) as file:
        file.write(block)
    narrate(f"put it between the dashes at the top of the model's README.md → {output}")
