"""`rude-tui rank`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from engine.export.recommendation_words import headline
from engine.results.board import Question, load_board
from engine.results.controls import ControlTable, control_row, control_table, number_or_none
from engine.results.decisions import claim, decisions_on
from engine.results.pair_index import GROUPINGS
from engine.results.rankings import RankingTable, rankings_of
from engine.results.recommendation import recommend
from engine.results.suspicions import suspicions
from engine.stats.p_value import p_text
from engine.store.connection import Store
from rubrics.counted import count
from rude_tui.options import as_json, database, store_of, suites_options, weights_option
from rude_tui.output import interval, narrate, percent, points, points_between, print_json, print_table

if TYPE_CHECKING:
    from engine.results.weights import Weights

__all__ = ["print_ranking", "rank"]


@click.command()
@suites_options
@weights_option
@click.option("--by", type=click.Choice(GROUPINGS), default="category", show_default=True, help="What to split by.")
@click.option("--pairs", type=click.Choice(["common", "own"]), default="common", show_default=True,
              help="Rank on the pairs all candidates could score, or on each one's own.")  # fmt: skip
@click.option("--template", help="Beginning of a template hash. Default: the one run last.")
@as_json
@database
@click.pass_context
def rank(
    ctx: click.Context, suites: tuple[str, ...], protocol: str | None, metric: str | None, by: str,
    pairs: Literal["common", "own"], template: str | None, weights: Weights | None, with_excluded: bool,
    as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Rank candidates by how often they prefer the response that meets the rubric.

    Intervals are 95 %, over clusters of prompts, by the method named below the table. “first in”: share of resamples
    of clusters in which a candidate comes first. p is that of a paired test against the candidate one row above (of the
    first against the second), p (adjusted) the same when every two candidates are compared (Holm): it decides who is
    in each other's “not told apart” list.

    “without prompt” is the accuracy on a sample of pairs shown without their prompt, “prompt adds” what the prompt adds
    on those same pairs: what is there without it is fluency. --json and the export also have the same with another
    pair's prompt, and PMI, the share of pairs on which the prompt speaks for the better response.

    Several suites: every candidate's accuracy on each and their mean, in which each suite counts alike; with --by also
    on each part: a category, subcategory or number of violations as the mean of the suites that have it, domains and
    criteria, which are as a suite's author named them, suite by suite. By domain, the mean of domains stands beside the
    accuracy on all pairs.
    """
    store = store_of(db)
    if len(suites) > 1:
        if weights is not None:
            raise click.UsageError("--weights are on parts of one suite; over several, each suite counts alike")
        by = by if ctx.get_parameter_source("by") is not click.core.ParameterSource.DEFAULT else "overall"
        _rank_over(store, Question(None, protocol, metric, by, pairs, template, with_excluded), suites, as_json)
        return
    question = Question(suites[0] if suites else None, protocol, metric, by, pairs, template, with_excluded, weights)
    print_ranking(store, question, as_json=as_json)


def _rank_over(store: Store, question: Question, suites: Sequence[str], as_json: bool) -> None:
    from engine.results.across_suites import across_suites
    from rude_tui.suites_table import print_suites, suites_json

    table = across_suites(store, question, suites)
    if as_json:
        print_json(suites_json(table))
    else:
        print_suites(table)


def print_ranking(store: Store, question: Question, *, as_json: bool = False) -> None:
    """Rank, and print the table with what the controls and early decisions say beside it.

    Raises:
        BadInput: no run answers the question.
    """
    board = load_board(store, question)
    table, controls = rankings_of(board, question), control_table(store, board)
    decisions = decisions_on(store, board)
    claims = [claim(decision) for decision in decisions]
    suspected = suspicions(store, board, table)
    if as_json:
        print_json(_as_json(table, controls, claims, suspected))
    else:
        print_rankings(table, controls)
        narrate(headline(recommend(store, board, table, controls)))
        narrate(*filter(None, [controls.line]), *claims, *(f"warning: {text}" for text in suspected))
        ranked_on = max(row.n_pairs for row in table.overall.rows)
        if any(decision.pairs_read > ranked_on for decision in decisions):
            narrate(
                f"note: that rests on more pairs than this ranking, which has only the {ranked_on} that candidates out "
                "of the race were read on too (--pairs own has each one's)"
            )


def print_rankings(table: RankingTable, controls: ControlTable) -> None:
    """The table a person reads: overall with its interval and controls, then the other scopes beside it."""
    overall = table.overall
    parts = table.parts
    wide = len(parts) <= 6
    by_scope = {name: {row.candidate: row for row in table.scopes[name].rows} for name in parts}
    whole = "weighted" if table.weighted else "overall"
    columns = [
        "rank", "candidate", "parameters", "precision", whole, "95 %", "first in", "p", "p (adjusted)",
        "not told apart from",
    ]  # fmt: skip
    rows: list[list[Any]] = []
    alone = len(overall.rows) == 1
    for row in overall.rows:
        entrant = table.entrants[row.candidate]
        ranks = f"{row.rank}" if row.rank_low == row.rank_high else f"{row.rank} ({row.rank_low}–{row.rank_high})"
        rows.append([
            ranks, row.candidate, f"{entrant.parameters:,}", entrant.precision, percent(row.value),
            interval(row.ci_low, row.ci_high), "–" if alone else f"{100 * row.p_best:.0f} %", p_text(row.p_value),
            p_text(row.p_adjusted), ", ".join(row.tied_with) or "–",
        ])  # fmt: skip
    _add_controls(columns, rows, controls)
    if wide:
        at = columns.index("first in")
        columns[at:at] = parts
        for cells in rows:
            cells[at:at] = [percent(by_scope[name][cells[1]].value) for name in parts]
    text = ("candidate", "precision", "not told apart from")
    print_table(columns, rows, right=[c for c in columns if c not in text], keys=2)
    if not wide:
        names = [row.candidate for row in overall.rows]
        print_table(
            [table.by, "pairs", *names],
            [
                [scope, table.scopes[scope].rows[0].n_pairs, *(percent(by_scope[scope][name].value) for name in names)]
                for scope in parts
            ],
            right=["pairs", *names],
        )
    from data.ladder import ladder_notes

    first = overall.rows[0]
    narrate(
        f"{table.suite} {table.suite_hash[:12]} · {table.protocol}, {table.metric} · chance {percent(table.chance)} · "
        f"{count(first.n_pairs, 'pair')} in {count(first.n_clusters, 'cluster')} · interval: {first.method}",
        *(f"note: {note}" for note in table.notes),
        *([f"note: {ladder_notes().by_category_in_short}"] if table.by == "category" else []),
        *(["--with-excluded counts the pairs that you excluded"] if table.excluded else []),
        *(["--pairs own counts the pairs that not every candidate has scored"] if table.left_out else []),
    )


def _add_controls(columns: list[str], rows: list[list[Any]], table: ControlTable) -> None:
    """Columns for the accuracy without the prompt, and what the prompt adds on the same pairs."""
    if not any("none" in controls for controls in table.by_label.values()):
        return
    at = columns.index("first in")
    columns[at:at] = ["without prompt", "prompt adds"]
    for cells in rows:
        control = table.by_label.get(cells[1], {}).get("none")
        cells[at:at] = ["–", "–"] if control is None else [
            percent(control.without.value),
            f"{points(control.gained.difference)} ({points_between(control.gained.ci_low, control.gained.ci_high)})",
        ]  # fmt: skip


def _as_json(
    table: RankingTable, prompt_controls: ControlTable, claims: list[str], suspected: Sequence[str]
) -> dict[str, Any]:
    kept_accuracy = prompt_controls.kept
    return {
        "suite": table.suite,
        "weights": table.leading.name if table.weighted else None,
        "suite_hash": table.suite_hash,
        "protocol": table.protocol,
        "metric": table.metric,
        "chance": table.chance,
        "notes": list(table.notes),
        "suspicions": list(suspected),
        "decisions": claims,
        "without_prompt": {
            "share_of_lead": number_or_none(kept_accuracy.value), "ci_low": number_or_none(kept_accuracy.ci_low),
            "ci_high": number_or_none(kept_accuracy.ci_high), "n_pairs": prompt_controls.n_pairs,
            "mostly_fluency": prompt_controls.mostly_fluency, "line": prompt_controls.line,
        },
        "controls": [
            {"candidate": label, "prompt": shown, **control_row(control)}
            for label, controls in prompt_controls.by_label.items()
            for shown, control in controls.items()
        ],
        "rows": [
            {
                "rank": row.rank, "rank_low": row.rank_low, "rank_high": row.rank_high, "candidate": row.candidate,
                "parameters": table.entrants[row.candidate].parameters,
                "precision": table.entrants[row.candidate].precision, "protocol": table.protocol,
                "metric": table.metric, "scope": scope, "value": row.value, "ci_low": row.ci_low,
                "ci_high": row.ci_high, "method": row.method, "chance": row.chance, "n_pairs": row.n_pairs,
                "n_clusters": row.n_clusters, "p_best": row.p_best, "tied_with": list(row.tied_with),
                "p_value": number_or_none(row.p_value), "p_adjusted": number_or_none(row.p_adjusted),
            }
            for scope, ranking in table.scopes.items()
            for row in ranking.rows
        ],
    }  # fmt: skip
