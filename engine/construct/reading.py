"""What screens and commands read of constructions: runs, examples with their standing, and every call word for word."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from engine.construct.chat import ChatMessage
from engine.construct.judgements import Judgement
from engine.construct.output import find_construction, gather
from engine.store.connection import Store
from engine.store.construct import CallRow, ConstructRow, ExampleRow, calls_of, construct_runs, examples_of, find_calls
from engine.store.construct_review import ReviewDecision, decide, decisions_of, readings_of, undecide
from rubrics.errors import BadInput
from rubrics.prompts import RubricPrompt
from rubrics.schema import Criterion

__all__ = [
    "Call", "ConstructRow", "Example", "accept", "calls", "construct_runs", "drop", "edit", "examples",
    "find_construction", "take_back",
]  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A positive or negative as a person may look at it and decide about it."""

    example_id: str
    prompt_id: str
    kind: Literal["positive", "negative"]
    prompt: str
    criteria: tuple[Criterion, ...]
    response: str
    """As written by the generator."""
    edited: str | None
    """As a person has put it."""
    violated: tuple[str, ...]
    status: Literal["accepted", "rejected"]
    """By the verifier."""
    reason: str
    """Why it was rejected."""
    judgements: tuple[Judgement, ...]
    rounds: int
    decision: Literal["accept", "edit", "drop"] | None
    note: str
    in_suite: bool
    """Whether a suite written now holds it."""
    left_out: str
    """Why not, where it was accepted all the same."""
    natural: bool
    """One of several answers written without the rubric: nothing of what it violates was planned."""

    @property
    def in_spite_of(self) -> tuple[str, ...]:
        """What a response that is to meet everything violates: it was kept as the best there was."""
        return self.violated if self.kind == "positive" and self.status == "accepted" else ()

    @property
    def why(self) -> str:
        """Why it stands as it does, where that has to be said."""
        best = f"the best there was: does not meet {', '.join(self.in_spite_of)}" if self.in_spite_of else ""
        return self.reason or self.left_out or best


@dataclass(frozen=True)
class Call:
    """One question and its answer, word for word."""

    call_key: str
    purpose: str
    model: str
    messages: tuple[ChatMessage, ...]
    temperature: float
    vote: int
    answer: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    attempts: int
    seconds: float
    asked_at: str


def examples(store: Store, run_id: str) -> list[Example]:
    """All examples of a construction, a positive before its negatives.

    Raises:
        BadInput: no such construction.
    """
    row = find_construction(store, run_id)
    rows, decisions = examples_of(store, row.run_id), decisions_of(store, row.run_id)
    gathered = gather(row, rows, decisions, readings_of(store, row.run_id))
    inside = {pair.id for pair in gathered.pairs}
    used = {e.prompt_id for e in rows if e.example_id in inside}
    return [
        _example(
            e, decisions.get(e.example_id), inside, used, gathered.left_out.get(e.example_id, ""),
            row.method == "best-of-n",
        )
        for e in rows
    ]  # fmt: skip


def _example(
    row: ExampleRow, decision: ReviewDecision | None, inside: set[str], used: set[str], left_out: str, natural: bool
) -> Example:
    prompt = RubricPrompt.model_validate_json(row.criteria)
    return Example(
        row.example_id,
        row.prompt_id,
        row.kind,
        prompt.prompt_text,
        tuple(prompt.criteria),
        row.response,
        decision.response if decision else None,
        row.violated,
        row.status,
        row.reason,
        tuple(Judgement.from_json(item) for item in json.loads(row.judgements)),
        row.rounds,
        decision.decision if decision else None,
        decision.note if decision else "",
        row.example_id in inside if row.kind == "negative" else row.prompt_id in used,
        left_out,
        natural,
    )


def calls(store: Store, run_id: str, example_id: str | None = None) -> list[Call]:
    """Every question and answer of a construction, or of one example, in the order in which they were answered.

    Those that an example shares with an earlier construction are among them.

    Raises:
        BadInput: no such construction.
    """
    row = find_construction(store, run_id)
    by_key = {call.call_key: call for call in calls_of(store, row.run_id, example_id)}
    missing = {
        key for e in examples_of(store, row.run_id) if example_id in (None, e.example_id) for key in e.calls
    } - set(by_key)
    by_key.update(find_calls(store, missing) if missing else {})
    return [_call(call) for call in sorted(by_key.values(), key=lambda call: (call.asked_at, call.call_key))]


def _call(row: CallRow) -> Call:
    request = json.loads(row.request)
    return Call(
        row.call_key, row.purpose, row.model, tuple(ChatMessage(**m) for m in request["messages"]),
        request["temperature"], request["vote"], row.answer, row.finish, row.prompt_tokens, row.completion_tokens,
        row.attempts, row.seconds,
        row.asked_at,
    )  # fmt: skip


def accept(store: Store, run_id: str, example_id: str, note: str = "") -> None:
    """Take an example into the suite whatever the verifier said.

    Raises:
        BadInput: no such example, or it was never written.
    """
    row = _example_row(store, run_id, example_id)
    if not row.response or (row.kind == "negative" and not row.violated):
        raise BadInput("nothing was written that could be accepted", where=example_id, fix="edit it, or drop it")
    decide(store, row.run_id, ReviewDecision(example_id, "accept", None, note))


def edit(store: Store, run_id: str, example_id: str, response: str, note: str = "") -> None:
    """Put another text in an example's place and take it into the suite.

    Raises:
        BadInput: no such example, or the text is empty.
    """
    row = _example_row(store, run_id, example_id)
    if not response.strip() or "\x00" in response:
        raise BadInput("an empty response cannot stand in a suite", where=example_id, fix="write one, or drop it")
    decide(store, row.run_id, ReviewDecision(example_id, "edit", response, note))


def drop(store: Store, run_id: str, example_id: str, note: str = "") -> None:
    """Leave an example out of the suite; without its positive no negative stays.

    Raises:
        BadInput: no such example.
    """
    row = _example_row(store, run_id, example_id)
    decide(store, row.run_id, ReviewDecision(example_id, "drop", None, note))


def take_back(store: Store, run_id: str, example_id: str) -> None:
    """Undo a decision.

    Raises:
        BadInput: no such example.
    """
    row = _example_row(store, run_id, example_id)
    undecide(store, row.run_id, example_id)


def _example_row(store: Store, run_id: str, example_id: str) -> ExampleRow:
    row = find_construction(store, run_id)
    for example in examples_of(store, row.run_id):
        if example.example_id == example_id:
            return example
    raise BadInput(
        "no such example",
        where=example_id[:200],
        fix="take an id from the list of examples",
        shell=f"rude-tui review {row.run_id} --examples",
    )
