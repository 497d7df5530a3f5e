"""`rude-tui trial`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rubrics.counted import count
from rude_tui.cancelling import cancelled_by_signals
from rude_tui.commands.construct import patience_options
from rude_tui.options import as_json, database, store_of
from rude_tui.output import interval, narrate, percent, print_json, print_table

__all__ = ["trial"]


@click.command()
@click.option("--verifier", required=True, metavar="SPEC", help="http://host:port/v1#model or local:PATH.")
@click.option("--verifier-key", metavar="VARIABLE", help="Environment variable that holds its key.")
@click.option(
    "--pairs",
    type=click.IntRange(2),
    default=120,
    show_default=True,
    metavar="N",
    help="Procedural pairs, fresh from the seed.",
)
@click.option(
    "--votes",
    type=click.IntRange(1, 15),
    default=1,
    show_default=True,
    metavar="K",
    help="Verdicts on each criterion; odd.",
)
@click.option("--schema", is_flag=True, help="Ask the server to hold answers to a schema (response_format).")
@click.option("--seed", type=int, default=0, show_default=True)
@patience_options
@click.option("--dry-run", is_flag=True, help="Say how many questions it takes, and stop.")
@as_json
@database
def trial(
    verifier: str, verifier_key: str | None, pairs: int, votes: int, schema: bool, seed: int, max_calls: int | None,
    concurrency: int, timeout: float, attempts: int, dry_run: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Try a verifier on pairs whose truth is proven: how often it grants what is not so and denies what is.

    The result is shown in the card of every suite that this verifier makes.
    """
    from engine.construct.pipeline import open_model
    from engine.construct.server import Patience
    from engine.construct.settings import Running
    from engine.construct.spec import parse_spec
    from engine.construct.trial import Trial, by_votes, calls_needed, rates_of, run_trial
    from rubrics.errors import BadInput, Interrupted

    if votes % 2 == 0:
        raise BadInput("an even number of votes can tie", where="--votes", fix="give an odd number")
    wanted = Trial(parse_spec(verifier), pairs, votes, seed, schema)
    if dry_run:
        narrate(f"{calls_needed(wanted):,} questions")
        return
    running = Running(patience=Patience(timeout, attempts))
    live = sys.stderr.isatty()

    def tell(done: int, total: int) -> None:
        if live and (done % 10 == 0 or done == total):
            sys.stderr.write(f"\r\x1b[2K{done} of {total} labels" + ("\n" if done == total else ""))
            sys.stderr.flush()

    try:
        row = run_trial(
            store_of(db), wanted, open_model(wanted.verifier, verifier_key, running), concurrency=concurrency,
            max_calls=max_calls, tell=tell, cancel=cancelled_by_signals(),
        )  # fmt: skip
    except Interrupted:
        narrate("stopped; the same command goes on")
        raise
    rates, votes_rates = rates_of(row), by_votes(row)
    if as_json:
        print_json(
            {
                "trial": row.trial_id, "verifier": row.verifier, "votes": row.votes, "suite": row.suite,
                "failed": row.failed, "rates": [asdict(one) for one in rates],
                "by_votes": {str(n): asdict(one) for n, one in votes_rates.items()},
            }
        )  # fmt: skip
        return
    cells: list[list[Any]] = [
        [
            r.scope, percent(r.false_acceptance.value), interval(r.false_acceptance.ci_low, r.false_acceptance.ci_high),
            r.n_violated, percent(r.false_rejection.value),
            interval(r.false_rejection.ci_low, r.false_rejection.ci_high), r.n_met,
        ]
        for r in rates
    ]  # fmt: skip
    print_table(["", "false acceptance %", "95 %", "n", "false rejection %", "95 %", "n"], cells)
    for n, one in votes_rates.items():
        narrate(
            f"{count(n, 'vote')}, were they independent: {percent(one.false_acceptance)} % false acceptances, "
            f"{percent(one.false_rejection)} % false rejections"
        )
    if row.failed:
        narrate(f"{row.failed} labels got no usable verdict and are not counted")
