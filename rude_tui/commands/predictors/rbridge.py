"""`rude-tui predictors rbridge`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.jobs.cancelling import cancelled_by_signals
from rude_tui.options import (
    as_json,
    attention_option,
    concurrency_option,
    database,
    device_option,
    memory_option,
    models_option,
    precision_option,
    remote_code_option,
    served_of,
    served_options,
    store_of,
    take_over_option,
    telling_options,
    threads_option,
)
from rude_tui.output import between, narrate, narrate_refused, number, print_json, print_table

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.predictors.trace_file import TraceSet
    from engine.store.connection import Store

__all__ = ["rbridge"]


@click.command()
@models_option
@click.option(
    "--traces", "file", required=True, type=click.Path(path_type=Path), metavar="FILE.jsonl", help="Described above."
)
@precision_option
@device_option
@memory_option
@threads_option
@attention_option
@served_options
@concurrency_option
@remote_code_option
@telling_options
@take_over_option
@as_json
@database
@click.pass_context
def rbridge(
    ctx: click.Context, models: tuple[str, ...], file: Path, precision: str, device: str,
    memory: int | None, threads: int | None,
    attention: str, tokenizer: str | None, key_variable: str | None, concurrency: int | None,
    allow_remote_code: tuple[str, ...], take_over: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Have candidates read a strong model's traces (rBridge, arXiv 2509.21013). Lower is better.

    FILE.jsonl holds one trace a line: {"prompt", "trace", "tokens": [{"token", "logprob"}, …], "spans": [[start, stop],
    …], "id"?, "cluster"?, "writer"?}. The trace is the reasoning without the final answer. `tokens` are the frontier
    model's with their log-probabilities, as OpenAI-style servers give them under logprobs.content ("bytes" counts
    before "token"); together they must be the trace. They weigh the loss (`rBridge`: weights brought to 0–1 within
    each trace, as printed; `over the set`: over all traces). `spans` mark what matters, in characters, for the mask
    mode (bits per byte), which needs no frontier. Each of the two is in every line or in none.

    One forward pass a trace; running it again scores only what is missing. Candidates are compared on the traces that
    all of them could read. Rank, entropy and margin of every token are kept too: rude-tui predictors proxy --traces
    NAME. rude-tui traces make has such a file written.
    """
    from engine.jobs.job import exit_code, perform
    from engine.predictors.job import plan_traces
    from engine.predictors.planning import ReadingRequest
    from engine.predictors.trace_file import read_traces
    from rude_tui.downloads import downloader
    from rude_tui.terminal_progress import asked_progress

    traces = read_traces(file)
    store = store_of(db, new=True)
    request = ReadingRequest(
        models, precision, device, threads, attention, allow_remote_code=frozenset(allow_remote_code),
        served=served_of(models, tokenizer, key_variable), concurrency=concurrency, memory=memory,
    )  # fmt: skip
    job = plan_traces(store, request, traces, asked_progress(), fetch=downloader(allow_remote_code))
    narrate_refused(job.refused)
    states = perform(store, job, asked_progress(), cancelled_by_signals(), take_over=take_over)
    _print_traced(store, traces, states, as_json)
    ctx.exit(exit_code(states, job.refused))


def _print_traced(store: Store, traces: TraceSet, states: tuple[RunState, ...], as_json: bool) -> None:
    from engine.predictors.from_traces import MODES, values_of_runs

    names = {state.run_id: state for state in states if not state.error}
    rows: list[dict[str, Any]] = []
    for mode, values in values_of_runs(store, traces, list(names)).items():
        about = MODES[mode]
        for run_id, traced in values.items():
            estimate, state = traced.estimate, names[run_id]
            rows.append({
                "predictor": about.label, "candidate": state.candidate, "precision": state.precision,
                "value": estimate.value, "ci_low": estimate.ci_low, "ci_high": estimate.ci_high,
                "traces": traced.traces, "clusters": traced.clusters, "method": estimate.method,
                "traces_hash": traces.hash,
            })  # fmt: skip
    if as_json:
        print_json(rows)
    else:
        print_table(
            ["predictor", "candidate", "precision", "value", "95 %", "traces", "clusters", "interval by"],
            [
                [
                    r["predictor"], r["candidate"], r["precision"], number(r["value"]),
                    between(r["ci_low"], r["ci_high"]), r["traces"], r["clusters"], r["method"],
                ]
                for r in rows
            ],
            right=["value", "95 %", "traces", "clusters"],
        )  # fmt: skip
    shown = {row["predictor"] for row in rows}
    narrate(*(f"{about.label}: {about.help} ({about.source})" for about in MODES.values() if about.label in shown))
    if shown and not any(name.startswith("rBridge") for name in shown):
        narrate("no rBridge: the traces have neither tokens with the frontier's log-probabilities nor marked spans")
    if warning := traces.by_candidates(state.candidate for state in states):
        narrate(f"warning: {warning}")
    narrate(f"traces: {traces.name}, {traces.hash[:12]}; lower is better; stored, see rude-tui correlate")
    for state in states:
        narrate(*(f"note: {state.candidate}: {note}" for note in state.notes))
        if state.error:
            narrate(f"left out: {state.error}")
