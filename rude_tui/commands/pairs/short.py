"""`rude-tui pairs short`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from rubrics.counted import count
from rude_tui.commands.pairs.trial import FINDINGS, about, read_trial, trial_options
from rude_tui.options import as_json, database, store_of
from rude_tui.output import narrate, print_json, print_table

__all__ = ["short"]


@click.command()
@trial_options
@click.option("-k", "at_most", type=click.IntRange(1), required=True, help="At most so many pairs.")
@click.option("--whole", type=click.Choice(["cluster", "group", "pair"]), default="cluster", show_default=True,
              help="What is taken together or not at all.")  # fmt: skip
@click.option("--without", type=click.Choice(FINDINGS), multiple=True, help="Leave out pairs with this finding.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Suite file to write (.jsonl), with its card.")
@as_json
@database
def short(
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, model: Literal["auto"],
    rate: float, at_most: int, whole: str, without: tuple[str, ...], output: Path | None, as_json: bool,
    db: Path | None,
) -> None:  # fmt: skip
    """Pick the most informative pairs.

    They make a suite of their own; what is lost in precision is shown. Whole clusters by default, so that mirrored
    pairs stay together. Chosen to keep the mean variance of the candidates' abilities low (Fisher information, exchange
    by gradient); expected standard errors are 1/√information.
    """
    from engine.results.short_suite import shorten, write_short
    from rubrics.errors import BadInput

    if output is not None and output.suffix != ".jsonl":
        raise BadInput("a suite file ends in .jsonl", where=str(output), fix="name it so")
    store = store_of(db)
    trial = read_trial(store, suite, protocol, metric, with_excluded, model, rate)
    selection = shorten(trial, at_most, whole=whole, leave_out=without)
    if output is not None:
        write_short(store, trial, selection, output)
    errors = selection.precision
    rows = list(zip(selection.candidates, errors.se_all, errors.se_short, errors.se_random, strict=True))
    if as_json:
        print_json({
            **about(trial), "pairs": list(selection.pair_ids), "whole": whole, "units": selection.units,
            "worth_random_pairs": errors.worth, "loss": selection.loss, "path": None if output is None else str(output),
            "precision": [
                {"candidate": name, "se_all": float(a), "se_short": float(b), "se_random": float(c)}
                for name, a, b, c in rows
            ],
        })  # fmt: skip
        return
    print_table(
        ["candidate", f"se, all {len(trial.pairs)}", f"se, these {len(selection.pair_ids)}", "se, as many at random"],
        [[name, *(f"{value:.3f}" for value in values)] for name, *values in rows],
        right=[f"se, all {len(trial.pairs)}", f"se, these {len(selection.pair_ids)}", "se, as many at random"],
    )
    narrate(
        f"{count(len(selection.pair_ids), 'pair')} in {selection.units} whole {whole}s; standard errors grow "
        f"{selection.loss:.2f}-fold (median candidate); as informative as {errors.worth:.0f} pairs drawn at random",
        "se: 1/√(Fisher information), in logits of ability, pairs taken as independent",
        "accuracies on these pairs compare with each other, not with those on the whole suite",
    )
    narrate(f"→ {output}, {output.with_suffix('.md')}" if output is not None else "-o SUITE.jsonl writes them")
    narrate(*(f"note: {note}" for note in trial.notes))
