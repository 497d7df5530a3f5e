"""`rude-tui plot`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from engine.results.pair_index import SPLITS
from rude_tui.options import database, question_options, source_options, store_of
from rude_tui.output import narrate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.correlation.sources import Source

__all__ = ["plot"]

_WIDTHS: Final = {"column": 3.4, "page": 7.0}


class _Width(click.ParamType[float]):
    name = "column|page|INCHES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Inches, from a name or a number."""
        if isinstance(value, float):
            return value
        if value in _WIDTHS:
            return _WIDTHS[value]
        try:
            inches = float(value)
        except ValueError:
            inches = 0.0
        if not 1.5 <= inches <= 30:
            self.fail(f"{value!r} is neither column, page nor 1.5 to 30 inches", param, ctx)
        return inches


@click.command()
@click.argument(
    "what",
    type=click.Choice(
        ["rankings", "profile", "correlation", "league", "costs", "matrix", "families", "tokens", "spectra"]
    ),
)
@click.option("-o", "--output", required=True, help="FILE.svg, .pdf or .png; - prints SVG.")
@click.option("--width", type=_Width(), default="column", show_default=True, help="3.4 or 7 inches, or a number.")
@click.option("--dpi", type=click.IntRange(50, 1200), default=300, show_default=True, help="Of a PNG.")
@question_options
@click.option("--model", help="profile, tokens: the candidate, as `rank` names it. Default: the first.")
@click.option("--scope", default="overall", show_default=True, help="rankings: a category, or subcategory.")
@click.option("--pair", help="tokens: the pair. Default: the one the candidate loses by the widest margin.")
@click.option("--predictor", help="correlation: what stands on the x axis. Default: the headline.")
@click.option("--outcome", help="correlation, league, costs: what is foretold. Default: the first there is.")
@click.option("--by", type=click.Choice(SPLITS), help="matrix: its parts.")
@source_options
@database
def plot(
    what: str, output: str, width: float, dpi: int, suite: str | None, protocol: str | None, metric: str | None,
    model: str | None, scope: str, pair: str | None, predictor: str | None, outcome: str | None, by: str | None,
    source: Source, with_excluded: bool, db: Path | None,
) -> None:  # fmt: skip
    """Draw a figure for a paper: vector text, sizes in inches, the same bytes for the same numbers.

    rankings: values with intervals and chance. profile: one candidate in all subcategories. correlation: the scatter
    with its line, band and predicted places. league: every predictor's ρ. costs: how often each decides rightly between
    two candidates, over what it took. matrix: RuDE by part of the suite against every outcome. families: whose weights
    are alike. tokens: where one preference turns. spectra: α and trace-log of the weight matrices, layer by layer.
    """
    from engine.export.figures import ENDINGS, rendered
    from engine.results.board import Question
    from rubrics.errors import BadInput
    from rubrics.targets import whole

    ending = "svg" if output == "-" else Path(output).suffix.lower().removeprefix(".")
    if ending not in ENDINGS:
        raise BadInput(f"cannot tell the format of {output!r}", fix="end it in .svg, .pdf or .png")
    question = Question(suite, protocol, metric, with_excluded=with_excluded)
    store = store_of(db)
    if what == "matrix":
        from engine.correlation.by_part import matrix_view
        from engine.export import figures

        view = matrix_view(store, question, by=by, outcomes=[outcome] if outcome else [], source=source)
        figure = figures.matrix(view, width=width)
    elif what == "families":
        from engine.correlation.lineage import lineage
        from engine.export.family_figure import families

        figure = families(lineage(store), width=width)
    elif what == "spectra":
        from engine.export.spectral_figure import spectra
        from engine.predictors.spectral_layers import spectral_profiles

        figure = spectra(spectral_profiles(store), width=width)
    elif what in ("correlation", "league", "costs"):
        figure = _foretelling(store, question, what, predictor, outcome, source, width)
    else:
        figure = _measured(store, question, what, model, scope, pair, width)
    drawn = rendered(figure, ending, dpi=dpi)
    if output == "-":
        sys.stdout.buffer.write(drawn)
        return
    with whole(Path(output)) as scratch:
        scratch.write_bytes(drawn)
    wide, tall = figure.get_size_inches()
    narrate(f"{what}, {wide:.1f} × {tall:.1f} inches → {output}")


def _measured(
    store: Any, question: Any, what: str, model: str | None, scope: str, pair: str | None, width: float
) -> Figure:
    from dataclasses import replace

    from engine.export import figures
    from engine.results.board import load_board
    from engine.results.failures import failed_pairs
    from engine.results.rankings import rankings_of
    from engine.results.tokens import token_view
    from rubrics.errors import BadInput
    from rubrics.taxonomy import Category

    board = load_board(store, question)
    label = board.entrant(model).label if model else ""
    if what == "tokens":
        label = label or board.matrix.candidates[0]
        if pair is None:
            lost = failed_pairs(board, label)
            if not lost:
                raise BadInput(f"{label} loses no pair", fix="name one with --pair")
            pair = lost[0].pair_id
        return figures.tokens(token_view(store, board, label, pair), width=width)
    by = "category" if what == "rankings" and scope in {"overall", *Category} else "subcategory"
    table = rankings_of(board, replace(question, by=by))
    if what == "profile":
        return figures.profile(table, label or table.overall.rows[0].candidate, width=width)
    if scope not in table.scopes:
        scopes = ", ".join(["overall", *Category, *list(table.scopes)[1:]])
        raise BadInput(f"no scope {scope!r} in this suite", fix=f"scopes: {scopes}")
    return figures.rankings(table, scope=scope, width=width)


def _foretelling(
    store: Any, question: Any, what: str, predictor: str | None, outcome: str | None, source: Source, width: float
) -> Figure:
    from engine.correlation.predictor_outcome import correlation_views, outcome_names, predictor_names
    from engine.export import figures
    from rubrics.errors import BadInput

    outcomes = [outcome] if outcome else outcome_names(store, source=source)[:1]
    if not outcomes:
        raise BadInput(
            "no outcomes to correlate with", fix="rude-tui outcomes add FILE.csv, or --ladder, or --published"
        )
    if what == "costs":
        from engine.correlation.costs import costs_of
        from engine.export.cost_figure import costs

        if source != "own":
            raise BadInput("what predictors took is known of your own runs alone", fix="leave the study out")
        return costs(costs_of(store, question, outcomes[0], [predictor] if predictor else None), width=width)
    if what == "league" or predictor is None:
        predictors = predictor_names(store, question if source == "own" else None, source=source)
        predictors = predictors if what == "league" else predictors[:1]
    else:
        predictors = [predictor]
    views = correlation_views(store, question, predictors, outcomes, source=source)
    return figures.league(views, width=width) if what == "league" else figures.correlation(views[0], width=width)
