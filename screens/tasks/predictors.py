"""Measuring predictors, and bringing columns of one's own. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rubrics.counted import count
from screens.shell.fields import Field, Prepared, Typed, at
from screens.shell.paths import several
from screens.tasks.common import device_field, models_field
from screens.tasks.layers import layer_lines
from screens.tasks.task import Task
from screens.tasks.words import columns, left_over, number, strangers_words, to_do

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.predictors.trace_file import TraceSet
    from engine.results.database import Store
    from screens.shell.session import Session

__all__ = ["ADD_COLUMNS", "SPECTRA", "TRACES"]

_IN_CORRELATION = "They stand among the predictors on Correlation (4)."


def _spectral_fields(session: Session) -> Sequence[Field]:
    return (models_field(session),)


def _spectra(session: Session, typed: Typed) -> Prepared:
    from engine.predictors.spectral import spectral_values
    from engine.predictors.spectral_job import plan_spectra
    from engine.predictors.spectral_layers import by_layer

    with at("models"):
        job = plan_spectra(session.store, typed.paths("models"))
    hour = "Seconds below 0.1 B parameters, an hour at 7 B on two cores; what is measured is kept."

    def came(store: Store, states: tuple[RunState, ...]) -> str:
        whole = {state.key for state in states if state.done == state.total}
        rows, layers = [], {}
        for planned in job.planned:
            if planned.key in whole:
                spectra = planned.spectra(store)
                values = spectral_values(spectra)
                rows.append([planned.candidate.name, *(number(value) for value in values.values())])
                headings = ["candidate", *(name.removeprefix("spectral ") for name in values)]
                layers[planned.candidate.name] = by_layer(spectra)
        said = [f"Lower is better. {_IN_CORRELATION}", "", "Layer by layer:", *layer_lines(layers)]
        table = [columns(headings, rows), "", *said] if rows else []
        return "\n".join([*table, *left_over(states)])

    words = to_do(job.states, "weight matrix", job.refused).replace("matrixs", "matrices")
    return Prepared(f"{words}\n\n{hour}", job=job, came=came)


SPECTRA = Task(
    "spectra",
    "Measure predictors from weights (spectral α)",
    "How the eigenvalues of each weight matrix fall off; no model is loaded, and no suite is needed.",
    _spectral_fields,
    _spectra,
)


def _trace_fields(session: Session) -> Sequence[Field]:
    from engine.machine.kernels import PRECISIONS

    return (
        models_field(session),
        Field("traces", "Traces", "a .jsonl file of a strong model's solutions", "path", endings=(".jsonl",)),
        Field("precision", "Precision", choices=("auto", *PRECISIONS)),
        device_field(),
    )


def _traces(session: Session, typed: Typed) -> Prepared:
    from engine.predictors.job import plan_traces
    from engine.predictors.planning import ReadingRequest
    from engine.predictors.trace_file import read_traces

    path = typed.path("traces", "name a file of traces")
    models = tuple(typed.paths("models"))
    with at("traces"):
        traces = read_traces(path)
    with at("models"):
        job = plan_traces(session.store, ReadingRequest(models, typed.text("precision"), typed.text("device")), traces)

    def came(store: Store, states: tuple[RunState, ...]) -> str:
        own = traces.by_candidates(state.candidate for state in states)
        warned = [f"! {own}"] if own else []
        rows = _trace_rows(store, traces, states)
        return "\n".join([*rows, "", *warned, f"Lower is better. {_IN_CORRELATION}", *left_over(states)])

    words = to_do(job.states, "trace", job.refused)
    return Prepared(f"{words}\n\nOne forward pass a trace; what is read is kept.", job=job, came=came)


def _trace_rows(store: Store, traces: TraceSet, states: tuple[RunState, ...]) -> list[str]:
    from engine.predictors.from_traces import MODES, values_of_runs

    names = {state.run_id: state for state in states if not state.error}
    rows = []
    for mode, values in values_of_runs(store, traces, list(names)).items():
        for run_id, traced in values.items():
            value = traced.estimate
            spread = f"{number(value.ci_low)} … {number(value.ci_high)}"
            cells = [MODES[mode].label, number(value.value), spread, f"{traced.traces:,}"]
            rows.append([names[run_id].candidate, *cells])
    return [columns(["candidate", "predictor", "value", "95 %", "traces"], rows)] if rows else []


TRACES = Task(
    "traces",
    "Measure predictors from expert traces (rBridge, proxy metrics)",
    "What candidates make of a strong model's solutions, token by token. Each line of the file: prompt, trace, and "
    "tokens with their log-probabilities, or spans that matter.",
    _trace_fields,
    _traces,
)


def _column_fields(session: Session) -> Sequence[Field]:
    return (
        Field("file", "File", "a .csv with a column candidate", "path", endings=(".csv", ".tsv")),
        Field("lower", "Lower is better", "columns that work like a loss; several with ; between"),
    )


def _columns(session: Session, typed: Typed) -> Prepared:
    from engine.correlation.own_columns import keep_columns

    path = typed.path("file")
    with at("file"):
        kept = keep_columns(session.store, path, lower_is_better=several(typed.text("lower")))
    lines = [
        f"{count(kept.values, 'value')} of {count(len(kept.names), 'predictor')} stored: {', '.join(kept.names)}",
        *([f"{kept.replaced} took the place of an earlier value"] if kept.replaced else []),
        *strangers_words(kept.strangers),
        _IN_CORRELATION,
    ]
    return Prepared(said="\n".join(lines))


ADD_COLUMNS = Task(
    "columns",
    "Add predictors of your own",
    "A CSV with a column candidate; every other column is a predictor.",
    _column_fields,
    _columns,
)
