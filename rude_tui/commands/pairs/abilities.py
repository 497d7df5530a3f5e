"""`rude-tui pairs abilities`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from rude_tui.commands.pairs.trial import about, in_digits, narrate_trial, read_trial, trial_options
from rude_tui.options import as_json, database, store_of
from rude_tui.output import print_json, print_table

__all__ = ["abilities"]


@click.command()
@trial_options
@as_json
@database
def abilities(
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, model: Literal["auto"],
    rate: float, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Show every candidate's ability and error.

    Rasch: logits by which it beats an average pair, standard error robust to clusters; unlike an accuracy it compares
    candidates that scored different pairs. 2PL: standard deviations of the candidates, errors from the information.
    """
    trial = read_trial(store_of(db), suite, protocol, metric, with_excluded, model, rate)
    if as_json:
        print_json({**about(trial), "pairs": None})
        return
    print_table(
        ["candidate", "ability", "± se", "strong"],
        [[a.candidate, f"{a.ability:+.3f}", in_digits(a.se), "yes" if a.strong else ""] for a in trial.abilities],
        right=["ability", "± se"],
    )
    narrate_trial(trial)
