"""`rude-tui decide`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from engine.results.pair_index import GROUPINGS
from engine.stats.p_value import p_text
from rude_tui.options import as_json, database, question_options, store_of, weights_option
from rude_tui.output import narrate, points, points_between, print_json, print_table
from screens.shell.plain import plain

if TYPE_CHECKING:
    from engine.results.recommendation import Recommendation
    from engine.results.weights import Weights

__all__ = ["decide"]


@click.command()
@question_options
@weights_option
@click.option("--by", type=click.Choice(GROUPINGS), default="category", show_default=True,
              help="Parts of the suite in which weaknesses are looked for.")  # fmt: skip
@click.option("--pairs", type=click.Choice(["common", "own"]), default="common", show_default=True,
              help="As in `rank`.")  # fmt: skip
@click.option("--requirements", type=click.Path(path_type=Path), metavar="FILE.toml",
              help="Limits (parameters, price, context, licences), a margin, and what should be low.")  # fmt: skip
@as_json
@database
def decide(
    suite: str | None, protocol: str | None, metric: str | None, by: str, pairs: Literal["common", "own"],
    requirements: Path | None, weights: Weights | None, with_excluded: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Say whom to take, how sure that is, and what would settle it.

    A candidate is to be taken only if the paired tests, adjusted by Holm for every two candidates, put it ahead of each
    of its rivals, and it is surely above chance: as `rank` and `compare` tell them apart.
    """
    from engine.correlation.lineage import families_known
    from engine.export.recommendation_words import headline, reasons
    from engine.results.board import Question, load_board
    from engine.results.controls import control_table
    from engine.results.rankings import rankings_of
    from engine.results.recommendation import recommend
    from engine.results.requirements import read_requirements
    from engine.results.suspicions import suspicions

    wanted = None if requirements is None else read_requirements(requirements)
    store = store_of(db)
    question = Question(suite, protocol, metric, by, pairs, with_excluded=with_excluded, weights=weights)
    board = load_board(store, question)
    table, controls = rankings_of(board, question), control_table(store, board)
    advice = recommend(store, board, table, controls, wanted)
    suspected, behind = suspicions(store, board, table), reasons(advice, families_known(store))
    if as_json:
        print_json(_as_json(advice, headline(advice), behind, list(suspected)))
        return
    click.echo(plain(headline(advice)))
    if advice.rivals:
        print_table(
            [f"{advice.first} against", "lead", "95 %", "p", "p (adjusted)", "pairs"],
            [
                [
                    rival.b, points(rival.difference), points_between(rival.ci_low, rival.ci_high),
                    p_text(rival.p_value), p_text(rival.p_adjusted), rival.n_pairs,
                ]
                for rival in advice.rivals
            ],
            right=["lead", "95 %", "p", "p (adjusted)", "pairs"],
        )  # fmt: skip
    narrate(*(f"· {reason}" for reason in behind))
    narrate(*filter(None, [controls.line]), *(f"warning: {text}" for text in suspected))
    narrate(*(f"note: {note}" for note in table.notes))
    narrate(f"{table.suite} {table.suite_hash[:12]} · {table.protocol}, {table.metric}; it rests on: rude-tui rank")


def _as_json(advice: Recommendation, sentence: str, because: list[str], suspected: list[str]) -> dict[str, Any]:
    table, rest = advice.table, advice.remainder
    return {
        "suite": table.suite, "suite_hash": table.suite_hash, "protocol": table.protocol, "metric": table.metric,
        "weights": table.leading.name if table.weighted else None,
        "chance": table.chance, "state": advice.pick.state, "take": advice.take, "leaders": list(advice.pick.leaders),
        "headline": sentence, "reasons": because, "suspicions": suspected, "notes": list(table.notes),
        "rivals": [
            {
                "candidate": rival.b, "lead": rival.difference, "ci_low": rival.ci_low, "ci_high": rival.ci_high,
                "method": rival.method, "p_value": rival.p_value, "p_adjusted": rival.p_adjusted, "test": rival.test,
                "told_apart": rival.told_apart, "n_pairs": rival.n_pairs, "n_clusters": rival.n_clusters,
            }
            for rival in advice.rivals
        ],
        "weaknesses": [
            {"scope": weak.scope, "behind": list(weak.behind), "not_told_apart_from": list(weak.level)}
            for weak in advice.weaknesses
        ],
        "cost_of_error": advice.cost_of_error,
        "more_pairs": None if rest is None else {
            "rival": rest.rival, "pairs": rest.pairs, "seconds": rest.seconds, "left_in_suite": rest.in_suite,
        },
        "no_worse": [
            {"candidate": c.a, "difference": c.difference, "ci_low": c.ci_low, "ci_high": c.ci_high}
            for c in advice.no_worse
        ],
        "cheapest": advice.cheapest, "vetoed": dict(advice.vetoed),
        "unknown": {label: list(missing) for label, missing in advice.unknown.items()},
    }  # fmt: skip
