"""What is wrong with a line of a file, in words for the person who has to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rubrics.counted import count
from rubrics.taxonomy import Subcategory

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["Fault", "explain", "nearest", "shown", "summarise"]

_SHOWN = 20
"""Faults listed in one message; the count of the rest is given."""

_TYPES = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


class Fault(NamedTuple):
    """One fault: where it is, what it is and what to do."""

    line: int
    """Counted from 1; 0 where the fault is in no line."""
    field: str
    """Dotted path into the object, such as `criteria.0.subcategory`; empty for the line as a whole."""
    message: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.field) if part)
        return f"{place}: {self.message}" if place else self.message


def shown(value: object, limit: int = 60) -> str:
    """A value from a file as short text that is safe to print: no control codes, no half characters."""
    text = value if isinstance(value, str) else repr(value)
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    safe = "".join(ch if ch.isprintable() else ch.encode("unicode_escape", "surrogatepass").decode() for ch in text)
    return f"‘{safe}’"


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The known word that `word` most resembles, ignoring case; None where none is near."""
    by_lower = {name.lower(): name for name in names}
    matches = difflib.get_close_matches(word[:60].lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def summarise(faults: Sequence[Fault]) -> str:
    """Count and list of faults for one error message."""
    listed = "\n  ".join(str(fault) for fault in faults[:_SHOWN])
    more = f"\n  … and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return f"{count(len(faults), 'fault')}\n  {listed}{more}"


def explain(error: ValidationError, value: dict[str, Any], line: int, fields: Iterable[str]) -> list[Fault]:
    """Faults of fields, from what pydantic found in `value`; `known` are the field names at the top.

    Errors raised by a model's own validators are left out: they speak of several fields and are found apart.
    """
    faults: list[Fault] = []
    for detail in error.errors(include_url=False, include_context=False):
        if detail["type"] == "value_error":
            continue
        place = [str(part) for part in detail["loc"]]
        if place[0] == "prompt":
            # Both branches of the union complain; only the one the writer meant is of use.
            branch = place[1] if len(place) > 1 else ""
            prompt = value.get("prompt")
            if branch.startswith("constrained") and isinstance(prompt, list):
                continue
            if branch.startswith("list[") and not isinstance(prompt, list):
                continue
            place = [place[0], *place[2:]]
        names = fields if len(place) == 1 else _NESTED.get(place[0], fields)
        field = ".".join(part if part.isprintable() and len(part) < 60 else shown(part)[1:-1] for part in place)
        faults.append(Fault(line, field, _say(detail, place, names)))
    return faults


_NESTED = {"criteria": ("id", "text", "subcategory"), "prompt": ("role", "content")}


def _say(detail: ErrorDetails, place: list[str], fields: Iterable[str]) -> str:
    given = detail["input"]
    match detail["type"]:
        case "missing":
            return "is missing; add it"
        case "extra_forbidden":
            close = nearest(place[-1], fields)
            return f"no such field; did you mean {close}?" if close else f"no such field; known: {', '.join(fields)}"
        case "enum":
            twelve = ", ".join(Subcategory)
            close = nearest(given, Subcategory) if isinstance(given, str) else None
            hint = f"did you mean {close}? " if close else ""
            return f"{shown(given)} is no subcategory; {hint}the twelve are {twelve}"
        case "literal_error":
            return f"{shown(given)} is not allowed; use {_expected(detail)} or leave it out"
        case "string_unicode":
            return "holds half of a surrogate pair, which is not text; write the whole character"
        case "string_too_short" | "string_pattern_mismatch" if isinstance(given, str):
            return _say_text(given)
        case "too_short":
            return "is empty; give at least one"
        case "string_type" | "list_type" | "model_type" | "dict_type":
            expected = {"string_type": "text", "list_type": "a list"}.get(detail["type"], "an object")
            if place == ["prompt"]:
                expected = "text or a list of {role, content}"
            quote = "; put it in quotes" if expected == "text" and isinstance(given, int | float) else ""
            return f"must be {expected}, is {_TYPES.get(type(given), type(given).__name__)}{quote}"
        case _:
            return detail["msg"]


def _expected(detail: ErrorDetails) -> str:
    return detail["msg"].removeprefix("Input should be ")


def _say_text(given: str) -> str:
    if "\0" in given:
        return "holds a NUL character, which is not text; remove it"
    if not any(not ch.isspace() and ch.isprintable() for ch in given):
        return "is blank; write something"
    return f"{shown(given)} is no name; use one line without blanks at its ends or control characters"
