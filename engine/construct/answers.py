"""From what a model wrote to what was asked for: JSON held to a schema, or plain text; one repair attempt each."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Final, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.candidates.server import CallFailed
from engine.construct.chat import Asker, ChatMessage, ChatRequest
from engine.construct.wording import repair_message
from rubrics.schema import NonBlank
from rubrics.taxonomy import Subcategory

__all__ = ["Answered", "CriterionVerdict", "Drafts", "Located", "ask_json", "ask_text", "read_json"]

_THOUGHTS: Final = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_OPEN_THOUGHT: Final = re.compile(r"\A\s*<think(?:ing)?>")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class CriterionVerdict(_Strict):
    """What a verifier says about one criterion."""

    # Title and docstring are part of the schema that servers are sent, and so of the key that answers are kept under.
    model_config = ConfigDict(title="Verdict")

    quote: str
    reason: NonBlank
    met: bool


class Located(_Strict):
    """A span to be replaced, and by what."""

    span: NonBlank
    replacement: str


class _Drafted(_Strict):
    text: NonBlank
    subcategory: Subcategory = Field(strict=False)


class Drafts(_Strict):
    """Proposed criteria."""

    criteria: list[_Drafted] = Field(min_length=1, max_length=20)


Model = TypeVar("Model", bound=BaseModel)


class Answered(NamedTuple, Generic[Model]):
    """A value that fits its schema, and the keys of the calls it took."""

    value: Model
    calls: tuple[str, ...]


def without_thoughts(text: str) -> str:
    """An answer without the thinking that some models put before it.

    Raises:
        ValueError: it is nothing but unfinished thinking.
    """
    text = _THOUGHTS.sub("", text, count=1)
    if _OPEN_THOUGHT.match(text):
        raise ValueError("the thinking before the answer does not end")
    return text.strip()


def read_json(text: str, schema: type[Model]) -> Model:
    """The first JSON object in a text that fits the schema; words and code fences around it are passed over.

    Raises:
        ValueError: why there is none, in one phrase.
    """
    text = without_thoughts(text)
    fault = "there is no JSON object in it"
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            value, _ = decoder.raw_decode(text, at)
            return schema.model_validate(value)
        except ValidationError as error:
            detail = error.errors()[0]
            fault = f"{'.'.join(map(str, detail['loc'])) or 'object'}: {detail['msg']}"
        except json.JSONDecodeError as error:
            if fault.startswith("there is no"):
                fault = f"not valid JSON ({error.msg})"
        except (ValueError, RecursionError):
            fault = "not valid JSON"
        at = text.find("{", at + 1)
    raise ValueError(fault)


async def ask_json(
    caller: Asker, request: ChatRequest, schema: type[Model], example: str, purpose: str
) -> Answered[Model]:
    """Ask for JSON of a schema; if what comes is malformed, ask once more.

    Raises:
        CallFailed: malformed twice, or no answer.
    """
    reply = await caller.ask(request, example, purpose)
    try:
        return Answered(_checked(reply.text, reply.finish, schema), (request.key,))
    except ValueError as error:
        again = _repaired(request, reply.text, repair_message("json", str(error)))
    reply = await caller.ask(again, example, f"{purpose}, repair")
    try:
        return Answered(_checked(reply.text, reply.finish, schema), (request.key, again.key))
    except ValueError as error:
        raise CallFailed("malformed answer", str(error)) from None


def _checked(text: str, finish: str, schema: type[Model]) -> Model:
    try:
        return read_json(text, schema)
    except ValueError:
        if finish == "length":
            raise ValueError("it was cut off") from None
        raise


async def ask_text(caller: Asker, request: ChatRequest, example: str, purpose: str) -> tuple[str, tuple[str, ...]]:
    """Ask for a text; if it is empty or cut off, ask once more. Returns it with the keys of the calls.

    Raises:
        CallFailed: unusable twice, or no answer.
    """
    reply = await caller.ask(request, example, purpose)
    try:
        return _whole(reply.text, reply.finish), (request.key,)
    except ValueError as error:
        again = _repaired(request, reply.text, repair_message("text", str(error)))
    reply = await caller.ask(again, example, f"{purpose}, repair")
    try:
        return _whole(reply.text, reply.finish), (request.key, again.key)
    except ValueError as error:
        raise CallFailed("malformed answer", str(error)) from None


def _whole(text: str, finish: str) -> str:
    if finish == "length":
        raise ValueError("it was cut off before its end")
    text = without_thoughts(text)
    if not any(not c.isspace() and c.isprintable() for c in text):
        raise ValueError("it is empty")
    return text


def _repaired(request: ChatRequest, answer: str, ask: ChatMessage) -> ChatRequest:
    # An empty turn is refused by some servers.
    turn = ChatMessage("assistant", answer if answer.strip() else "(nothing)")
    return replace(request, messages=(*request.messages, turn, ask))
