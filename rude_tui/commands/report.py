"""`rude-tui report`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rubrics.counted import count
from rude_tui.options import as_json, database, over_option, question_options, store_of, weights_option
from rude_tui.output import narrate, print_json
from rude_tui.streams import as_utf8

if TYPE_CHECKING:
    from engine.results.weights import Weights
    from engine.stats.units import Over

__all__ = ["report"]


@click.command()
@click.option("-o", "--output", required=True, help="FILE.html; - prints the page.")
@question_options
@weights_option
@click.option("--outcome", "outcomes", multiple=True, help="Default: the first few there are.")
@click.option("--predictor", "predictors", multiple=True, help="Default: all that are known.")
@click.option("--pairs", type=click.IntRange(0), default=200, show_default=True, help="Failed pairs to show at most.")
@click.option("--requirements", type=click.Path(path_type=Path), metavar="FILE.toml", help="As in `decide`.")
@over_option
@as_json
@database
def report(
    output: str, suite: str | None, protocol: str | None, metric: str | None, outcomes: tuple[str, ...],
    predictors: tuple[str, ...], pairs: int, requirements: Path | None, weights: Weights | None,
    over: Over, with_excluded: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Write one page: rankings, profiles, abilities by topic, spectra, correlations, failed pairs, methods, provenance.

    The page is a single file that asks nothing of the network; it can be mailed, printed and read on a phone. Spectra
    are on it where they have been measured. Failed pairs are those lost by the widest margins, in turn from each
    candidate and subcategory.
    """
    from engine.export.report import ReportRequest, gather, page, write_report
    from engine.results.board import Question
    from engine.results.requirements import read_requirements
    from rubrics.errors import BadInput

    if output != "-" and Path(output).suffix.lower() not in (".html", ".htm"):
        raise BadInput("a report is a page of HTML", where=output, fix="end it in .html")
    if output == "-" and as_json:
        raise click.UsageError("--json says what was written, so -o must name a file")
    question = Question(suite, protocol, metric, with_excluded=with_excluded, weights=weights, over=over)
    wanted = None if requirements is None else read_requirements(requirements)
    contents = ReportRequest(question, predictors, outcomes, pairs, wanted)
    if output == "-":
        as_utf8().write(page(gather(store_of(db), contents)))
        return
    path = Path(output)
    gathered, size = write_report(store_of(db), contents, path)
    summary = {
        "output": os.path.realpath(path), "bytes": size, "suite": gathered.board.suite,
        "suite_hash": gathered.board.suite_hash, "protocol": gathered.board.protocol, "metric": gathered.board.metric,
        "candidates": list(gathered.board.matrix.candidates),
        "outcomes": [outlook.outcome for outlook in gathered.outlooks],
        "published": any(outlook.published for outlook in gathered.outlooks), "pairs_failed": gathered.chosen.failed,
        "notes": list(gathered.board.notes),
    }  # fmt: skip
    if as_json:
        print_json(summary)
        return
    narrate(
        f"{count(len(gathered.board.entrants), 'candidate')} on {gathered.board.suite} → {output} "
        f"({summary['bytes']:,} bytes)",
        *(f"note: {note}" for note in gathered.board.notes),
    )
