"""`rude-tui correlate`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from engine.results.pair_index import SPLITS
from engine.stats.p_value import p_is, p_text
from rude_tui.options import as_json, database, over_option, question_options, source_options, store_of
from rude_tui.output import between, narrate, number, print_json, print_table

if TYPE_CHECKING:
    from engine.correlation.predictor_outcome import CorrelationView
    from engine.correlation.sources import Source
    from engine.results.board import Question
    from engine.stats.league import League
    from engine.stats.units import Over
    from engine.store.connection import Store

__all__ = ["correlate"]

Kind = Literal["pearson", "spearman", "kendall"]


@click.command()
@click.option(
    "--predictor", "named", multiple=True, metavar="NAME|FILE.csv",
    help="Default: all there are (rude-tui predictors list). A CSV (candidate, and a column for each predictor) adds "
    "columns of your own; 'proxy STATISTIC, WEIGHTING' needs a run with --token-scores.",
)  # fmt: skip
@click.option("--outcome", help="Default: all there are.")
@source_options
@click.option("--league", "as_league", is_flag=True, help="Each predictor against the first, given size, left-outs.")
@click.option("--matrix", "as_matrix", is_flag=True, help="RuDE on each part of the suite against each outcome.")
@click.option("--costs", "as_costs", is_flag=True, help="What each predictor took, and how often it decides rightly.")
@click.option(
    "--by", type=click.Choice(SPLITS),
    help="Parts of the matrix. Default: domains, or categories where there is one domain.",
)  # fmt: skip
@click.option(
    "--statistic", type=click.Choice(["pearson", "spearman", "kendall"]), default="pearson", show_default=True,
    help="What the league and the matrix speak of.",
)  # fmt: skip
@click.option(
    "--families", metavar="A=F,B=F|FILE.csv",
    help="Families of candidates, for this once. Default: as `rude-tui families` has them.",
)  # fmt: skip
@over_option
@question_options
@as_json
@database
def correlate(
    named: tuple[str, ...], outcome: str | None, source: Source, as_league: bool, as_matrix: bool, as_costs: bool,
    by: str | None, statistic: Kind, families: str | None, over: Over, suite: str | None, protocol: str | None,
    metric: str | None, with_excluded: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Correlate predictors with outcomes: Pearson, Spearman and Kendall, each with interval, p and n.

    One predictor and one outcome: also without each candidate and each family, given size, and where candidates without
    an outcome should land. Several: whether the first is really better than the rest.

    --costs: FLOPs, seconds and memory that each predictor took while it was measured, beside the share of pairs of
    candidates that it orders as the outcome does (plot costs draws it).

    --matrix: RuDE accuracy in each domain, category, subcategory or number of violations against each outcome, p
    adjusted by Holm over the whole matrix, and whether the domain that an outcome is tied to (`rude-tui outcomes tie`,
    or a column domain) foretells it better than another does. `rude-tui export matrix` writes the same cells.
    """
    from engine.correlation.families import RULE, families_of
    from engine.correlation.predictor_outcome import correlation_views, league_of, outcome_names, predictor_names
    from engine.results.board import Question
    from rubrics.errors import BadInput

    store = store_of(db)
    question = Question(suite, protocol, metric, with_excluded=with_excluded, over=over)
    if as_matrix:
        if named or as_league or families:
            raise click.UsageError("--matrix sets parts of the suite against outcomes, without predictors or families")
        _matrix(store, question, by, [outcome] if outcome else [], source, statistic, as_json)
        return
    if as_costs:
        if as_league or families or source != "own":
            raise click.UsageError("--costs speaks of your own runs: what they took, and every two candidates in turn")
        _print_costs(store, question, named, [outcome] if outcome else outcome_names(store), as_json)
        return
    if by:
        raise click.UsageError("--by says what the parts of a --matrix are")
    outcomes = [outcome] if outcome else outcome_names(store, source=source)
    if not outcomes:
        raise BadInput(
            "no outcomes to correlate with", fix="rude-tui outcomes add FILE.csv, or --ladder, or --published"
        )
    predictors = [
        name for text in named for name in ([text] if not text.endswith(".csv") else _added(store, Path(text)))
    ]
    predictors = predictors or predictor_names(store, question if source == "own" else None, source=source)
    own_families = families_of(families) if families else None
    views = correlation_views(store, question, predictors, outcomes, source=source, families=own_families)
    by_outcome = [[view for view in views if view.outcome == name] for name in outcomes]
    if as_json:
        print_json([
            _as_json(view, league) for some in by_outcome
            for league in [league_of(some, statistic=statistic)] for view in some
        ])  # fmt: skip
        return
    if as_league:
        leagues = [league_of(some, statistic=statistic) for some in by_outcome]
        for name, league in zip(outcomes, leagues, strict=True):
            _print_league(name, league)
        _explain(leagues, over)
    else:
        _print_statistics(views)
    narrate(*dict.fromkeys(f"{v.outcome}: {v.outcome_words}" for v in views if v.outcome_words != v.outcome))
    _say_verdicts(by_outcome)
    if len(views) == 1:
        _print_detail(views[0])
    if as_league or len(views) == 1:
        _say_families(
            views[0],
            rule=f"{RULE}; rude-tui families says more" if source == "own" else "as listed with the study's points",
        )
    narrate(*dict.fromkeys(f"chance: {v.predictor}: {v.chance:g}" for v in views if not math.isnan(v.chance)))
    narrate(*dict.fromkeys(f"source: {view.source}" for view in views if view.source))
    _say_notes(views, turns=as_league)


def _matrix(
    store: Store, question: Question, by: str | None, outcomes: Sequence[str], source: Source, statistic: Kind,
    as_json: bool,
) -> None:  # fmt: skip
    from engine.correlation.by_part import matrix_view
    from rude_tui.matrix_table import matrix_json, print_matrix

    view = matrix_view(store, question, by=by, outcomes=outcomes, source=source, statistic=statistic)
    if as_json:
        print_json(matrix_json(view))
    else:
        print_matrix(view)


def _print_costs(
    store: Store, question: Question, named: Sequence[str], outcomes: Sequence[str], as_json: bool
) -> None:  # fmt: skip
    from dataclasses import asdict

    from engine.correlation.costs import HELP, costs_of

    costs = [cost for outcome in outcomes for cost in costs_of(store, question, outcome, named)]
    if as_json:
        print_json([{**asdict(cost), "price": cost.price._asdict()} for cost in costs])
        return
    print_table(
        ["outcome", "predictor", "n", "decides rightly", "95 %", "TFLOPs", "seconds", "memory, MB"],
        [
            [
                c.outcome, c.predictor, c.candidates, number(c.accuracy.value),
                between(c.accuracy.ci_low, c.accuracy.ci_high), number(c.price.flops / 1e12), number(c.price.seconds),
                number(c.price.peak_bytes / 1e6),
            ]
            for c in costs
        ],
        right=["n", "decides rightly", "95 %", "TFLOPs", "seconds", "memory, MB"],
    )  # fmt: skip
    narrate(f"decides rightly: {HELP}")


def _print_statistics(views: Sequence[CorrelationView]) -> None:

    rows = []
    for view in views:
        cells = []
        for statistic in view.statistics.statistics:
            cells += [_r(statistic.value), _span(statistic.ci_low, statistic.ci_high), p_text(statistic.p_value)]
        rows.append([view.outcome, view.predictor, view.statistics.n, *cells])
    columns = ["outcome", "predictor", "n"]
    for statistic in views[0].statistics.statistics:
        columns += [statistic.name, f"95 % ({statistic.name[0]})", f"p ({statistic.name[0]})"]
    print_table(columns, rows, right=columns[2:])
    _say_methods(views)
    narrate(_about_p(views[0].over))


def _say_methods(views: Sequence[CorrelationView]) -> None:
    """How each statistic's interval and p were made; names of statistics that share a way stand together."""
    ways: dict[str, list[str]] = {}
    for view in views:
        for statistic in view.statistics.statistics:
            if not math.isnan(statistic.value) and statistic.name not in ways.setdefault(statistic.method, []):
                ways[statistic.method].append(statistic.name)
    narrate(*(f"95 % and p, {', '.join(names)}: {method}" for method, names in ways.items()))


def _say_notes(views: Sequence[CorrelationView], *, turns: bool) -> None:
    """What correlations must be read with; those that share it stand together.

    Args:
        turns: whether what is shown has turned the signs already, as a league does and says.
    """
    from engine.correlation.direction import turned

    known: set[str] = set()
    for v in views if turns else ():
        known.update(turned(v.predictor, v.higher_is_better, v.outcome, v.outcome_higher_is_better))
    narrate(*dict.fromkeys(f"note: {note}" for view in views for note in view.notes if note not in known))
    held: dict[str, list[str]] = {}
    for view in views:
        own = [
            f"{statistic.name}: {statistic.note}"
            for statistic in view.statistics.statistics
            if statistic.note and view.statistics.n > 4
        ]
        for note in filter(None, [*view.statistics.note.split("; "), *own]):
            held.setdefault(note, []).append(f"{view.predictor}, {view.outcome}")
    for note, names in held.items():
        whose = "" if len(names) == len(views) else f"{'; '.join(names[:3])}{' …' if len(names) > 3 else ''}: "
        narrate(f"note: {whose}{note}")


def _about_p(over: Over) -> str:
    from engine.correlation.predictor_outcome import HELP

    return HELP["families"] if over == "families" else f"p: {HELP['p']}"


def _print_league(outcome: str, league: League) -> None:
    rows = []
    for row in league.rows:
        statistic, partial = row.by(league.statistic), row.given_control
        rival = getattr(row.versus, league.statistic) if row.versus else None
        rows.append([
            row.predictor, row.n, _r(statistic.value), _span(statistic.ci_low, statistic.ci_high),
            p_text(statistic.p_value), p_text(row.p_holm), _r(partial.value) if partial else "–",
            _span(partial.ci_low, partial.ci_high) if partial else "–", _r(row.weakest), _r(row.weakest_family),
            _r(rival.difference) if rival else "–", _span(rival.ci_low, rival.ci_high) if rival else "–",
            p_text(rival.p_value) if rival else "–", p_text(row.versus.williams_p) if row.versus else "–",
        ])  # fmt: skip
    columns = [
        outcome, "n", league.statistic, "95 %", "p", "p (Holm)", "given size", "95 % (s)", "without one",
        "without a family", "first less it", "95 % (d)", "p (d)", "p (Williams)",
    ]  # fmt: skip
    print_table(columns, rows, right=columns[1:])


def _explain(leagues: Sequence[League], over: Over) -> None:
    """The columns of tables that stand one below the other, once."""
    from engine.correlation.predictor_outcome import HELP
    from engine.stats.league import HELP as COLUMNS
    from engine.stats.rivals import HELP as RIVALS

    narrate(
        "lower-is-better predictors and outcomes are turned here, so that a good predictor correlates above zero",
        *dict.fromkeys(f"95 % and p: {league.rows[0].by(league.statistic).method}" for league in leagues),
        _about_p(over), f"p (Holm): {COLUMNS['p_holm']}", HELP["size"],
        f"without one, without a family: {HELP['without']}",
        f"first less it: {COLUMNS['versus']}; {RIVALS['ci_low']}; {RIVALS['williams_p']}",
    )  # fmt: skip


def _say_verdicts(by_outcome: Sequence[Sequence[CorrelationView]]) -> None:
    from engine.correlation.predictor_outcome import best_view, verdict

    for some in by_outcome:
        if len(some) > 1:
            narrate(f"{some[0].outcome}: {verdict(some)}", f"{some[0].outcome}: {best_view(some)}")


def _print_detail(view: CorrelationView) -> None:
    from engine.correlation.predictor_outcome import HELP, expected, given_size

    influence = [("candidate", left_out) for left_out in view.statistics.leave_one_out]
    influence += [("family", left_out) for left_out in view.statistics.leave_family_out]
    influence = [(kind, left_out) for kind, left_out in influence if left_out.n > 2]
    if influence:
        print_table(
            ["without", "which", "n", "pearson", "spearman", "kendall"],
            [
                [left_out.name, kind, left_out.n, _r(left_out.pearson), _r(left_out.spearman), _r(left_out.kendall)]
                for kind, left_out in influence
            ],
            right=["n", "pearson", "spearman", "kendall"],
        )
    for ranks in (False, True):
        partial = given_size(view, ranks=ranks)
        bounds = (
            "" if math.isnan(partial.value) else f" [{_span(partial.ci_low, partial.ci_high)}], {p_is(partial.p_value)}"
        )
        narrate(
            f"given size, {'ρ' if ranks else 'r'}: {_r(partial.value)}{bounds}" + (partial.note and f": {partial.note}")
        )
    narrate(HELP["size"])
    ahead = expected(view)
    if ahead:
        print_table(
            ["expected", view.predictor, view.outcome, "95 %", ""],
            [
                [place.name, number(place.x), number(place.value), between(place.low, place.high),
                 "beyond all with an outcome" if place.outside else ""]
                for place in ahead
            ],
            right=[view.predictor, view.outcome, "95 %"],
        )  # fmt: skip
        narrate(f"expected: {HELP['expected']}")


def _say_families(view: CorrelationView, *, rule: str) -> None:
    held: dict[str, list[str]] = {}
    for point in view.points:
        held.setdefault(point.family, []).append(point.name)
    narrate(*(f"family {family}: {', '.join(names)}" for family, names in sorted(held.items())), f"families: {rule}")


def _as_json(view: CorrelationView, league: League) -> dict[str, Any]:
    from dataclasses import asdict

    from engine.correlation.predictor_outcome import expected, given_size

    row = next(row for row in league.rows if row.predictor == view.predictor)
    return {
        "predictor": view.predictor, "outcome": view.outcome, "outcome_words": view.outcome_words,
        "source": view.source, "notes": view.notes,
        "help": view.help, "chance": None if math.isnan(view.chance) else view.chance,
        "higher_is_better": view.higher_is_better,
        "outcome_higher_is_better": view.outcome_higher_is_better,
        "points": [asdict(point) for point in view.points],
        "statistics": {statistic.name: asdict(statistic) for statistic in view.statistics.statistics},
        "leave_one_out": [asdict(left_out) for left_out in view.statistics.leave_one_out],
        "leave_family_out": [asdict(left_out) for left_out in view.statistics.leave_family_out],
        "given_size": {"pearson": asdict(given_size(view)), "spearman": asdict(given_size(view, ranks=True))},
        "expected": [asdict(place) for place in expected(view)],
        "p_holm": row.p_holm, "reference": league.reference,
        "versus": asdict(row.versus) if row.versus else None,
    }  # fmt: skip


def _added(store: Store, path: Path) -> list[str]:
    """Keep the file's columns; their names."""
    from rude_tui.commands.predictors.add import keep_columns

    return keep_columns(store, path)


def _r(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _span(low: float, high: float) -> str:
    return "–" if math.isnan(low) or math.isnan(high) else f"{low:.2f} … {high:.2f}"
