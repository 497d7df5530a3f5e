"""`rude-tui pairs table` and `suspects`: one line a pair."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from engine.stats.p_value import p_text
from rubrics.counted import count
from rude_tui.commands.pairs.trial import FINDINGS, about, in_digits, narrate_trial, read_trial, trial_options
from rude_tui.options import as_json, database, store_of
from rude_tui.output import narrate, print_json, print_table

if TYPE_CHECKING:
    from engine.results.pair_trial import PairTrial, Trial

__all__ = ["suspects", "table"]

_WIDE: Final = 110
"""Columns of a terminal from which everything is shown."""


@click.command()
@trial_options
@click.option("--sort", type=click.Choice(["suspicion", "difficulty", "discrimination", "information", "id"]),
              default="suspicion", show_default=True, help="What comes first.")  # fmt: skip
@click.option("--only", type=click.Choice([*FINDINGS, "uninformative"]), help="Only pairs of which that was found.")
@click.option("--limit", type=click.IntRange(0), default=40, show_default=True, help="Rows to show; 0: all.")
@as_json
@database
def table(
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, model: Literal["auto"],
    rate: float, sort: str, only: str | None, limit: int, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Show difficulty and findings of every pair.

    Difficulty: Rasch, in logits, shrunk (posterior mean ± sd; 0 is an average pair). Item-rest: correlation with
    accuracy on the other pairs; with 2PL also the slope. p: exact one-sided Mann–Whitney that those who pass rank lower
    than those who fail; q after Benjamini–Hochberg. Information: Fisher's, about ability, summed over candidates.
    """
    trial = read_trial(store_of(db), suite, protocol, metric, with_excluded, model, rate)
    findings = ("all pass", "all fail") if only == "uninformative" else (only,)
    rows = [pair for pair in trial.sorted(sort) if only is None or set(pair.findings) & set(findings)]
    if as_json:
        print_json({**about(trial), "pairs": [asdict(row) for row in rows]})
        return
    _print_pairs(trial, rows, limit)
    narrate_trial(trial)


@click.command()
@trial_options
@as_json
@database
def suspects(
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, model: Literal["auto"],
    rate: float, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """List the pairs to read again.

    Reversed: abler candidates fail it, weaker ones pass, at the false discovery rate --q. Suspect: every strong
    candidate (the abler third, surely above chance) prefers the rejected response by more than its own median margin.
    Neither proves a wrong label: read the pair, then `rude-tui pairs exclude ID --reason …`.
    """
    trial = read_trial(store_of(db), suite, protocol, metric, with_excluded, model, rate)
    rows = [pair for pair in trial.sorted("suspicion") if {"reversed", "suspect"} & set(pair.findings)]
    if as_json:
        print_json({**about(trial), "pairs": [asdict(row) for row in rows]})
        return
    _print_pairs(trial, rows, 0)
    narrate_trial(trial)


def _print_pairs(trial: Trial, rows: list[PairTrial], limit: int) -> None:
    shown = rows[: limit or None]
    columns: dict[str, Callable[[PairTrial], str]] = {
        "pair": lambda row: row.pair_id,
        "violates": lambda row: ", ".join(row.subcategories),
        "passed": lambda row: f"{row.passed:g}/{row.scored}",
        "difficulty": lambda row: _with_error(row.difficulty, row.difficulty_se),
        "item-rest": lambda row: in_digits(row.discrimination, 2),
        "slope": lambda row: _with_error(row.slope, row.slope_se),
        "p": lambda row: p_text(row.p_value),
        "q": lambda row: p_text(row.q_value),
        "information": lambda row: f"{row.information:.2f}",
        "found": lambda row: ", ".join(row.findings),
        "noted": lambda row: "; ".join(f"{n.kind}: {n.note}" if n.note else n.kind for n in row.notes),
    }
    left_out = set() if trial.model == "2pl" else {"slope"}
    if not any(row.notes for row in shown):
        left_out.add("noted")
    if sys.stdout.isatty() and shutil.get_terminal_size().columns < _WIDE:
        left_out |= {"violates", "p", "information"}
    names = [name for name in columns if name not in left_out]
    print_table(
        names,
        [[columns[name](row) for name in names] for row in shown],
        right=[name for name in names if name not in ("pair", "violates", "found", "noted")],
    )
    if len(rows) > len(shown):
        narrate(f"the first {limit} of {count(len(rows), 'pair')}; --limit 0 shows all")


def _with_error(value: float, error: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.2f}±{error:.2f}"
