"""`rude-tui export`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from engine.correlation.sources import Source
from engine.results.board import Question
from engine.results.pair_index import GROUPINGS
from rude_tui.options import database, question_options, source_options, store_of
from rude_tui.output import narrate, print_table
from rude_tui.streams import as_utf8

__all__ = ["export"]

_TABLES = (
    "rankings", "decision", "verdicts", "failures", "correlations", "matrix", "upsets", "predictors", "pairs",
    "abilities",
)  # fmt: skip


@click.command()
@click.argument("what", type=click.Choice(_TABLES))
@click.option("-o", "--output", help="FILE.csv, .parquet or .json; - prints CSV.")
@click.option("--columns", is_flag=True, help="Say how each column is made instead of writing the table.")
@click.option(
    "--raw", is_flag=True, help="CSV: exact text, without the apostrophe that keeps spreadsheets from running it."
)
@question_options
@click.option("--by", type=click.Choice(GROUPINGS), default="category", show_default=True, help="Scopes of rankings.")
@click.option("--pairs", type=click.Choice(["common", "own"]), default="common", show_default=True)
@source_options
@database
def export(
    what: str, output: str | None, columns: bool, raw: bool, suite: str | None, protocol: str | None,
    metric: str | None, by: str, pairs: Literal["common", "own"], source: Source, with_excluded: bool,
    db: Path | None,
) -> None:  # fmt: skip
    """Write a table to a file.

    Without --protocol, every protocol run on the suite is written, each under its headline metric.
    """
    from engine.export.files import write_csv, write_table
    from engine.export.methods import METHODS
    from engine.export.tables import COLUMNS, table

    if columns:
        print_table(["column", "type", "how it is made"], [[n, k, METHODS[what][n]] for n, k in COLUMNS[what].items()])
        if what in ("correlations", "predictors"):
            narrate("how each predictor is made: rude-tui predictors list")
        return
    if output is None:
        raise click.UsageError("-o FILE says where to; - prints CSV, --columns says how each column is made")

    question = Question(suite, protocol, metric, by, pairs, with_excluded=with_excluded)
    contents = table(store_of(db), what, question, source=source)
    if output == "-":
        write_csv(contents, as_utf8(), raw=raw)
    else:
        write_table(contents, Path(output), raw=raw)
        narrate(f"{len(contents.rows)} rows → {output}")
