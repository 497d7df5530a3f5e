"""`rude-tui predictors base` and the other assays: one command each, made of what the assay is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from engine.jobs.cancelling import cancelled_by_signals
from engine.predictors.assays.described import DESCRIBED, Described
from rude_tui.options import (
    as_json,
    attention_option,
    concurrency_option,
    database,
    device_option,
    models_option,
    precision_option,
    remote_code_option,
    served_of,
    served_options,
    store_of,
    suite_names,
    take_over_option,
    telling_options,
    threads_option,
)
from rude_tui.output import between, narrate, narrate_refused, number, print_json, print_table

if TYPE_CHECKING:
    from engine.predictors.assays.measured import AssayResult

__all__ = ["ASSAY_COMMANDS"]


def _taken(described: Described) -> list[Callable[[Any], Any]]:
    """Options for what an assay is told."""
    options: dict[str, Callable[[Any], Any]] = {
        "suite": click.option("--suite", metavar="S", shell_complete=suite_names, help="Built-in suite, or a file."),
        "other": click.option("--other", metavar="S", help="A second suite, which the first is held against."),
        "prompts": click.option(
            "--prompts", metavar="FILE.jsonl", help=f"Your own in place of the procedural world's: {described.prompts}."
        ),
        "tokens": click.option(
            "--tokens", type=click.IntRange(1), default=described.tokens, show_default=True, metavar="N",
            help="Of an answer at most.",
        ),
        "number": click.option(
            "--number", type=click.IntRange(2), default=described.number, show_default=True, metavar="N",
            help=f"Of {described.noun}s.",
        ),
        "samples": click.option(
            "--samples", type=click.IntRange(2), default=described.samples, show_default=True, metavar="N",
            help="Answers drawn a prompt.",
        ),
        "seed": click.option("--seed", type=int, default=0, show_default=True),
    }  # fmt: skip
    return [options[take] for take in described.takes]


def _command(described: Described) -> click.Command:
    def run(ctx: click.Context, /, **told: Any) -> None:
        _measure(ctx, described, told)

    function: Any = click.pass_context(run)
    for option in (
        database, as_json, take_over_option, telling_options, remote_code_option, concurrency_option, served_options,
        attention_option, threads_option, device_option, precision_option, *reversed(_taken(described)), models_option,
    ):  # fmt: skip
        function = option(function)
    help = f"{described.title}\n\n{described.about}\n\nWhat is measured is kept; asked for again it is only shown."
    return click.command(described.name, help=help)(function)


def _measure(ctx: click.Context, described: Described, told: Mapping[str, Any]) -> None:
    from engine.jobs.job import exit_code, perform
    from engine.predictors.assays.catalogue import ASSAYS
    from engine.predictors.assays.job import AssayRequest, plan_assay
    from engine.predictors.assays.measured import measured
    from engine.predictors.assays.options import options_of
    from rude_tui.downloads import downloader
    from rude_tui.terminal_progress import asked_progress

    assay = ASSAYS[described.name]
    store, models, remote = store_of(told["db"], new=True), told["models"], told["allow_remote_code"]
    request = AssayRequest(
        models, told["precision"], told["device"],
        told["threads"], told["attention"], frozenset(remote),
        served_of(models, told["tokenizer"], told["key_variable"]), told["concurrency"],
        options=options_of({take: told[take] for take in described.takes}),
    )  # fmt: skip
    job = plan_assay(store, assay, request, asked_progress(), fetch=downloader(remote))
    narrate_refused(job.refused)
    states = perform(store, job, asked_progress(), cancelled_by_signals(), take_over=told["take_over"])
    rows = measured(store, assay, states)
    if told["as_json"]:
        print_json([row.to_json() for row in rows])
    elif rows:
        _print(rows)
        narrate(*(f"{m.name}: {m.help}{_chance(m.chance)}" for m in assay.measures))
        narrate(*(f"{row.candidate}: {row.says}" for row in rows))
        if beside := list(dict.fromkeys(name for row in rows for name in row.details)):
            narrate(f"with --json also: {', '.join(beside)}")
        narrate(f"{assay.source}; stored, see rude-tui correlate")
    for state in states:
        narrate(*(f"note: {state.candidate}: {note}" for note in state.notes))
        if state.error:
            narrate(f"left out: {state.candidate}: {state.error}")
    ctx.exit(exit_code(states, job.refused))


def _print(rows: list[AssayResult]) -> None:
    print_table(
        ["candidate", "precision", "predictor", "value", "95 %", "chance", "items", "clusters", "interval by"],
        [
            [
                row.candidate, row.precision, name, number(estimate.value), between(estimate.ci_low, estimate.ci_high),
                number(row.chances.get(name, math.nan)), row.items, row.clusters, estimate.method,
            ]
            for row in rows
            for name, estimate in row.values.items()
        ],
        right=["value", "95 %", "chance", "items", "clusters"],
    )  # fmt: skip
    print_table(
        ["candidate", "seconds", "tokens", "TFLOPs", "memory, MB"],
        [
            [
                row.candidate, number(row.cost.get("seconds", math.nan)), f"{row.cost.get('tokens', 0):,.0f}",
                number(row.cost.get("flops", math.nan) / 1e12),
                f"{row.cost.get('peak_bytes', 0) / 1e6:,.0f}",
            ]
            for row in rows
        ],
        right=["seconds", "tokens", "TFLOPs", "memory, MB"],
    )  # fmt: skip


def _chance(value: float) -> str:
    return "" if math.isnan(value) else f" (chance {value:g})"


ASSAY_COMMANDS: Final = tuple(_command(described) for described in DESCRIBED.values())
"""In the order in which they are described."""
