"""`rude-tui fidelity`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.jobs.cancelling import cancelled_by_signals
from engine.machine.kernels import PRECISIONS
from engine.stats.p_value import p_text
from rude_tui.options import (
    as_json,
    attention_option,
    database,
    device_option,
    protocol_option,
    store_of,
    take_over_option,
    telling_options,
    threads_option,
)
from rude_tui.output import interval, narrate, percent, points, points_between, print_json, print_table

if TYPE_CHECKING:
    from engine.results.fidelity import Fidelity

__all__ = ["fidelity"]


@click.command()
@click.option("--model", required=True, metavar="M", help="Folder or hub id.")
@click.option("--suite", required=True, metavar="S", help="Built-in name or .jsonl file.")
@protocol_option
@click.option(
    "--reference", type=click.Choice(PRECISIONS), help="Held against (default: fp32 on a CPU, bf16 on a GPU)."
)
@click.option("--precision", type=click.Choice(PRECISIONS), help="Tried (default: bf16 on a CPU, nf4 on a GPU).")
@click.option("--limit", type=click.IntRange(1), metavar="N",
              help="Size of the sample: the first N pairs of the random order (default: 200).")  # fmt: skip
@device_option
@threads_option
@attention_option
@click.option("--allow-remote-code", is_flag=True, help="Let the model run code of its own. Only if you trust it.")
@telling_options
@take_over_option
@as_json
@database
@click.pass_context
def fidelity(
    ctx: click.Context, model: str, suite: str, protocol: str, reference: str | None, precision: str | None,
    limit: int | None, device: str, threads: int | None, attention: str, allow_remote_code: bool, take_over: bool,
    as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Score the same sample at two precisions, and say what the smaller one costs.

    Agreement of verdicts, shift in accuracy, and whether the candidate would be ranked elsewhere among those stored.
    Both runs are kept; a sample never narrows a ranking. Running it again scores only what is missing.
    """
    from engine.jobs.fidelity import plan_fidelity
    from engine.jobs.job import exit_code, perform
    from engine.jobs.runs import RunRequest, protocols_of
    from rude_tui.downloads import downloader
    from rude_tui.terminal_progress import asked_progress

    store, allowed = store_of(db, new=True), (model,) if allow_remote_code else ()
    cancel = cancelled_by_signals()
    request = RunRequest(
        models=(model,), suites=(suite,), protocols=protocols_of(protocol), device=device, threads=threads,
        attention=attention, limit=limit, allow_remote_code=frozenset(allowed),
    )  # fmt: skip
    job = plan_fidelity(
        store, request, reference=reference, precision=precision, progress=asked_progress(),
        fetch=downloader(allowed),
    )  # fmt: skip
    states = perform(store, job, asked_progress(), cancel, take_over=take_over)
    if cancel.is_set() or any(state.error for state in states):
        narrate(*(f"{state.candidate}, {state.precision}: {state.error}" for state in states if state.error))
        ctx.exit(int(exit_code(states, job.refused)))
    results = job.results(store)
    if as_json:
        print_json([{**asdict(result), "ranking_changes": result.ranking_changes} for result in results])
    else:
        _print(results)


def _print(results: list[Fidelity]) -> None:
    first = results[0]
    a, b = first.reference, first.precision
    rows: list[list[Any]] = []
    for result in results:
        change = result.comparison
        rows.append([
            result.protocol, result.metric, result.n_pairs, percent(result.agreement.value),
            interval(result.agreement.ci_low, result.agreement.ci_high), *map(percent, result.accuracy),
            points(change.difference), points_between(change.ci_low, change.ci_high),
            p_text(change.p_value), f"{result.moved_median:.2g} / {result.moved_95:.2g}",
        ])  # fmt: skip
    columns = [
        "protocol", "metric", "pairs", "same verdict", "95 %", a, b, "shift", "95 % of it", "p", "margin moved by",
    ]  # fmt: skip
    print_table(columns, rows, right=columns[2:])
    for result in results:
        narrate(f"{result.protocol}: {_place(result)}")
    narrate(
        f"{first.candidate} · {first.suite} · shift: {b} minus {a}, in points ({first.comparison.method}; "
        f"p: {first.comparison.test}) · same verdict: {first.agreement.method} · margin moved by: median and "
        "95th percentile, nats (per byte for likelihood)"
    )


def _place(result: Fidelity) -> str:
    if result.rank is None:
        return "no other stored candidate has read these pairs, so no place can change"
    first, second = (
        f"{row.rank} ({'tied with ' + ', '.join(row.tied_with) if row.tied_with else 'tied with none'})"
        for row in result.rank
    )
    if not result.ranking_changes:
        return f"the ranking would not change: place {first} at both precisions"
    return f"THE RANKING WOULD CHANGE: place {first} at {result.reference}, {second} at {result.precision}"
