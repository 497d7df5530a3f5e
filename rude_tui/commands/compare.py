"""`rude-tui compare`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.stats.p_value import p_text
from rude_tui.options import as_json, database, question_options, store_of, weights_option
from rude_tui.output import narrate, points, print_json, print_table

if TYPE_CHECKING:
    from engine.results.weights import Weights

__all__ = ["compare"]


@click.command()
@click.argument("first", metavar="M1")
@click.argument("second", metavar="M2")
@question_options
@weights_option
@click.option("--by", default="category", show_default=True, help="What to split by, as in `rank`.")
@as_json
@database
def compare(
    first: str, second: str, suite: str | None, protocol: str | None, metric: str | None, by: str,
    weights: Weights | None, with_excluded: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Set two candidates against each other on the pairs both have scored.

    Difference in points with a 95 % interval over clusters, p by a paired test; both methods are named below the table.
    p (adjusted) is p times what Holm asks for when every two candidates are compared, as `rank` does: it decides.
    """
    from dataclasses import asdict

    from engine.results.board import Question, load_board
    from engine.results.comparison import compare_candidates

    board = load_board(store_of(db), Question(suite, protocol, metric, with_excluded=with_excluded, weights=weights))
    comparisons = compare_candidates(board, first, second, by=by, weights=weights)
    if as_json:
        print_json([{"scope": name, **asdict(c)} for name, c in comparisons.items()])
        return
    a, b = board.entrant(first).label, board.entrant(second).label
    whole = next(iter(comparisons.values()))
    numbers = [
        "difference", "95 %", "p", "p (adjusted)", "both right", "only A", "only B", "neither", "ties", "pairs",
    ]  # fmt: skip
    print_table(
        ["scope", *numbers],
        [
            [
                name, points(c.difference), "–" if math.isnan(c.ci_low) else c.ends(points),
                p_text(c.p_value), p_text(c.p_adjusted), c.both, len(c.only_a), len(c.only_b), c.neither, c.ties,
                c.n_pairs,
            ]
            for name, c in comparisons.items()
        ],
        right=numbers,
    )  # fmt: skip
    narrate(
        f"A {a} minus B {b}, in points · {board.suite} · {board.protocol}, {board.metric}",
        f"95 %: {whole.method}; p: {whole.test}",
    )
    narrate("which pairs these are: --json", *(f"note: {note}" for note in board.notes))
