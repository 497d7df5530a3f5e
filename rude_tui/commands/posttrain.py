"""`rude-tui posttrain`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from engine.jobs.cancelling import cancelled_by_signals
from rude_tui.options import as_json, database, store_of, take_over_option, telling_options, threads_option
from rude_tui.output import narrate, print_json, print_table

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
@click.option("--bill", metavar="SUITE",
              help="What it did to the rest: score each stage's model on this suite too.")  # fmt: skip
@telling_options
@take_over_option
@as_json
@database
@click.pass_context
def posttrain(
    ctx: click.Context, models: tuple[str, ...], suite: str, recipe: Path, seeds: tuple[int, ...], device: str,
    threads: int | None, output: Path, bill: str | None, take_over: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Post-train candidates all the same way, and store what became of them as outcomes.

    Supervised fine-tuning on reference responses, then GRPO with the share of criteria met as reward. Answers are
    judged before, between and after – and on the way, where the recipe says [evaluation] every –; outcomes are named
    base_…, sft_… and rl_…, for `rude-tui correlate`. A recipe's [dpo] has candidates learn from the pairs of a suite
    between the two, its [rl] verifier = "SPEC" has a model give the reward, once it has been on trial (rude-tui trial).
    Running the same command again goes on where it stopped. What a stage leaves, in -o, can be a candidate itself:
    model, or merged where LoRA trained it, and the last checkpoints, as many as the recipe says keep =.
    """
    from dataclasses import asdict

    from engine.jobs.job import exit_code, perform
    from engine.outcomes.exactness import told
    from engine.posttrain.bill import BILL_HELP, bill_notes, plan_bill
    from engine.posttrain.bill import bill as made_bill
    from engine.posttrain.job import outcomes_of_run, plan_post_training
    from rubrics.reading import find_suite
    from rude_tui.terminal_progress import asked_progress
    from screens.tasks.bill import bill_table
    from screens.tasks.training import MET_HELP, met_table

    store = store_of(db, new=True)
    job = plan_post_training(
        store, models, suite, recipe, seeds=seeds, device=device, threads=threads, folder=Path(os.path.realpath(output))
    )
    if bill is not None:
        find_suite(bill)
    cancel = cancelled_by_signals()
    states = perform(store, job, asked_progress(), cancel, take_over=take_over)
    for state in states:
        if state.error:
            narrate(f"{state.candidate}, {state.protocol}: {state.error}")
    names = sorted({planned.candidate.name for planned in job.planned})
    first = {planned.candidate.name: planned.run for planned in job.planned}
    outcomes = [outcome for name in names for outcome in outcomes_of_run(store, first[name])]
    rows = []
    if bill is not None and exit_code(states) == 0:
        scoring = plan_bill(store, job.planned, bill, device=device, threads=threads)
        states = perform(store, scoring, asked_progress(), cancel, take_over=take_over)
        rows = made_bill(store, job.planned, bill)
    if as_json:
        scores = [told(outcome) for outcome in outcomes]
        print_json(scores if bill is None else {"outcomes": scores, "bill": [asdict(row) for row in rows]})
    else:
        heads, cells = met_table(outcomes)
        print_table(heads, cells, right=heads[2:])
        narrate(MET_HELP, "more: rude-tui outcomes list; against predictors: rude-tui correlate --outcome rl_met")
        if rows and bill is not None:
            heads, cells = bill_table(rows)
            print_table(heads, cells, right=heads[2:])
            narrate(f"the bill on {bill}: {BILL_HELP}", *bill_notes(job.planned, bill))
    ctx.exit(exit_code(states))
