"""The questions, as messages. Their wording is data (`wording.toml`), hashed into every construction."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from engine.construct.chat import Message
from rubrics.schema import Criterion
from rubrics.taxonomy import SUBCATEGORIES

__all__ = [
    "again",
    "criteria_messages",
    "degrade_messages",
    "draft_messages",
    "judge_messages",
    "locate_messages",
    "repair_message",
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
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), _parts()[part][name]).strip()


def _fenced(name: str, text: str) -> str:
    # The mark depends on the whole text, so no text can hold the end of its own fence.
    mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10]
    return f"<<<{name} {mark}\n{text}\n{name} {mark}>>>"


def _listed(criteria: Iterable[Criterion]) -> str:
    return "\n".join(f"- ({criterion.subcategory}) {criterion.text}" for criterion in criteria)


def _asked(part: str, **values: str) -> tuple[Message, ...]:
    return (Message("system", _fill(part, "system")), Message("user", _fill(part, "user", **values)))


def draft_messages(prompt: str, criteria: Iterable[Criterion]) -> tuple[Message, ...]:
    """Ask for an answer to a prompt; with no criteria, the rubric is not mentioned."""
    listed = _listed(criteria)
    rubric = "\n" + _fill("draft", "rubric", criteria=listed) + "\n" if listed else ""
    return _asked("draft", prompt=_fenced("request", prompt), rubric=rubric)


def degrade_messages(
    prompt: str, response: str, violated: Iterable[Criterion], kept: Iterable[Criterion], window: tuple[int, int]
) -> tuple[Message, ...]:
    """Ask for another answer that violates some criteria and meets the others; `window` in characters."""
    return _asked(
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
) -> tuple[Message, ...]:
    """Ask for one span of a response and what to put there instead, as JSON."""
    return _asked(
        "locate",
        prompt=_fenced("request", prompt),
        response=_fenced("answer", response),
        violated=_listed(violated),
        kept=_kept(kept),
    )


def _kept(kept: Iterable[Criterion]) -> str:
    listed = _listed(kept)
    return "\n" + _fill("degrade", "kept", criteria=listed) + "\n" if listed else ""


def judge_messages(prompt: str, response: str, criterion: Criterion) -> tuple[Message, ...]:
    """Ask whether a response meets one criterion. The same words whatever the response is meant to be."""
    return _asked(
        "judge",
        prompt=_fenced("request", prompt),
        response=_fenced("response", response),
        subcategory=str(criterion.subcategory),
        definition=SUBCATEGORIES[criterion.subcategory].definition,
        criterion=criterion.text,
    )


def criteria_messages(prompt: str, least: int, most: int) -> tuple[Message, ...]:
    """Ask for a rubric, as JSON."""
    names = "\n".join(f"- {name}: {info.definition}" for name, info in SUBCATEGORIES.items())
    return _asked("criteria", prompt=_fenced("request", prompt), subcategories=names, least=str(least), most=str(most))


def again(
    part: str, asked: tuple[Message, ...], answer: str, faults: Iterable[str], window: tuple[int, int] = (0, 0)
) -> tuple[Message, ...]:
    """Ask anew after an answer that would not do. Earlier rounds are left out, so that nothing grows."""
    said = "\n".join(f"- {fault}" for fault in faults)
    feedback = _fill(part, "feedback", faults=said, low=str(window[0]), high=str(window[1]))
    return (*asked, Message("assistant", answer), Message("user", feedback))


def repair_message(kind: str, fault: str) -> Message:
    """What is said to an answer that is malformed; `kind` is `json` or `text`."""
    return Message("user", _fill("repair", kind, fault=fault))
