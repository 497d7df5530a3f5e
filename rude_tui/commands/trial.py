"""`rude-tui trial`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.jobs.cancelling import cancelled_by_signals
from rubrics.counted import count
from rude_tui.commands.construct import patience_options
from rude_tui.options import as_json, database, store_of, telling_options
from rude_tui.output import interval, narrate, percent, print_json, print_table

if TYPE_CHECKING:
    from engine.jobs.progress import RunState

__all__ = ["trial"]


class TrialProgress:
    """Labels done, on a live line where there is a terminal."""

    def started(self, states: tuple[RunState, ...]) -> None:
        """Nothing is done yet."""

    def advanced(self, state: RunState) -> None:
        """One snapshot."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[2K{state.done} of {count(state.total, 'label')}")
            sys.stderr.flush()

    def finished(self, states: tuple[RunState, ...]) -> None:
        """Leave the line."""
        if sys.stderr.isatty():
            sys.stderr.write("\n")


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
@telling_options
@as_json
@database
@click.pass_context
def trial(
    ctx: click.Context, verifier: str, verifier_key: str | None, pairs: int, votes: int, schema: bool, seed: int,
    max_calls: int | None, concurrency: int, timeout: float, attempts: int, dry_run: bool, as_json: bool,
    db: Path | None,
) -> None:  # fmt: skip
    """Try a verifier on pairs whose truth is proven: how often it grants what is not so and denies what is.

    The result is shown in the card of every suite that this verifier makes.
    """
    from engine.candidates.server import Patience
    from engine.construct.job import TrialJob
    from engine.construct.pipeline import open_model
    from engine.construct.settings import Running
    from engine.construct.spec import parse_spec
    from engine.construct.trial import VerifierTrial, by_votes, calls_needed, rates_of, tried_row
    from engine.jobs.job import exit_code, perform
    from rubrics.errors import BadInput
    from rude_tui.terminal_progress import asked_progress

    if votes % 2 == 0:
        raise BadInput("an even number of votes can tie", where="--votes", fix="give an odd number")
    planned = VerifierTrial(parse_spec(verifier), pairs, votes, seed, schema)
    if dry_run:
        narrate(f"{count(calls_needed(planned), 'question')}")
        return
    running = Running(patience=Patience(timeout, attempts))
    model = open_model(planned.verifier, verifier_key, running)
    (state,) = perform(
        store_of(db, new=True),
        TrialJob(planned, model, concurrency, max_calls),
        asked_progress(TrialProgress()),
        cancelled_by_signals(),
    )
    row = tried_row(state)
    if row is None:
        narrate("stopped; the same command goes on" if not state.error else f"error: {state.error}")
        ctx.exit(exit_code([state]))
    rates, votes_rates = rates_of(row), by_votes(row)
    if as_json:
        print_json(
            {
                "trial": row.trial_id, "verifier": row.verifier, "votes": row.votes, "suite": row.suite,
                "failed": row.failed, "rates": [asdict(own) for own in rates],
                "by_votes": {str(n): asdict(voted) for n, voted in votes_rates.items()},
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
    for n, voted in votes_rates.items():
        narrate(
            f"{count(n, 'vote')}, were they independent: {percent(voted.false_acceptance)} % false acceptances, "
            f"{percent(voted.false_rejection)} % false rejections"
        )
    if row.failed:
        narrate(f"{count(row.failed, 'label')} got no usable verdict and are not counted")
