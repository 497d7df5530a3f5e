"""Two candidates side by side, as tables and as a figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from engine.export.tables import Table
from engine.results.comparison import DifferingPair
from engine.results.side_by_side import SideBySide
from engine.stats.paired import Comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COMPARED", "DIFFERING", "compared_table", "differing_table", "duel_figure"]

COMPARED: Final = {
    "a": "VARCHAR", "b": "VARCHAR", "scope": "VARCHAR", "difference": "DOUBLE", "ci_low": "DOUBLE", "ci_high": "DOUBLE",
    "p_value": "DOUBLE", "p_adjusted": "DOUBLE", "n_pairs": "BIGINT", "n_clusters": "BIGINT", "both": "BIGINT",
    "only_a": "BIGINT", "only_b": "BIGINT", "neither": "BIGINT", "ties": "BIGINT", "method": "VARCHAR",
    "test": "VARCHAR",
}  # fmt: skip
DIFFERING: Final = {
    "a": "VARCHAR", "b": "VARCHAR", "pair_id": "VARCHAR", "domain": "VARCHAR", "subcategories": "VARCHAR",
    "violated": "VARCHAR", "score_a": "DOUBLE", "score_b": "DOUBLE", "margin_a": "DOUBLE", "margin_b": "DOUBLE",
    "gap": "DOUBLE",
}  # fmt: skip


def compared_table(comparisons: Iterable[Comparison]) -> Table:
    """One row a scope: the difference a − b with its interval and p, and the pairs each of the two wins alone."""
    return Table(COMPARED, [
        (
            c.a, c.b, c.scope, c.difference, c.ci_low, c.ci_high, c.p_value, c.p_adjusted, c.n_pairs, c.n_clusters,
            c.both, len(c.only_a), len(c.only_b), c.neither, c.ties, c.method, c.test,
        )
        for c in comparisons
    ])  # fmt: skip


def differing_table(a: str, b: str, pairs: Sequence[DifferingPair], violated: dict[str, str]) -> Table:
    """One row a pair on which two candidates differ, in the order given.

    Args:
        violated: the criteria in words, by pair id.
    """
    return Table(DIFFERING, [
        (
            a, b, pair.pair_id, pair.domain, ";".join(pair.subcategories), violated[pair.pair_id], pair.score_a,
            pair.score_b, pair.margin_a, pair.margin_b, pair.gap,
        )
        for pair in pairs
    ])  # fmt: skip


def duel_figure(duel: SideBySide, *, width: float = 3.4) -> Figure:
    """Both running differences of one pair on one picture, and the place where the two part most."""
    from engine.candidates.untrusted import shown
    from engine.export.figures import INK, axes_of
    from engine.export.palette import LIGHT_COLOURS

    figure, axes = axes_of(width, 0.6 * width)
    x = duel.curve_a.chosen + duel.curve_a.rejected
    looks = ((duel.a, duel.curve_a, "mark-1", "-"), (duel.b, duel.curve_b, "mark-2", (0, (3, 1.5))))
    for view, curve, tone, line in looks:
        axes.plot(
            x, curve.sums, color=LIGHT_COLOURS[tone], linewidth=1, linestyle=line, label=shown(view.candidate, 30)
        )
    axes.axhline(0, color=LIGHT_COLOURS["chance"], linewidth=0.8, linestyle=(0, (1, 2)))
    if duel.steps:
        step = duel.steps[0]
        place = x[duel.point_of(step)]
        axes.axvline(place, color=INK, linewidth=0.6, linestyle=(0, (1, 1.5)))
        axes.annotate(f"“{shown(step.text.strip(), 20)}”", (place, 1), (3, -2), xycoords=("data", "axes fraction"),
                      textcoords="offset points", va="top", fontsize=6.5)  # fmt: skip
    axes.set_xlabel("characters read of both responses")
    axes.set_ylabel("chosen less rejected (nats)")
    axes.legend(fontsize=6.5, frameon=False)
    axes.set_title(shown(duel.a.pair_id, 60), fontsize=8, loc="left")
    return figure
