"""`rude-tui demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from rude_tui.options import database, store_of, take_over_option, telling_options
from rude_tui.output import narrate

__all__ = ["demo"]

SUITE: Final = "world"
CSV: Final = "rude-demo-rankings.csv"


@click.command()
@click.option("--no-app", is_flag=True, help="Print the ranking and write a CSV instead of opening the app.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=CSV, show_default=True, help="CSV to write.")
@telling_options
@take_over_option
@database
@click.pass_context
def demo(ctx: click.Context, no_app: bool, output: Path, take_over: bool, db: Path | None) -> None:
    """Run the bundled candidates on the bundled suite, then open the app.

    Where there is no terminal, prints the ranking and writes it as CSV. Candidates this small cannot answer “A or B”
    questions, so the demo leads with `likelihood`; `choice` is run beside it.
    """
    from data.bundled import bundled_models
    from engine.export.files import write_table
    from engine.export.tables import table
    from engine.jobs.planning import plan
    from engine.jobs.runs import CONTROL_PAIRS, RunRequest
    from engine.results.board import Question
    from rude_tui.commands.rank import print_ranking
    from rude_tui.commands.run import carry_out
    from rude_tui.terminal_progress import asked_progress

    store = store_of(db, new=True)
    request = RunRequest(
        models=tuple(map(str, bundled_models())),
        suites=(SUITE,),
        device="cpu",
        precision="fp32",
        token_scores=True,
        controls=CONTROL_PAIRS,
    )
    planned = plan(store, request, asked_progress())
    left = any(run.left for run in planned.runs)
    code = carry_out(store, planned, as_json=False, take_over=take_over) if left else 0
    if code not in (0, 4):
        ctx.exit(code)
    question = Question(suite=planned.runs[0].suite.hash, protocol="likelihood")
    if not no_app and sys.stdout.isatty() and sys.stdin.isatty():
        from rude_tui.starting import run_app

        ctx.exit(run_app(store.path, start_screen="rankings"))
    print_ranking(store, question)
    write_table(table(store, "rankings", Question(suite=question.suite)), output)
    narrate(f"the same as CSV, with both protocols: {output}", "the app: rude-tui")
    ctx.exit(code)
