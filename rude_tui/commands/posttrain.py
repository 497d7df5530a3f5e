"""`rude-tui posttrain`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from engine.jobs.cancelling import cancelled_by_signals
from rude_tui.options import as_json, database, store_of, take_over_option, telling_options, threads_option
from rude_tui.output import narrate, percent, print_json, print_table

__all__ = ["posttrain"]


@click.command()
@click.option(
    "--model", "models", multiple=True, required=True, metavar="M", help="Folder or hub id of a base model; repeatable."
)
@click.option(
    "--suite", default="world", show_default=True, metavar="S",
    help="world, or a .jsonl file of prompts with `checks` by criterion (and `reference` responses to imitate).",
)  # fmt: skip
@click.option(
    "--recipe", type=click.Path(path_type=Path), required=True, metavar="FILE", help="TOML; the same for all."
)
@click.option("--seed", "seeds", multiple=True, type=int, help="Instead of the recipe's seeds; repeatable.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@threads_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default="posttrained", show_default=True, metavar="DIR",
    help="Folder for checkpoints and trained models.",
)  # fmt: skip
@telling_options
@take_over_option
@as_json
@database
@click.pass_context
def posttrain(
    ctx: click.Context, models: tuple[str, ...], suite: str, recipe: Path, seeds: tuple[int, ...], device: str,
    threads: int | None, output: Path, take_over: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Post-train candidates all the same way, and store what became of them as outcomes.

    Supervised fine-tuning on reference responses, then GRPO with the share of criteria met as reward. Answers are
    judged before, between and after; outcomes are named base_…, sft_… and rl_…, for `rude-tui correlate`. Running the
    same command again goes on where it stopped.
    """
    from dataclasses import asdict

    from engine.jobs.job import exit_code, perform
    from engine.posttrain.job import outcomes_of_run, plan_post_training
    from rude_tui.terminal_progress import asked_progress

    store = store_of(db, new=True)
    job = plan_post_training(
        store, models, suite, recipe, seeds=seeds, device=device, threads=threads, folder=Path(os.path.realpath(output))
    )
    states = perform(store, job, asked_progress(), cancelled_by_signals(), take_over=take_over)
    for state in states:
        if state.error:
            narrate(f"{state.candidate}, {state.protocol}: {state.error}")
    names = sorted({planned.candidate.name for planned in job.planned})
    first = {planned.candidate.name: planned.run for planned in job.planned}
    outcomes = [outcome for name in names for outcome in outcomes_of_run(store, first[name])]
    if as_json:
        print_json([asdict(outcome) for outcome in outcomes])
    else:
        score = {(outcome.candidate, outcome.outcome): outcome.score for outcome in outcomes}
        columns = ("base_met", "sft_met", "rl_met", "base_seen_met", "sft_seen_met", "rl_seen_met")
        print_table(
            ["candidate", *columns],
            [[name, *(percent(score.get((name, column))) for column in columns)] for name in names],
            right=columns,
        )
        narrate(
            "criteria met by greedy answers, in %: _met on prompts that are held out – of `world`, on families that "
            "post-training never saw – and _seen_met on fresh prompts of families that it did",
            "more: rude-tui outcomes list; against predictors: rude-tui correlate --outcome rl_met",
        )
    ctx.exit(exit_code(states))
