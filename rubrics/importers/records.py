"""What formats are made of: records, and for each the drafts or the reasons that come of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rubrics.importers.options import ImportOptions
from rubrics.sheets import parse_number

__all__ = [
    "Draft", "Drop", "Format", "Item", "Puzzle", "Record", "knows", "number_of", "objects", "one_criterion",
    "plain_name", "text_of",
]  # fmt: skip


class Draft(NamedTuple):
    """Fields of a pair, or of a prompt, to be held against the schema."""

    values: dict[str, Any]
    ours: bool = False
    """Whether it is a pair of a suite already: it stays, also where another has the same texts."""


class Drop(NamedTuple):
    """Something that could have been a pair and is none, and why."""

    reason: str


class Puzzle(NamedTuple):
    """Something that is not understood: nothing is imported, since what else would be misunderstood is not known."""

    seen: str
    """What stands there, in words."""
    fix: str = "name the format that this is, or bring it into prompt, chosen and rejected"


Item = Draft | Drop | Puzzle


class Record(NamedTuple):
    """One record of a file."""

    number: int
    """Line, row or place in the list, from 1."""
    value: dict[str, Any] | Drop
    separator: str = ","
    """Of the cells, which decides how numbers are written in them."""


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
    marks: tuple[str, ...] = ()
    """Fields by which a record of this format is told from those of others."""
    gather: Callable[[Iterator[Record]], Iterator[Record]] | None = None
    """Puts records together that only make pairs with each other; holds them all in memory."""
    tells: Callable[[dict[str, Any]], bool] | None = None
    """What else must hold of a record of this format, where names of fields say too little."""


def knows(entry: Format, row: dict[str, Any]) -> bool:
    """Whether a record looks like one of a format's."""
    if not entry.marks and entry.tells is None:
        return False
    return all(name in row for name in entry.marks) and (entry.tells is None or entry.tells(row))


def text_of(value: object) -> str | None:
    """Text, or a number as text; None for what is neither."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def number_of(value: object, separator: str = ",") -> float | None:
    """A finite number, or text that is one; None for anything else."""
    try:
        number = parse_number(value, separator) if isinstance(value, str) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return None if number is None or isinstance(value, bool) or not math.isfinite(number) else number


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list, without what else stands in it."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def plain_name(stem: str) -> str:
    """A file's name as part of an id."""
    return re.sub(r"[^\w.-]+", "-", stem)[:60].strip("-") or "row"


def one_criterion(options: ImportOptions, name: str, text: str, subcategory: str) -> dict[str, Any]:
    """`criteria` and `violated` of a pair that is held to a single criterion, which the rejected response violates."""
    chosen = options.subcategory or subcategory
    return {
        "criteria": [{"id": name, "text": options.criterion or text, "subcategory": str(chosen)}],
        "violated": [name],
    }
