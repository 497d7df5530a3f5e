"""`rude-tui rank`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from engine.results.board import Question
from engine.results.pairs import GROUPINGS
from engine.results.rankings import RankingTable, rankings
from rude_tui.options import as_json, database, question_options, store_of
from rude_tui.output import interval, narrate, percent, print_json, print_table

__all__ = ["print_rankings", "rank"]


@click.command()
@question_options
@click.option("--by", type=click.Choice(GROUPINGS), default="category", show_default=True, help="What to split by.")
@click.option("--pairs", type=click.Choice(["common", "own"]), default="common", show_default=True,
              help="Rank on the pairs all candidates could score, or on each one's own.")  # fmt: skip
@click.option("--template", help="Beginning of a template hash. Default: the one run last.")
@as_json
@database
def rank(
    suite: str | None, protocol: str | None, metric: str | None, by: str, pairs: Literal["common", "own"],
    template: str | None, with_excluded: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Rank candidates by how often they prefer the response that meets the rubric.

    Intervals are 95 %, from resampling clusters of prompts. Candidates in each other's “not told apart” list do not
    differ significantly on the same pairs (Holm over all comparisons).
    """
    question = Question(suite, protocol, metric, by, pairs, template, with_excluded)
    table = rankings(store_of(db), question)
    if as_json:
        print_json(_as_json(table))
    else:
        print_rankings(table)


def print_rankings(table: RankingTable) -> None:
    """The table a person reads: overall with its interval, then the other scopes beside it."""
    overall = table.overall
    others = [name for name in table.scopes if name != "overall"]
    wide = len(others) <= 6
    by_scope = {name: {row.candidate: row for row in table.scopes[name].rows} for name in others}
    columns = ["rank", "candidate", "parameters", "precision", "overall", "95 %", "p(best)", "not told apart from"]
    rows: list[list[Any]] = []
    for row in overall.rows:
        entrant = table.entrants[row.candidate]
        ranks = f"{row.rank}" if row.rank_low == row.rank_high else f"{row.rank} ({row.rank_low}–{row.rank_high})"
        rows.append([
            ranks, row.candidate, f"{entrant.parameters:,}", entrant.precision, percent(row.value),
            interval(row.ci_low, row.ci_high), f"{row.p_best:.2f}", ", ".join(row.tied_with) or "–",
        ])  # fmt: skip
    if wide:
        at = columns.index("p(best)")
        columns[at:at] = others
        for cells in rows:
            cells[at:at] = [percent(by_scope[name][cells[1]].value) for name in others]
    print_table(columns, rows, right=[c for c in columns if c not in ("candidate", "precision", "not told apart from")])
    if not wide:
        names = [row.candidate for row in overall.rows]
        print_table(
            [table.by, "pairs", *names],
            [
                [scope, table.scopes[scope].rows[0].n_pairs, *(percent(by_scope[scope][name].value) for name in names)]
                for scope in others
            ],
            right=["pairs", *names],
        )
    first = overall.rows[0]
    narrate(
        f"{table.suite} {table.suite_hash[:12]} · {table.protocol}, {table.metric} · chance {percent(table.chance)} · "
        f"{first.n_pairs} pairs in {first.n_clusters} clusters · interval: {first.method}",
        *(f"note: {note}" for note in table.notes),
    )


def _as_json(table: RankingTable) -> dict[str, Any]:
    return {
        "suite": table.suite,
        "suite_hash": table.suite_hash,
        "protocol": table.protocol,
        "metric": table.metric,
        "chance": table.chance,
        "notes": list(table.notes),
        "rows": [
            {
                "rank": row.rank, "rank_low": row.rank_low, "rank_high": row.rank_high, "candidate": row.candidate,
                "parameters": table.entrants[row.candidate].parameters,
                "precision": table.entrants[row.candidate].precision, "protocol": table.protocol,
                "metric": table.metric, "scope": scope, "value": row.value, "ci_low": row.ci_low,
                "ci_high": row.ci_high, "method": row.method, "chance": row.chance, "n_pairs": row.n_pairs,
                "n_clusters": row.n_clusters, "p_best": row.p_best, "tied_with": list(row.tied_with),
            }
            for scope, ranking in table.scopes.items()
            for row in ranking.rows
        ],
    }  # fmt: skip
