"""JSON lines, read strictly."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rubrics.errors import BadInput
from rubrics.faults import Fault, shown
from rubrics.sources import bounded_lines, regular

__all__ = ["NotJson", "check_depth", "load_json", "open_lines", "parse_lines"]

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_HALF = re.compile("[\ud800-\udfff]")


_DEEPEST: Final = 100
"""Levels of lists and objects in each other. Data have a dozen; Python's own limit depends on who asks, so that what it
could read it could not always print."""
_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


class NotJson(ValueError):
    """Text that is not JSON, or JSON that says two things at once; `line` and `column` from 1, 0 where not known."""

    def __init__(self, what: str, line: int = 0, column: int = 0) -> None:
        super().__init__(what)
        self.line, self.column = line, column


def load_json(text: str, *, constants: bool = False) -> Any:
    """What a JSON text says; a name that is given twice in one object is a fault, for no reader agrees which holds.

    Args:
        constants: NaN and the infinities, which JSON does not have and Python writes all the same, are numbers.

    Raises:
        NotJson: it is none.
        RecursionError: it is nested too deeply.
    """
    check_depth(text)
    try:
        return json.loads(text, parse_constant=float if constants else _no_constant, object_pairs_hook=_no_repeats)
    except json.JSONDecodeError as error:
        raise NotJson(error.msg, error.lineno, error.colno) from None
    except NotJson:
        raise
    except ValueError:
        # Python's own words about numbers of thousands of digits speak of its settings.
        raise NotJson("a number is too long") from None


def check_depth(text: str) -> None:
    """Make sure that a JSON text is nested no deeper than everything that handles it can bear.

    Raises:
        RecursionError: it is.
    """
    if text.count("[") + text.count("{") <= _DEEPEST:
        return
    depth = 0
    for match in _BRACKETS.finditer(text):
        bracket = match[0]
        if bracket == "[" or bracket == "{":
            depth += 1
            if depth > _DEEPEST:
                raise RecursionError(f"nested more than {_DEEPEST} levels deep")
        elif bracket == "]" or bracket == "}":
            depth -= 1


def parse_lines(lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    """Each line that is not blank, by number from 1: its object, or the fault that keeps it from being one.

    Only \\n ends a line: U+2028 and the like may stand inside JSON strings. Lines are taken one at a time, so memory
    is that of the longest.
    """
    for number, raw in enumerate(lines, start=1):
        if number == 1:
            if raw.startswith(_UTF16):
                yield number, Fault(number, "", "the file is UTF-16; save it as UTF-8")
                return
            raw = raw.removeprefix(_BOM)
        if raw.strip(b" \t\r\n"):
            yield number, _parse(raw, number)


def _parse(raw: bytes, number: int) -> dict[str, Any] | Fault:
    try:
        # What ends a line is none of it: a fault at its end would stand in column 1 of the next.
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        return Fault(number, "", f"not UTF-8 (byte {raw[error.start]:#04x}); save the file as UTF-8")
    try:
        value = load_json(text)
        half = bool(_SURROGATE.search(text) and _HALF.search(json.dumps(value, ensure_ascii=False)))
    except NotJson as error:
        syntax = f", column {error.column}); {_hint(text)}" if error.column else ")"
        return Fault(number, "", f"not valid JSON ({error}{syntax}")
    except RecursionError:
        return Fault(number, "", "nested too deeply to be read; a pair needs three levels")
    if not isinstance(value, dict):
        return Fault(number, "", f"must be a JSON object, is {type(value).__name__}; {_hint(text)}")
    if half:
        return Fault(number, "", "holds half of a surrogate pair, which is not text; write the whole character")
    return value


def _hint(text: str) -> str:
    if text.strip() in ("[", "{") or text.lstrip().startswith("["):
        return "the file must be JSON lines: one object a line, no list around them"
    return "mend or remove the line"


def _no_constant(name: str) -> object:
    raise NotJson(f"{shown(name)} is no JSON number")


def _no_repeats(items: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(items)
    if len(members) != len(items):
        twice = next(name for name, many in Counter(name for name, _ in items).items() if many > 1)
        raise NotJson(f"{shown(twice)} is given twice in one object")
    return members


@contextmanager
def open_lines(path: Path, error: type[BadInput]) -> Iterator[Iterable[bytes]]:
    """The lines of a file, as bytes; what goes wrong on the way is raised as `error`."""
    regular(path, error)
    try:
        with path.open("rb") as source:
            yield bounded_lines(source, path, error)
    except OSError as fault:
        raise error(f"cannot be read ({fault.strerror})", where=str(path), fix="check path and rights") from None
