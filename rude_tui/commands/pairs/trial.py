"""The trial that commands about single pairs read: what it is asked, and what is said of it below every table."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import click

from rubrics.counted import count
from rude_tui.options import question_options
from rude_tui.output import narrate

if TYPE_CHECKING:
    from engine.results.pair_trial import Trial
    from engine.store.connection import Store

__all__ = ["FINDINGS", "about", "in_digits", "narrate_trial", "read_trial", "trial_options"]

F = TypeVar("F", bound=Callable[..., Any])
FINDINGS: Final = ("reversed", "suspect", "all pass", "all fail")


def trial_options(command: F) -> F:
    """`--model`, `--q` and what else says which verdicts are meant."""
    for option in (
        click.option("--q", "rate", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.05,
                     show_default=True, help="False discovery rate among the pairs called reversed."),
        click.option("--model", type=click.Choice(["auto", "rasch", "2pl"]), default="auto", show_default=True,
                     help="Rasch, or 2PL where candidates are many (auto: from 100; never below 20)."),
    ):  # fmt: skip
        command = option(command)
    return question_options(command)


def read_trial(
    store: Store, suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool,
    model: Literal["auto", "rasch", "2pl"], rate: float,
) -> Trial:  # fmt: skip
    """The trial of a suite's pairs.

    Raises:
        BadInput: no run answers the question.
    """
    from engine.results.board import Question, load_board
    from engine.results.pair_trial import try_pairs

    board = load_board(store, Question(suite, protocol, metric, with_excluded=with_excluded))
    return try_pairs(board, model=model, q=rate)


def narrate_trial(trial: Trial) -> None:
    """Say what was tried, how, and what came of it on the whole."""
    from engine.results.pair_trial import cannot_tell

    found = {finding: len(trial.pairs_with(finding)) for finding in FINDINGS}
    model = "2PL" if trial.model == "2pl" else "Rasch, shrunk"
    narrate(
        f"{trial.suite} {trial.suite_hash[:12]} · {trial.protocol}, {trial.metric} · "
        f"{count(len(trial.candidates), 'candidate')} on {count(len(trial.pairs), 'pair')} · {model}"
        + ("" if math.isnan(trial.spread) else f"; difficulties spread by {trial.spread:.2f} logits"),
        f"{found['reversed']} reversed (q ≤ {trial.q:g}), {found['suspect']} suspect, "
        f"{found['all pass']} that all pass, {found['all fail']} that all fail (these two tell nothing)",
    )
    if not math.isnan(trial.negative) and not math.isnan(trial.negative_by_chance):
        narrate(
            f"{trial.negative:.0%} of pairs have a negative item-rest correlation; "
            f"{trial.negative_by_chance:.0%} would by chance if all discriminated alike: the sign alone flags nothing"
        )
    narrate(*filter(None, [cannot_tell(trial)]), *(f"note: {note}" for note in trial.notes))


def about(trial: Trial) -> dict[str, Any]:
    """The trial as JSON, without its pairs."""
    from dataclasses import asdict

    from engine.results.pair_trial import cannot_tell
    from engine.stats.irt.item_tests import HELP

    return {
        "suite": trial.suite, "suite_hash": trial.suite_hash, "protocol": trial.protocol, "metric": trial.metric,
        "model": trial.model, "spread": trial.spread, "q": trial.q, "negative": trial.negative,
        "negative_by_chance": trial.negative_by_chance, "notes": list(trial.notes), "cannot_tell": cannot_tell(trial),
        "abilities": [asdict(ability) for ability in trial.abilities], "help": HELP,
    }  # fmt: skip


def in_digits(value: float, digits: int = 3) -> str:
    """A number, or a dash."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"
