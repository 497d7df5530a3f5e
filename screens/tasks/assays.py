"""Measuring predictors that are measured apart from the suite's verdicts: one form each, made of what it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.predictors.assays.described import DESCRIBED, Described
from screens.shell.fields import Field, Prepared, Typed, at
from screens.tasks.common import device_field, models_field, suite_field
from screens.tasks.task import Task
from screens.tasks.words import columns, left_over, number, to_do

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.results.database import Store
    from screens.shell.session import Session

__all__ = ["ASSAY_TASKS"]


def _fields(described: Described) -> Callable[[Session], Sequence[Field]]:
    def fields(session: Session) -> Sequence[Field]:
        from engine.machine.kernels import PRECISIONS

        taken = {
            "suite": lambda: suite_field(session),
            "other": lambda: Field("other", "Against", "a second suite, which the first is held against", "path",
                                   endings=(".jsonl",)),
            "prompts": lambda: Field("prompts", "Your own", f"{described.prompts}, instead of the world's", "path",
                                     endings=(".jsonl",)),
            "tokens": lambda: Field("tokens", "Tokens", "of an answer at most", value=str(described.tokens)),
            "number": lambda: Field("number", f"{described.noun.capitalize()}s", value=str(described.number)),
            "samples": lambda: Field("samples", "Answers", "drawn a prompt", value=str(described.samples)),
            "seed": lambda: Field("seed", "Seed", value="0"),
        }  # fmt: skip
        return (
            models_field(session), *(taken[take]() for take in described.takes),
            Field("precision", "Precision", choices=("auto", *PRECISIONS)), device_field(),
        )  # fmt: skip

    return fields


def _told(described: Described, typed: Typed) -> Any:
    from engine.predictors.assays.options import options_of

    told: dict[str, Any] = {}
    for take in described.takes:
        if take in ("number", "samples", "tokens", "seed"):
            told[take] = typed.whole(take, {"seed": 0, "tokens": 1}.get(take, 2))
        elif take == "prompts":
            told[take] = typed.text(take) and str(typed.path(take))
            with at(take):
                options_of({take: told[take]})
        else:
            told[take] = typed.text(take)
            with at(take):
                options_of({take: told[take]})
    return options_of(told)


def _prepare(described: Described) -> Callable[[Session, Typed], Prepared]:
    def prepare(session: Session, typed: Typed) -> Prepared:
        from engine.predictors.assays.catalogue import ASSAYS
        from engine.predictors.assays.job import AssayRequest, plan_assay

        assay = ASSAYS[described.name]
        options = _told(described, typed)
        models = tuple(typed.paths("models"))
        request = AssayRequest(models, typed.text("precision"), typed.text("device"), options=options)
        if described.takes:
            with at(described.takes[0]):
                assay.material(options)
        with at("models"):
            job = plan_assay(session.store, assay, request)

        def came(store: Store, states: tuple[RunState, ...]) -> str:
            return "\n".join([*_table(store, described, states), *left_over(states)])

        return Prepared(f"{to_do(job.states, described.noun, job.refused)}\n\n{assay.cost.capitalize()}; what is "
                        "measured is kept.", job=job, came=came)  # fmt: skip

    return prepare


def _table(store: Store, described: Described, states: tuple[RunState, ...]) -> list[str]:
    from engine.predictors.assays.catalogue import ASSAYS
    from engine.predictors.assays.measured import measured

    rows, said = [], []
    for row in measured(store, ASSAYS[described.name], states):
        # A line to itself, so that the numbers fit into 80 columns.
        rows.append([row.candidate, "", "", ""])
        for name, value in row.values.items():
            spread = f"{number(value.ci_low)} … {number(value.ci_high)}"
            rows.append([name, number(value.value), spread, number(row.chances[name])])
        said.append(f"{row.candidate}: {row.says}")
    if not rows:
        return []
    headings = ["predictor", "value", "95 %", "chance"]
    return [columns(headings, rows), "", *said, "", "They stand among the predictors on Correlation (4)."]


ASSAY_TASKS: Final = tuple(
    Task(described.name, described.title, described.about, _fields(described), _prepare(described))
    for described in DESCRIBED.values()
)
"""In the order in which they are described."""
