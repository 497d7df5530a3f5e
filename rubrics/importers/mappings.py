"""Mappings of columns that a person has made once: found again by their name, or by a record that has their columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rubrics.errors import SuiteError
from rubrics.faults import nearest
from rubrics.importers.options import parse_map
from rubrics.importers.packed import unpacked
from rubrics.importers.recognise import first_row

__all__ = ["Kept", "kept_for", "kept_map"]


class Kept(NamedTuple):
    """A mapping that fits a file, and the name it was kept under."""

    name: str
    map: dict[str, str]


def kept_map(text: str, kept: Mapping[str, str]) -> dict[str, str]:
    """`prompt=question,…` as it is typed, or the mapping that was kept under this name.

    Raises:
        SuiteError: neither; or it maps what is no field.
    """
    if "=" in text:
        return parse_map(text)
    if text not in kept:
        close = nearest(text, kept)
        hint = f"did you mean {close}? " if close else ""
        there = f"kept are {', '.join(kept)}" if kept else "none is kept"
        fix = f"{hint}write field=column, such as prompt=question; {there}"
        raise SuiteError(f"no mapping {text!r}", where="mapping of columns", fix=fix)
    return parse_map(kept[text])


def kept_for(path: Path, kept: Mapping[str, str]) -> Kept | None:
    """The kept mapping all of whose columns the first record of a file has, the one that names most of them; None where
    none fits, or two that name as many.

    Raises:
        SuiteError: the file cannot be read, holds no records, or a mapping says nothing.
    """
    with unpacked(path) as plain:
        row = first_row(plain, path)
    fitting = [Kept(name, columns) for name, text in kept.items() if _fits(columns := parse_map(text), row)]
    most = max((len(one.map) for one in fitting), default=0)
    best = [one for one in fitting if len(one.map) == most]
    return best[0] if len(best) == 1 else None


def _fits(columns: Mapping[str, str], row: Mapping[str, Any]) -> bool:
    return bool(columns) and all(column in row for column in columns.values())
