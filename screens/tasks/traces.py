"""Having expert traces written by a strong model. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rubrics.counted import count
from rubrics.errors import BadInput
from screens.shell.fields import Field, Prepared, Typed, at
from screens.tasks.common import SUITE_ENDINGS
from screens.tasks.task import Task

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.results.database import Store
    from screens.shell.session import Session

__all__ = ["WRITE_TRACES"]


def _fields(session: Session) -> Sequence[Field]:
    return (
        Field("model", "Writer", "http://HOST:PORT/v1#NAME of a strong model", needed=True),
        Field("key", "Key", "environment variable that holds the server's key"),
        Field("prompts", "Prompts", "a .jsonl file of prompts, or a suite, for its prompts", "path",
              endings=SUITE_ENDINGS, needed=True),
        Field("output", "Traces", "the .jsonl file to write, or to go on with", "path", endings=(".jsonl",),
              needed=True),
        Field("limit", "At most", "only so many of the prompts"),
        Field("until", "Until", "a trace ends before the last of this: the answer follows"),
        Field("most-tokens", "Tokens", "of one answer at most", value="2048"),
    )  # fmt: skip


def _prepare(session: Session, typed: Typed) -> Prepared:
    from engine.candidates.address import key_from, parse_address
    from engine.predictors.trace_writing import Asking, tasks_of_prompts, tasks_of_suite
    from engine.predictors.trace_writing_job import plan_trace_writing
    from rubrics.prompts import read_prompts
    from rubrics.reading import find_suite

    address = typed.read("model", parse_address, "give the address of a server")
    key = typed.text("key") or None
    with at("key"):
        key_from(key)
    asking = Asking(typed.whole("most-tokens", 1) or 2048, typed.text("until"))
    with at("prompts"):
        name = typed.text("prompts", "name a file of prompts, or a suite")
        try:
            tasks = tasks_of_suite(find_suite(name))
        except BadInput as no_suite:
            try:
                tasks = tasks_of_prompts(read_prompts(typed.path("prompts")))
            except BadInput:
                raise no_suite from None
    with at("output"):
        output = typed.path("output", "name a .jsonl file")
        job = plan_trace_writing(
            session.store, address, tasks[: typed.whole("limit", 1)], output, asking, key_variable=key
        )
    (state,) = job.states
    lines = [
        f"{count(state.total - state.done, 'question')} to {address.model}, asked greedily and once more where that "
        "gives no trace.",
        *([f"{count(state.done, 'trace')} in the file already."] if state.done else []),
        *(f"! {note}" for note in state.notes),
    ]

    def came(store: Store, states: tuple[RunState, ...]) -> str:
        (state,) = states
        lines = [
            f"{state.done:,} of {count(state.total, 'trace')} → {output}", *(f"! {note}" for note in state.notes[:12]),
            *([f"✗ {state.error}"] if state.error else []), "",
            "Candidates read them by “Measure predictors from expert traces”.",
        ]  # fmt: skip
        return "\n".join(lines)

    return Prepared("\n".join(lines), job=job, came=came)


WRITE_TRACES = Task(
    "write-traces",
    "Have expert traces written by a strong model",
    "One solution a prompt, greedily, with the writer's log-probabilities where its server gives them: what rBridge "
    "and the proxy metrics are measured on.",
    _fields,
    _prepare,
)
