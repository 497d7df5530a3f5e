"""The questions, as messages. Their wording is data (`wording.toml`), hashed into every construction."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from engine.construct.chat import ChatMessage
from rubrics.schema import Criterion
from rubrics.taxonomy import SUBCATEGORIES

__all__ = [
    "criteria_messages",
    "degrade_messages",
    "draft_messages",
    "judge_messages",
    "locate_messages",
    "repair_message",
    "retry_messages",
    "wording_hash",
]

_PLACE = re.compile(r"\{([a-z]+)\}")


@cache
def _raw() -> bytes:
    return (resources.files("engine.construct") / "wording.toml").read_bytes()


@cache
def _parts() -> Mapping[str, Any]:
    return tomllib.loads(_raw().decode())


@cache
def wording_hash() -> str:
    """SHA-256 over all wording, hexadecimal."""
    return hashlib.sha256(_raw()).hexdigest()


def _fill(part: str, name: str, **values: str) -> str:
    # One pass, so that places which occur in what is filled in stay as they are.
    return _PLACE.sub(lambda match: values.get(match[1], match[0]), _parts()[part][name]).strip()


def _fenced(name: str, text: str) -> str:
    # The mark depends on the whole text, so no text can hold the end of its own fence.
    mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10]
    return f"<<<{name} {mark}\n{text}\n{name} {mark}>>>"


def _listed(criteria: Iterable[Criterion]) -> str:
    return "\n".join(f"- ({criterion.subcategory}) {criterion.text}" for criterion in criteria)


def _question(part: str, **values: str) -> tuple[ChatMessage, ...]:
    return (ChatMessage("system", _fill(part, "system")), ChatMessage("user", _fill(part, "user", **values)))


def draft_messages(prompt: str, criteria: Iterable[Criterion]) -> tuple[ChatMessage, ...]:
    """Ask for an answer to a prompt; with no criteria, the rubric is not mentioned."""
    listed = _listed(criteria)
    rubric = "\n" + _fill("draft", "rubric", criteria=listed) + "\n" if listed else ""
    return _question("draft", prompt=_fenced("request", prompt), rubric=rubric)


def degrade_messages(
    prompt: str, response: str, violated: Iterable[Criterion], kept: Iterable[Criterion], window: tuple[int, int]
) -> tuple[ChatMessage, ...]:
    """Ask for another answer that violates some criteria and meets the others; `window` in characters."""
    return _question(
        "degrade",
        prompt=_fenced("request", prompt),
        response=_fenced("answer", response),
        violated=_listed(violated),
        kept=_kept(kept),
        low=str(window[0]),
        high=str(window[1]),
    )


def locate_messages(
    prompt: str, response: str, violated: Iterable[Criterion], kept: Iterable[Criterion]
) -> tuple[ChatMessage, ...]:
    """Ask for one span of a response and what to put there instead, as JSON."""
    return _question(
        "locate",
        prompt=_fenced("request", prompt),
        response=_fenced("answer", response),
        violated=_listed(violated),
        kept=_kept(kept),
    )


def _kept(kept: Iterable[Criterion]) -> str:
    listed = _listed(kept)
    return "\n" + _fill("degrade", "kept", criteria=listed) + "\n" if listed else ""


def judge_messages(prompt: str, response: str, criterion: Criterion) -> tuple[ChatMessage, ...]:
    """Ask whether a response meets one criterion. The same words whatever the response is meant to be."""
    return _question(
        "judge",
        prompt=_fenced("request", prompt),
        response=_fenced("response", response),
        subcategory=str(criterion.subcategory),
        definition=SUBCATEGORIES[criterion.subcategory].definition,
        criterion=criterion.text,
    )


def criteria_messages(prompt: str, least: int, most: int) -> tuple[ChatMessage, ...]:
    """Ask for a rubric, as JSON."""
    names = "\n".join(f"- {name}: {info.definition}" for name, info in SUBCATEGORIES.items())
    return _question(
        "criteria", prompt=_fenced("request", prompt), subcategories=names, least=str(least), most=str(most)
    )


def retry_messages(
    part: str, question: tuple[ChatMessage, ...], answer: str, faults: Iterable[str], window: tuple[int, int] = (0, 0)
) -> tuple[ChatMessage, ...]:
    """Ask anew after an answer that would not do. Earlier rounds are left out, so that nothing grows."""
    listed = "\n".join(f"- {fault}" for fault in faults)
    feedback = _fill(part, "feedback", faults=listed, low=str(window[0]), high=str(window[1]))
    return (*question, ChatMessage("assistant", answer), ChatMessage("user", feedback))


def repair_message(kind: str, fault: str) -> ChatMessage:
    """What is said to an answer that is malformed; `kind` is `json` or `text`."""
    return ChatMessage("user", _fill("repair", kind, fault=fault))
