"""What formats are made of: records from a file, and for each the drafts or the reasons that come of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rubrics.errors import SuiteError
from rubrics.faults import Fault
from rubrics.importers.options import ImportOptions
from rubrics.jsonl import open_lines, parse_lines

__all__ = ["Draft", "Drop", "Format", "Item", "Record", "one_criterion", "read_records", "text_of"]


class Draft(NamedTuple):
    """Fields of a pair, or of a prompt, to be held against the schema."""

    values: dict[str, Any]


class Drop(NamedTuple):
    """Something that could have been a pair and is none, and why."""

    reason: str


Item = Draft | Drop


class Record(NamedTuple):
    """One record of a file."""

    number: int
    """Line, row or place in the list, from 1."""
    value: dict[str, Any] | Drop


class Format(NamedTuple):
    """One kind of data set."""

    name: str
    kind: Literal["pairs", "prompts"]
    summary: str
    source: str
    license: str
    """As the data set's own page states it; empty where the file decides."""
    read: Callable[[Path], Iterator[Record]]
    items: Callable[[Record, Path, ImportOptions], Iterator[Item]]
    """Everything one record could become: at least one item."""
    gather: Callable[[Iterator[Record]], Iterator[Record]] | None = None
    """Puts records together that only make pairs with each other; holds them all in memory."""


def read_records(path: Path) -> Iterator[Record]:
    """Records of a JSON lines file, one line at a time, or of a JSON list or object of objects, read whole.

    A line that is not an object is a Drop.

    Raises:
        SuiteError: the file cannot be read, or holds neither.
    """
    if path.suffix not in (".jsonl", ".ndjson"):
        whole = _read_whole(path)
        if whole is not None:
            for number, value in enumerate(whole, start=1):
                yield Record(number, value if isinstance(value, dict) else Drop("not a JSON object"))
            return
    with open_lines(path, SuiteError) as lines:
        for number, value in parse_lines(lines):
            yield Record(number, Drop("not a line of JSON") if isinstance(value, Fault) else value)


def _read_whole(path: Path) -> list[object] | None:
    """The records of a list, or of an object that holds one under each key; None where the file is lines."""
    with open_lines(path, SuiteError) as lines:
        raw = b"".join(lines)
    try:
        value = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SuiteError("is not UTF-8", where=str(path), fix="save the file as UTF-8") from None
    except RecursionError:
        raise SuiteError(
            "is nested too deeply to be read", where=str(path), fix="check that it is the right file"
        ) from None
    except ValueError:
        return None
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and value and all(isinstance(row, dict) for row in value.values()):
        return list(value.values())
    return [value]


def text_of(value: object) -> str | None:
    """Text, or a number as text; None for what is neither."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def one_criterion(options: ImportOptions, name: str, text: str, subcategory: str) -> dict[str, Any]:
    """`criteria` and `violated` of a pair that is held to a single criterion, which the rejected response violates."""
    chosen = options.subcategory or subcategory
    return {
        "criteria": [{"id": name, "text": options.criterion or text, "subcategory": str(chosen)}],
        "violated": [name],
    }
