"""`rude-tui predictors rbridge`, `spectral` and `proxy`: what has to be measured before it can be listed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.jobs.cancelling import cancelled_by_signals
from rubrics.counted import count
from rude_tui.options import as_json, attention_option, database, question_options, store_of
from rude_tui.output import between, narrate, narrate_refused, number, print_json, print_table

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.predictors.interface import Evidence
    from engine.predictors.judged import Judged
    from engine.predictors.trace_file import TraceSet
    from engine.stats.intervals import Estimate
    from engine.store.connection import Store

__all__ = ["proxy", "rbridge", "spectral"]

_MODELS = click.option(
    "--model", "models", multiple=True, required=True, metavar="M", help="Folder, folder of folders, or hub id."
)
_REMOTE = click.option(
    "--allow-remote-code", multiple=True, metavar="M", help="Let this model run code of its own. Only if you trust it."
)


@click.command()
@_MODELS
@click.option(
    "--traces", "file", required=True, type=click.Path(path_type=Path), metavar="FILE.jsonl", help="Described above."
)
@click.option(
    "--precision", type=click.Choice(["auto", "fp32", "bf16", "int8", "nf4"]), default="auto", show_default=True
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or cuda:all.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads (default: all cores, at lowered priority).")
@attention_option
@_REMOTE
@as_json
@database
@click.pass_context
def rbridge(
    ctx: click.Context, models: tuple[str, ...], file: Path, precision: str, device: str, threads: int | None,
    attention: str, allow_remote_code: tuple[str, ...], as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Score candidates over a strong model's reasoning traces (rBridge, arXiv 2509.21013). Lower is better.

    FILE.jsonl holds one trace a line: {"prompt", "trace", "tokens": [{"token", "logprob"}, …], "spans": [[start, stop],
    …], "id"?, "cluster"?}. The trace is the reasoning without the final answer. `tokens` are the frontier model's with
    their log-probabilities, as OpenAI-style servers give them under logprobs.content ("bytes" counts before "token");
    together they must be the trace. They weigh the loss (`rBridge`: weights brought to 0–1 within each trace, as
    printed; `over the set`: over all traces). `spans` mark what matters, in characters, for the mask mode (bits per
    byte), which needs no frontier. Each of the two is in every line or in none.

    One forward pass a trace; running it again scores only what is missing. Candidates are compared on the traces that
    all of them could read.
    """
    from engine.jobs.job import exit_code, perform
    from engine.predictors.job import TraceRequest, plan_traces
    from engine.predictors.trace_file import read_traces
    from rude_tui.downloads import downloader
    from rude_tui.terminal_progress import TerminalProgress

    traces = read_traces(file)
    store = store_of(db)
    request = TraceRequest(
        models, precision, device, threads, attention, allow_remote_code=frozenset(allow_remote_code)
    )
    job = plan_traces(store, request, traces, TerminalProgress(), fetch=downloader(allow_remote_code))
    narrate_refused(job.refused)
    states = perform(store, job, TerminalProgress(), cancelled_by_signals())
    _print_traced(store, traces, states, as_json)
    ctx.exit(exit_code(states, job.refused))


def _print_traced(store: Store, traces: TraceSet, states: tuple[RunState, ...], as_json: bool) -> None:
    from engine.predictors.traced import MODES, trace_values
    from engine.store.traces import scored_traces

    names = {state.run_id: state for state in states if not state.error}
    scores = scored_traces(store, list(names))
    rows: list[dict[str, Any]] = []
    for mode, about in MODES.items():
        if not about.possible(traces):
            continue
        for run_id, found in trace_values(traces, scores, mode).items():
            one, state = found.estimate, names[run_id]
            rows.append({
                "predictor": about.label, "candidate": state.candidate, "precision": state.precision,
                "value": one.value, "ci_low": one.ci_low, "ci_high": one.ci_high, "traces": found.traces,
                "clusters": found.clusters, "method": one.method, "traces_hash": traces.hash,
            })  # fmt: skip
    if as_json:
        print_json(rows)
    else:
        print_table(
            ["predictor", "candidate", "precision", "value", "95 %", "traces", "clusters", "interval by"],
            [
                [
                    r["predictor"], r["candidate"], r["precision"], number(r["value"]),
                    between(r["ci_low"], r["ci_high"]), r["traces"], r["clusters"], r["method"],
                ]
                for r in rows
            ],
            right=["value", "95 %", "traces", "clusters"],
        )  # fmt: skip
    shown = {row["predictor"] for row in rows}
    narrate(*(f"{about.label}: {about.help} ({about.source})" for about in MODES.values() if about.label in shown))
    if shown and not any(name.startswith("rBridge") for name in shown):
        narrate("no rBridge: the traces have neither tokens with the frontier's log-probabilities nor marked spans")
    narrate(f"traces: {traces.name}, {traces.hash[:12]}; lower is better; stored, see rude-tui correlate")
    for state in states:
        narrate(*(f"note: {state.candidate}: {note}" for note in state.notes))
        if state.error:
            narrate(f"left out: {state.error}")


@click.command()
@_MODELS
@_REMOTE
@as_json
@database
@click.pass_context
def spectral(
    ctx: click.Context, models: tuple[str, ...], allow_remote_code: tuple[str, ...], as_json: bool, db: Path | None
) -> None:
    """Measure how the eigenvalues of each weight matrix fall off (spectral α). Lower is better; no model is loaded.

    The power-law exponent of every matrix of a layer with at least 50 rows and columns, by maximum likelihood over the
    tail that fits best (Clauset, Shalizi & Newman 2009); embeddings and output heads are left out. `weighted`
    multiplies each with log10 of the largest eigenvalue. Seconds below 0.1 B parameters, an hour at 7 B on two cores;
    what is measured is kept, and running it again goes on.
    """
    from engine.jobs.job import exit_code, perform
    from engine.predictors.spectral import SPECTRAL, spectral_values
    from engine.predictors.spectral_job import plan_spectra
    from rubrics.errors import Exit
    from rude_tui.downloads import downloader
    from rude_tui.terminal_progress import TerminalProgress

    store = store_of(db)
    job = plan_spectra(store, models, allow_remote_code=allow_remote_code, fetch=downloader(allow_remote_code))
    states = perform(store, job, TerminalProgress(), cancelled_by_signals())
    whole = {state.key for state in states if state.done == state.total}
    measured = [(one.candidate.name, one.spectra(store)) for one in job.planned if one.key in whole]
    rows: list[dict[str, Any]] = [
        {
            "candidate": name, **spectral_values(spectra), "matrices": len(spectra),
            "fitted": sum(matrix.alpha is not None for matrix in spectra),
            "spectra": [matrix._asdict() for matrix in spectra],
        }
        for name, spectra in measured
    ]  # fmt: skip
    if as_json:
        print_json(rows)
    else:
        print_table(
            ["candidate", *SPECTRAL, "matrices", "fitted"],
            [[r["candidate"], *(number(r[name]) for name in SPECTRAL), r["matrices"], r["fitted"]] for r in rows],
            right=[*SPECTRAL, "matrices", "fitted"],
        )
    narrate(
        *(
            f"{name}: {about.help} ({about.source}); no interval: all weights are read"
            for name, about in SPECTRAL.items()
        )
    )
    narrate_refused(job.refused)
    narrate(*(f"left out: {state.candidate}: {state.error}" for state in states if state.error))
    ctx.exit(exit_code(states, job.refused) if states else Exit.BAD_INPUT)


@click.command()
@click.option("--outcome", "outcomes", multiple=True, metavar="NAME", help="Fit scorers on this outcome; repeatable.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write all features: FILE.csv, .parquet or .json."
)
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
@question_options
@as_json
@database
def proxy(
    outcomes: tuple[str, ...], output: Path | None, last: int, centre: float, width: float, least_entropy: float,
    wrong_over: str, seed: int, suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool,
    as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """The 80 proxy metrics (arXiv 2605.18607): ten statistics of expert tokens under eight weightings.

    From stored token scores of the chosen responses (rude-tui run --token-scores), over the pairs that all candidates
    have. With --outcome, scorers are fitted on them (best single feature, three features, linear RankSVM) and judged on
    candidates, and with three outcomes or more on outcomes, that were left out.
    """
    from engine.predictors.interface import Evidence
    from engine.predictors.judged import judge
    from engine.predictors.proxy import FEATURES, Constants
    from engine.predictors.tokens import proxy_features
    from engine.results.board import Question

    store = store_of(db)
    evidence = Evidence(store, Question(suite, protocol, metric, with_excluded=with_excluded))
    constants = Constants(last, centre, width, least_entropy, wrong_over == "all")
    features = proxy_features(evidence, constants)
    if output is not None:
        _write_features(features, output)
    if outcomes:
        _print_judged(judge(features, _outcomes(evidence, outcomes), seed=seed), as_json)
        return
    if as_json:
        print_json([
            {"candidate": name, "predictor": f"proxy {feature}", "value": one.value, "ci_low": one.ci_low,
             "ci_high": one.ci_high, "method": one.method}
            for name, found in features.items()
            for feature, one in zip(FEATURES, found, strict=True)
        ])  # fmt: skip
    elif output is None:
        print_table(
            ["feature", *features],
            [
                [feature, *(number(found[at].value) for found in features.values())]
                for at, feature in enumerate(FEATURES)
            ],
            right=list(features),
        )
        narrate(
            f"mean over chosen responses of the weighted mean over their last {last:,} tokens; intervals: --json or -o",
            "80 of them: one that was not chosen beforehand has to beat the best of 80 useless ones (--outcome NAME)",
        )


def _write_features(features: dict[str, list[Estimate]], output: Path) -> None:
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
        (name, f"proxy {feature}", *(None if math.isnan(n) else float(n) for n in (one.value, one.ci_low, one.ci_high)))
        for name, found in features.items()
        for feature, one in zip(FEATURES, found, strict=True)
    ]
    write_table(Table(columns, rows), output)
    narrate(f"{len(rows)} rows → {output}")


def _outcomes(evidence: Evidence, names: tuple[str, ...]) -> dict[str, dict[str, float]]:
    from engine.correlation.predictor_outcome import RUDE, correlation_views

    views = correlation_views(evidence.store, evidence.question, [RUDE], names)
    return {view.outcome: {p.name: p.y for p in view.points if not math.isnan(p.y)} for view in views}


def _print_judged(found: Judged, as_json: bool) -> None:
    from dataclasses import asdict

    from engine.predictors.judged import HELP

    if as_json:
        print_json(asdict(found))
        return
    print_table(
        ["scorer", "fitted ρ", "pairs left out, right", "95 %", "pairs", "outcomes left out, ρ", "uses"],
        [
            [
                row.name, number(row.fitted), f"{100 * row.ordered:.0f} %",
                between(row.ordered_low, row.ordered_high), row.tried, number(row.tasks), "; ".join(row.uses),
            ]
            for row in found.scorers
        ],
        right=["fitted ρ", "pairs left out, right", "95 %", "pairs", "outcomes left out, ρ"],
    )  # fmt: skip
    narrate(f"{len(found.candidates)} candidates, {found.features} features, {count(len(found.outcomes), 'outcome')}")
    for outcome, (feature, best) in found.best.items():
        narrate(f"{outcome}: best feature {feature}; {best}")
    narrate(f"fitted ρ: {HELP['fitted']}", f"pairs left out: {HELP['ordered']}", f"outcomes left out: {HELP['tasks']}")
