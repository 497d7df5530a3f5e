"""`rude-tui predictors proxy`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rubrics.counted import count
from rude_tui.options import as_json, database, over_option, question_options, store_of
from rude_tui.output import between, narrate, number, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.predictors.interface import Evidence
    from engine.predictors.judged import JudgedScorers
    from engine.stats.intervals import Estimate
    from engine.stats.units import Over

__all__ = ["proxy"]


@click.command()
@click.option("--outcome", "outcomes", multiple=True, metavar="NAME", help="Fit scorers on this outcome; repeatable.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write all features: FILE.csv, .parquet or .json."
)
@click.option("--traces", metavar="NAME", help="Features of expert traces that candidates have read, not of the suite.")
@click.option("--scorer", default="linear RankSVM", show_default=True, help="Which of the scorers --fit writes.")
@click.option("--fit", type=click.Path(path_type=Path), metavar="FIT.json", help="Write a scorer fitted on --outcome.")
@click.option(
    "--apply", type=click.Path(path_type=Path), metavar="FIT.json",
    help="What a fit of before says of these candidates, and with --outcome how far off it is.",
)  # fmt: skip
@click.option(
    "--ladder", is_flag=True,
    help="Judge scorers on the ladder that ships: 26 models, twelve outcomes, the ten unweighted features.",
)  # fmt: skip
@click.option("--keep", metavar="NAME", help="With --apply: keep what it says as a predictor of this name.")
@click.option("--last", type=click.IntRange(1), default=1000, show_default=True, help="Tokens at the end that count.")
@click.option("--centre", type=float, default=1.0, show_default=True, help="Of the Gaussian on the NLL, nats.")
@click.option("--width", type=click.FloatRange(1e-3), default=1.0, show_default=True, help="Of the same, nats.")
@click.option(
    "--least-entropy", type=click.FloatRange(1e-6), default=0.01, show_default=True,
    help="Added to the entropy before it is inverted, nats.",
)  # fmt: skip
@click.option(
    "--wrong-over", type=click.Choice(["all", "wrong"]), default="all", show_default=True,
    help="Tokens that wrong-confidence is a mean over.",
)  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True)
@over_option
@question_options
@as_json
@database
def proxy(
    outcomes: tuple[str, ...], output: Path | None, traces: str | None, scorer: str, fit: Path | None,
    apply: Path | None, ladder: bool, keep: str | None, last: int, centre: float, width: float, least_entropy: float,
    wrong_over: str, seed: int, over: Over, suite: str | None, protocol: str | None, metric: str | None,
    with_excluded: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """The 80 proxy metrics (arXiv 2605.18607): ten statistics of expert tokens under eight weightings.

    From stored token scores of the chosen responses (rude-tui run --token-scores), over the pairs that all candidates
    have, or with --traces of expert traces that they have read (rude-tui predictors rbridge). With --outcome, scorers
    are fitted on them (best single feature, three features, RankSVM, linear and with a Gaussian kernel) and judged on
    candidates, and with three outcomes or more on outcomes, that were left out; an outcome that names its expert
    traces (rude-tui outcomes tie --traces) has its features from these. With --over families whole families are left
    out, so that of two that are kin none is fitted on to judge the other.

    A fit is a file: --fit writes one, --apply applies it to other candidates, suites or traces.
    """
    from engine.correlation.scorer_tasks import features_for, features_from, outcomes_known, units_of
    from engine.predictors.interface import Evidence
    from engine.predictors.judged import gather, judge_scorers
    from engine.predictors.proxy import Constants
    from engine.results.board import Question

    if fit is not None and not outcomes:
        raise click.UsageError("--fit needs --outcome: what it is fitted on")
    if keep is not None and apply is None:
        raise click.UsageError("--keep needs --apply: what is kept")
    if fit is not None and apply is not None:
        raise click.UsageError("fit first, then apply")
    if traces is not None and outcomes and apply is None:
        raise click.UsageError("each --outcome names its own traces: rude-tui outcomes tie OUTCOME --traces NAME")
    if ladder:
        from engine.correlation.scorer_tasks import ladder_tasks, ladder_units

        of_ladder = ladder_tasks()
        units = ladder_units(store_of(db), of_ladder, over)
        _print_judged(judge_scorers(of_ladder, seed=seed, units=units), as_json)
        return
    store = store_of(db)
    evidence = Evidence(store, Question(suite, protocol, metric, with_excluded=with_excluded, over=over))
    if apply is not None:
        _apply(evidence, apply, traces, outcomes, keep, as_json)
        return
    constants = Constants(last, centre, width, least_entropy, wrong_over == "all")
    if not outcomes:
        _print_features(features_from(evidence, traces, constants), output, last, as_json)
        return
    features = features_for(evidence, outcomes, constants)
    tasks = gather({name: of_one for name, (_, of_one) in features.items()}, outcomes_known(evidence, outcomes))
    if output is not None:
        _write_features({f"{of}: {name}": e for of, (_, rows) in features.items() for name, e in rows.items()}, output)
    units = units_of(evidence, tasks)
    if fit is not None:
        from engine.correlation.fit_file import save_fit
        from engine.correlation.scorer_transfer import scorer_to_keep

        kept = scorer_to_keep(tasks, scorer, constants, seed=seed, units=units)
        save_fit(kept, fit)
        narrate(f"{kept.name} on {count(len(kept.candidates), 'candidate')} and {', '.join(kept.outcomes)} → {fit}")
    _print_judged(judge_scorers(tasks, seed=seed, units=units), as_json)
    experts = {name: traces for name, (traces, _) in features.items()}
    if any(experts.values()):
        narrate("features of: " + ", ".join(f"{name}: {of or 'the suite'}" for name, of in experts.items()))


def _apply(
    evidence: Evidence, file: Path, traces: str | None, outcomes: tuple[str, ...], keep: str | None, as_json: bool
) -> None:
    from engine.correlation.fit_file import read_scorer
    from engine.correlation.scorer_tasks import outcomes_known
    from engine.correlation.scorer_transfer import HELP, applied_scorers, keep_standing

    fit = read_scorer(file)
    applied = applied_scorers(evidence, fit, traces, outcomes)
    if as_json:
        print_json([one.to_json() for one in applied])
    else:
        known = outcomes_known(evidence, outcomes, turned=False)
        print_table(
            ["features of", "place", "candidate", "standing", *outcomes, "fitted on"],
            [
                [
                    one.of, place, name, number(value), *(number(known[o].get(name, math.nan)) for o in outcomes),
                    "yes" if name in one.seen else "",
                ]
                for one in applied
                for place, (name, value) in enumerate(one.standing.items(), 1)
            ],
            right=["place", "standing", *outcomes],
        )  # fmt: skip
    narrate(fit.words())
    narrate(*(f"{one.of}: {words}" for one in applied for words in one.words()), f"standing: {HELP['standing']}")
    if keep is not None:
        narrate(f"{count(keep_standing(evidence.store, keep, applied[0], file.name), 'value')} kept as {keep}")


def _print_features(features: Mapping[str, Sequence[Estimate]], output: Path | None, last: int, as_json: bool) -> None:
    from engine.predictors.proxy import FEATURES

    if output is not None:
        _write_features(features, output)
    if as_json:
        print_json([
            {"candidate": name, "predictor": f"proxy {feature}", "value": estimate.value, "ci_low": estimate.ci_low,
             "ci_high": estimate.ci_high, "method": estimate.method}
            for name, estimates in features.items()
            for feature, estimate in zip(FEATURES, estimates, strict=True)
        ])  # fmt: skip
    elif output is None:
        print_table(
            ["feature", *features],
            [
                [feature, *(number(estimates[at].value) for estimates in features.values())]
                for at, feature in enumerate(FEATURES)
            ],
            right=list(features),
        )
        narrate(
            f"mean over solutions of the weighted mean over their last {count(last, 'token')}; intervals: --json or -o",
            "80 of them: one that was not chosen beforehand has to beat the best of 80 useless ones (--outcome NAME)",
        )


def _write_features(features: Mapping[str, Sequence[Estimate]], output: Path) -> None:
    from engine.export.files import write_table
    from engine.export.tables import Table
    from engine.predictors.proxy import FEATURES

    columns = {
        "candidate": "varchar",
        "predictor": "varchar",
        "value": "double",
        "ci_low": "double",
        "ci_high": "double",
    }
    rows = [
        (
            name,
            f"proxy {feature}",
            *(None if math.isnan(n) else float(n) for n in (estimate.value, estimate.ci_low, estimate.ci_high)),
        )
        for name, estimates in features.items()
        for feature, estimate in zip(FEATURES, estimates, strict=True)
    ]
    write_table(Table(columns, rows), output)
    narrate(f"{count(len(rows), 'row')} → {output}")


def _print_judged(judged: JudgedScorers, as_json: bool) -> None:
    from dataclasses import asdict

    from engine.predictors.judged import HELP

    if as_json:
        print_json(asdict(judged))
        return
    print_table(
        ["scorer", "fitted ρ", "pairs left out, right", "95 %", "pairs", "outcomes left out, ρ", "chance", "uses"],
        [
            [
                row.name, number(row.fitted), f"{100 * row.ordered:.0f} %",
                between(row.ordered_low, row.ordered_high), row.tried, number(row.tasks), number(row.tasks_chance),
                "; ".join(row.uses),
            ]
            for row in judged.scorers
        ],
        right=["fitted ρ", "pairs left out, right", "95 %", "pairs", "outcomes left out, ρ", "chance"],
    )  # fmt: skip
    narrate(judged.made_of)
    for outcome, (feature, best) in judged.best.items():
        narrate(f"{outcome}: best feature {feature}; {best}")
    narrate(
        f"fitted ρ: {HELP['fitted']}", f"pairs left out: {judged.ordered_help}", f"outcomes left out: {HELP['tasks']}"
    )
