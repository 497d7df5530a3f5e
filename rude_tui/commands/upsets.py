"""`rude-tui upsets`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.stats.p_value import p_text
from rude_tui.options import as_json, database, over_option, question_options, source_options, store_of
from rude_tui.output import interval, narrate, percent, points, points_between, print_json, print_table

if TYPE_CHECKING:
    from engine.correlation.sources import Source
    from engine.correlation.upsets import UpsetGain, UpsetTable
    from engine.stats.intervals import Estimate
    from engine.stats.units import Over

__all__ = ["upsets"]


@click.command()
@click.option("--outcome", "outcomes", multiple=True, help="Default: all there are; of a study that ships, the first.")
@source_options
@over_option
@question_options
@as_json
@database
def upsets(
    outcomes: tuple[str, ...], source: Source, over: Over, suite: str | None, protocol: str | None, metric: str | None,
    with_excluded: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """List every pair of candidates in which the smaller one is ahead, and whether that came true.

    A lead in RuDE accuracy with its interval; where outcomes are known, how far the smaller one came out ahead in each,
    and how many upsets came true, beside the share of all other pairs in which the smaller one did.
    """
    from engine.correlation.upsets import upsets as find_upsets
    from engine.results.board import Question

    question = Question(suite, protocol, metric, with_excluded=with_excluded, over=over)
    table = find_upsets(store_of(db), question, outcomes=outcomes, source=source)
    if as_json:
        print_json(_as_json(table))
        return
    _print(table)


def _print(table: UpsetTable) -> None:
    from engine.correlation.upsets import HELP

    names = [tally.outcome for tally in table.tallies]
    columns = ["smaller", "parameters", "larger", "parameters (l)", "lead", "95 %", "p (adjusted)", *names]
    rows = [
        [
            upset.smaller, f"{upset.smaller_parameters:,.0f}", upset.larger, f"{upset.larger_parameters:,.0f}",
            points(upset.lead), points_between(upset.ci_low, upset.ci_high), p_text(upset.p_adjusted),
            *(_gain(upset.gains.get(name)) for name in names),
        ]
        for upset in table.upsets
    ]  # fmt: skip
    if rows:
        print_table(columns, rows, right=[column for column in columns if column not in ("smaller", "larger")])
    narrate(
        f"{table.source_name}: in {len(table.upsets)} of {table.pairs} pairs of candidates of unlike size the smaller "
        "is ahead"
    )
    narrate(*(f"{name}: {table.words_of(name)}" for name in names if table.words_of(name) != name))
    for tally in table.tallies:
        share, other = tally.share, tally.otherwise
        even = f", {tally.even} came out even" if tally.even else ""
        said = "known of no upset"
        if tally.known:
            said = f"{tally.true} of {tally.known} came true{even} ({percent(share.value)} %, {_how_sure(share)})"
        narrate(
            f"{tally.outcome}: {said}; of the other pairs the smaller came out ahead in {percent(other.value)} % "
            f"({interval(other.ci_low, other.ci_high)})"
        )
    if table.upsets:
        narrate(*dict.fromkeys(f"95 % of a lead: {upset.method}" for upset in table.upsets))
        shown = ("lead", "p_adjusted", *(("gain", "true", "otherwise") if names else ()))
        narrate(*(f"{name.replace('p_adjusted', 'p (adjusted)')}: {HELP[name]}" for name in shown))
    narrate(*(f"note: {note}" for note in table.notes))
    if not names:
        narrate("whether any came true: rude-tui outcomes add FILE.csv")


def _how_sure(share: Estimate) -> str:
    if math.isnan(share.ci_low):
        return f"no interval: {share.method.removeprefix('none: ').replace('points', 'candidates')}"
    return f"95 % {interval(share.ci_low, share.ci_high)}; {share.method}"


def _gain(gain: UpsetGain | None) -> str:
    """`✓ +0.12`; in doubt with a question mark."""
    if gain is None or math.isnan(gain.value):
        return "–"
    sign = "=" if gain.came_true is None else "✓" if gain.came_true else "✗"
    doubt = "" if math.isnan(gain.stderr) or gain.sure or gain.came_true is None else "?"
    return f"{sign}{doubt} {gain.value:+.4g}".replace("-", "−")


def _as_json(table: UpsetTable) -> dict[str, Any]:
    from dataclasses import asdict

    found = asdict(table)
    for upset, listed in zip(table.upsets, found["upsets"], strict=True):
        for name, gain in upset.gains.items():
            listed["gains"][name]["came_true"] = gain.came_true
    return found
