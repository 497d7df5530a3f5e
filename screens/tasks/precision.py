"""What a smaller precision costs. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.stats.p_value import p_text
from rubrics.counted import count
from rubrics.errors import BadInput
from screens.shell.fields import Field, Prepared, Typed, at
from screens.shell.formats import percent
from screens.tasks.common import device_field, models_field, suite_field
from screens.tasks.task import Task
from screens.tasks.words import columns, left_over, points, within

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.results.database import Store
    from engine.results.fidelity import Fidelity
    from screens.shell.session import Session

__all__ = ["FIDELITY"]

_AS_FITS = "as fits"


def _fields(session: Session) -> Sequence[Field]:
    from engine.machine.kernels import PRECISIONS

    return (
        models_field(session),
        suite_field(session),
        Field("protocol", "Protocol", choices=("both", "likelihood", "choice")),
        Field("reference", "Held against", "fp32 on a CPU, bf16 on a GPU", choices=(_AS_FITS, *PRECISIONS)),
        Field("precision", "Tried", "bf16 on a CPU, nf4 on a GPU", choices=(_AS_FITS, *PRECISIONS)),
        Field("limit", "Pairs", "of the sample; empty: 200"),
        device_field(),
    )


def _prepare(session: Session, typed: Typed) -> Prepared:
    from engine.jobs.fidelity import plan_fidelity
    from engine.jobs.runs import RunRequest, protocols_of
    from rubrics.reading import suite_path

    models, suite = typed.paths("models"), typed.text("suite", "world, core, or a .jsonl file")
    with at("models"):
        if len(models) > 1:
            raise BadInput(f"{len(models)} are named", fix="name one candidate; it is held against itself")
    with at("suite"):
        suite_path(suite)
    request = RunRequest(
        models=(models[0],), suites=(suite,), protocols=protocols_of(typed.text("protocol")),
        device=typed.text("device"), limit=typed.whole("limit", 1),
    )  # fmt: skip
    reference, precision = (
        None if typed.text(name) == _AS_FITS else typed.text(name) for name in ("reference", "precision")
    )
    with at("precision"):
        job = plan_fidelity(session.store, request, reference=reference, precision=precision)

    def came(store: Store, states: tuple[RunState, ...]) -> str:
        wrong = left_over(states)
        return "\n".join(wrong) if wrong else "\n\n".join(_said(result) for result in job.results(store))

    missing = sum(state.total - state.done for state in job.states if not state.phase.ended)
    precisions = " and ".join(precision for precision, _ in job.plans)
    question = f"{count(missing, 'pair')} to score, at {precisions}; what is scored already is not scored again."
    return Prepared(question, job=job, came=came)


def _said(result: Fidelity) -> str:
    change = result.comparison
    rows = [
        ["pairs", f"{result.n_pairs:,}", ""],
        ["same verdict, %", percent(result.agreement.value), within(result.agreement.ci_low, result.agreement.ci_high)],
        [f"accuracy at {result.reference}, %", percent(result.accuracy[0]), ""],
        [f"accuracy at {result.precision}, %", percent(result.accuracy[1]), ""],
        ["shift, points", points(change.difference), f"{points(change.ci_low)} to {points(change.ci_high)}"],
        ["p of the shift", p_text(change.p_value), ""],
    ]
    head = f"{result.candidate} · {result.suite} · {result.protocol}, {result.metric}"
    return f"{head}\n{columns(['', '', '95 %'], rows)}\n{_place(result)}"


def _place(result: Fidelity) -> str:
    if result.rank is None:
        return "No other stored candidate has read these pairs, so no place can change."
    first, second = result.rank
    if not result.ranking_changes:
        return f"The ranking would not change: place {first.rank} at both."
    return f"! The ranking would change: place {first.rank} at {result.reference}, {second.rank} at {result.precision}."


FIDELITY = Task(
    "fidelity",
    "Hold a precision against another (fidelity)",
    "The same sample at two precisions: agreement of verdicts, shift in accuracy, change of place. A sample never "
    "narrows a ranking.",
    _fields,
    _prepare,
)
