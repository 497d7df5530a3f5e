"""`rude-tui wordings`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.stats.p_value import p_text
from rubrics.counted import count
from rude_tui.options import as_json, database, question_options, store_of
from rude_tui.output import interval, narrate, percent, print_json, print_table

if TYPE_CHECKING:
    from engine.results.wordings import WordingTable

__all__ = ["wordings"]


@click.command()
@click.option("--list", "listed", is_flag=True, help="Show the wordings that come with the program, and stop.")
@question_options
@as_json
@database
def wordings(
    listed: bool, suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, as_json: bool,
    db: Path | None,
) -> None:  # fmt: skip
    """Say whether a ranking is that of the wording: every candidate in every wording it was scored in.

    `run --wordings all --shot-draws 2` scores in other wordings and with other draws of exemplars. A file of your own
    is TOML: [[wordings]] with a name, a protocol and the parts that differ, as `wordings --list --json` shows them.
    """
    if listed:
        _list(as_json)
        return
    from dataclasses import asdict

    from engine.results.board import Question
    from engine.results.wordings import turn_words, wording_table

    table = wording_table(store_of(db), Question(suite, protocol, metric, with_excluded=with_excluded))
    if as_json:
        print_json({**asdict(table), "said": turn_words(table)})
    else:
        _print(table)


def _list(as_json: bool) -> None:
    from engine.layout.protocols import PROTOCOLS
    from engine.layout.wording import LayoutOptions
    from engine.layout.wordings import wordings_asked

    every = [
        (protocol, wording.name, LayoutOptions(protocol, wording=wording).template)
        for protocol in PROTOCOLS
        for wording in wordings_asked([protocol], "all")
    ]
    if as_json:
        print_json([{"protocol": protocol, "name": name, "parts": parts} for protocol, name, parts in every])
        return
    rows = [
        [protocol, name, *(" ⏎ ".join(parts[part].split("\n")).strip(" ⏎") for part in ("prompt", "first"))]
        for protocol, name, parts in every
    ]
    print_table(["protocol", "wording", "prompt", "before the response"], rows)


def _print(table: WordingTable) -> None:
    from engine.results.wordings import HELP, turn_words

    rows = [
        [
            ranked.rank, row.candidate, percent(ranked.value), interval(ranked.ci_low, ranked.ci_high),
            p_text(ranked.p_adjusted), percent(row.low), percent(row.high),
            *(f"{percent(value)} ({place})" for value, place in zip(row.values, row.ranks, strict=True)),
        ]
        for row, ranked in zip(table.rows, table.averaged.rows, strict=True)
    ]  # fmt: skip
    columns = ["rank", "candidate", "averaged", "95 %", "p (adjusted)", "low", "high", *table.wordings]
    print_table(columns, rows, right=[name for name in columns if name != "candidate"])
    narrate(
        turn_words(table),
        f"{table.suite}, {table.protocol}, {table.metric}: chance {percent(table.chance)} %, "
        f"{count(table.n_pairs, 'pair')} "
        f"in {count(table.n_clusters, 'cluster')}; accuracy in % and place in each wording",
    )
    if (shares := table.shares) is not None:
        narrate(
            f"of the variance of these accuracies {percent(shares.rows)} % is between candidates, "
            f"{percent(shares.columns)} % between wordings, {percent(shares.both)} % of a candidate in a wording, "
            f"{percent(shares.chance)} % what other pairs of this kind would change"
        )
    narrate(*(f"{name}: {HELP[name]}" for name in ("averaged", "wordings", "both")))
    narrate(*(f"note: {note}" for note in table.notes))
