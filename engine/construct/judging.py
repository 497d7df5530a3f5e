"""Judging a response: every criterion by itself, with a quote and a reason, by program where one can decide it."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from engine.candidates.server import CallFailed
from engine.construct.answers import CriterionVerdict, ask_json
from engine.construct.caller import Caller
from engine.construct.chat import ChatRequest
from engine.construct.judgements import Judgement, Judgements
from engine.construct.settings import Settings
from engine.construct.wording import judge_messages
from rubrics.prompts import RubricPrompt
from rubrics.schema import Criterion
from rubrics.world.verifiers import Check, verify

__all__ = ["JUDGE_TOKENS", "all_of", "judge", "judge_request", "majority"]

Result = TypeVar("Result")

JUDGE_TOKENS = 600
"""The longest verdict."""


def majority(votes: Sequence[bool]) -> bool:
    """Whether more than half say yes."""
    return 2 * sum(votes) > len(votes)


def judge_request(
    model: str, prompt: str, response: str, criterion: Criterion, *, vote: int, temperature: float, schema: bool
) -> ChatRequest:
    """The question about one criterion. Nothing in it tells what the response was meant to be."""
    held_to = json.dumps(CriterionVerdict.model_json_schema(), sort_keys=True) if schema else ""
    return ChatRequest(model, judge_messages(prompt, response, criterion), temperature, JUDGE_TOKENS, vote, held_to)


async def judge(
    caller: Caller,
    settings: Settings,
    prompt: RubricPrompt,
    response: str,
    checks: Mapping[str, Check],
    example: str,
    heard: Callable[[Judgement], None] = lambda _: None,
) -> Judgements:
    """Judge a response by every criterion of its prompt.

    Args:
        checks: programs that decide criteria, by id; these are not asked about.
        heard: told of each verdict as it comes.

    Raises:
        CallFailed: a criterion got no usable verdict.
    """

    async def judge_one(criterion: Criterion) -> tuple[Judgement, tuple[str, ...]]:
        check = checks.get(criterion.id)
        judgement, calls = await _judge_criterion(caller, settings, prompt, response, criterion, check, example)
        heard(judgement)
        return judgement, calls

    judged = await all_of(judge_one(criterion) for criterion in prompt.criteria)
    return Judgements(tuple(item for item, _ in judged), tuple(key for _, calls in judged for key in calls))


async def all_of(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """All results, in order. Everything is over when it returns or raises; what ends the run is raised before what
    fails one example."""
    results = await asyncio.gather(*work, return_exceptions=True)
    errors = [result for result in results if isinstance(result, BaseException)]
    if errors:
        raise min(errors, key=lambda error: isinstance(error, CallFailed))
    return [result for result in results if not isinstance(result, BaseException)]


async def _judge_criterion(
    caller: Caller,
    settings: Settings,
    prompt: RubricPrompt,
    response: str,
    criterion: Criterion,
    check: Check | None,
    example: str,
) -> tuple[Judgement, tuple[str, ...]]:
    if check is not None:
        met = verify(check, response)
        return Judgement(criterion.id, met, "", f"decided by program ({check.kind})", True, ()), ()
    requests = [
        judge_request(
            str(spec),
            prompt.prompt_text,
            response,
            criterion,
            vote=vote,
            temperature=settings.verifier_temperature,
            schema=settings.schema,
        )
        for spec in settings.verifiers
        for vote in range(settings.votes)
    ]
    answered = await all_of(ask_json(caller, request, CriterionVerdict, example, "judge") for request in requests)
    verdicts = [answer.value for answer in answered]
    votes = tuple(
        tuple(v.met for v in verdicts[at : at + settings.votes]) for at in range(0, len(verdicts), settings.votes)
    )
    decided = {majority(ballot) for ballot in votes}
    agreed = decided.pop() if len(decided) == 1 else None
    # The reason shown is that of a vote on the side that won; where verifiers disagree, of one that says no.
    spoken = next(verdict for verdict in verdicts if verdict.met == bool(agreed))
    quoted = _bare(spoken.quote) in _bare(response)
    calls = tuple(key for answer in answered for key in answer.calls)
    return Judgement(criterion.id, agreed, spoken.quote, spoken.reason, quoted, votes), calls


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
