"""`rude-tui traces`."""

from __future__ import annotations

from pathlib import Path

import click

from engine.jobs.cancelling import cancelled_by_signals
from rubrics.counted import count
from rude_tui.options import as_json, database, store_of, telling_options
from rude_tui.output import narrate, print_json

__all__ = ["traces"]


@click.group()
def traces() -> None:
    """Expert traces: what a strong model writes, for rBridge and the proxy metrics."""


@traces.command()
@click.option("--model", required=True, metavar="SPEC", help="Who writes: http://HOST:PORT/v1#NAME.")
@click.option("--key", "key_variable", metavar="VARIABLE", help="Environment variable that holds the server's key.")
@click.option("--prompts", type=click.Path(path_type=Path), metavar="FILE.jsonl", help="Prompts, as for construct …")
@click.option("--suite", metavar="S", help="… or the prompts of a suite's pairs, each once.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N prompts.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE.jsonl")
@click.option("--most-tokens", type=click.IntRange(1), default=2048, show_default=True, help="Of one answer.")
@click.option(
    "--until", default="", metavar="TEXT", help="A trace ends before the last TEXT: the final answer follows."
)
@click.option("--instruction", default="", metavar="TEXT", help="Said to the writer before each prompt.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=4, show_default=True, metavar="N")
@telling_options
@as_json
@database
@click.pass_context
def make(
    ctx: click.Context, model: str, key_variable: str | None, prompts: Path | None, suite: str | None,
    limit: int | None, output: Path, most_tokens: int, until: str, instruction: str, concurrency: int, as_json: bool,
    db: Path | None,
) -> None:  # fmt: skip
    """Have a strong model write expert traces, one a prompt.

    It is asked greedily, and once more, at temperature 0.7, where that gave no trace: empty, cut off, without the text
    that ends it, or failing the checks of its prompt. Its log-probabilities are kept where the server gives them
    (logprobs.content) for all traces: rBridge weighs by them. Running it again asks for what the file lacks.

    The file is read by rude-tui predictors rbridge; where its writer is a candidate too, every place that shows its
    numbers says so: a model knows its own words best.
    """
    from engine.candidates.address import parse_address
    from engine.jobs.job import exit_code, perform
    from engine.predictors.trace_writing import Asking, tasks_of_prompts, tasks_of_suite
    from engine.predictors.trace_writing_job import plan_trace_writing
    from rubrics.prompts import read_prompts
    from rubrics.reading import find_suite
    from rude_tui.terminal_progress import asked_progress

    if (prompts is None) == (suite is None):
        raise click.UsageError("give --prompts FILE.jsonl or --suite S")
    tasks = (
        tasks_of_suite(find_suite(suite)) if suite is not None else tasks_of_prompts(read_prompts(prompts or Path()))
    )
    job = plan_trace_writing(
        store_of(db, new=True), parse_address(model), tasks[:limit], output, Asking(most_tokens, until, instruction),
        key_variable=key_variable, concurrency=concurrency,
    )  # fmt: skip
    states = perform(store_of(db), job, asked_progress(), cancelled_by_signals())
    (state,) = states
    if as_json:
        print_json({
            "output": str(output), "writer": job.address.model, "traces": state.done, "asked_for": state.total,
            "left_out": state.skipped, "notes": list(state.notes),
        })  # fmt: skip
    narrate(f"{state.done:,} of {count(state.total, 'trace')} by {job.address.model} → {output}")
    narrate(*(f"note: {note}" for note in state.notes))
    if state.error:
        narrate(state.error)
    ctx.exit(exit_code(states))
