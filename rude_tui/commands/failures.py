"""`rude-tui failures`."""

from __future__ import annotations

from pathlib import Path

import click

from engine.results.board import Question, load_board
from engine.results.failures import failed_pairs, failure_tree
from rubrics.counted import count
from rude_tui.options import as_json, database, question_options, store_of
from rude_tui.output import narrate, percent, print_json, print_table

__all__ = ["failures"]


@click.command()
@click.option("--model", required=True, help="Candidate, as `rank` names it.")
@question_options
@click.option("--subcategory", default="", help="Only pairs that violate this subcategory.")
@click.option("--criterion", default="", help="Only pairs that violate this criterion.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Rows to print; JSON prints all.")
@as_json
@database
def failures(
    model: str, suite: str | None, protocol: str | None, metric: str | None, subcategory: str, criterion: str,
    limit: int, with_excluded: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """List the pairs a candidate gets wrong, worst first, with a count by subcategory.

    Margin: how far the chosen response is behind, in nats (of log-odds for choice, of log-likelihood for likelihood,
    per byte or token where the metric says so).
    """
    board = load_board(store_of(db), Question(suite, protocol, metric, with_excluded=with_excluded))
    label = board.entrant(model).label
    failed = failed_pairs(board, label, subcategory=subcategory, criterion=criterion)
    if as_json:
        print_json([
            {
                "pair_id": pair.pair_id, "domain": pair.domain, "subcategories": pair.subcategories,
                "violated": pair.violated, "margin": pair.margin, "score": pair.score, "failed_by": pair.failed_by,
                "scored_by": pair.scored_by,
            }
            for pair in failed
        ])  # fmt: skip
        return
    tree = failure_tree(board, label)
    print_table(
        ["category", "subcategory", "failed", "of", "%"],
        [
            [category.name, sub.name, sub.failed, sub.scored, percent(sub.failed / sub.scored)]
            for category in tree
            for sub in category.children
        ],
        right=["failed", "of", "%"],
    )
    print_table(
        ["pair", "domain", "violates", "margin", "failed by"],
        [
            [p.pair_id, p.domain, ", ".join(p.violated), f"{p.margin:.4f}", f"{p.failed_by} of {p.scored_by}"]
            for p in failed[:limit]
        ],
        right=["margin", "failed by"],
    )
    cut = f", the worst {limit} shown" if len(failed) > limit else ""
    narrate(
        f"{label} · {board.suite} · {board.protocol}, {board.metric}: {count(len(failed), 'pair')} not won{cut}",
        *board.notes,
    )
