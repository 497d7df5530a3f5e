"""Which format a file is of, by the fields of its first record."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from rubrics.errors import SuiteError
from rubrics.faults import nearest
from rubrics.importers.files import read_records
from rubrics.importers.options import ImportOptions
from rubrics.importers.packed import unpacked
from rubrics.importers.records import Format, knows
from rubrics.importers.turns import sides

__all__ = ["Recognised", "first_row", "like", "recognise"]

_SHOWN = 5
"""Fields that are named of a format which no one field tells."""
_GENERIC = {".parquet": "parquet", ".csv": "csv", ".tsv": "csv"}


class Recognised(NamedTuple):
    """What a file is, and how that is known."""

    format: str
    by: tuple[str, ...]
    """The fields that told it."""

    def __str__(self) -> str:
        return f"{self.format}, by {', '.join(self.by)}"


def like(row: dict[str, Any], formats: Iterable[Format]) -> list[Format]:
    """The formats that a record may be of, the one that asks for most first."""
    # What was exported from here has another program's columns too.
    found = [entry for entry in formats if knows(entry, row)]
    return sorted(found, key=lambda entry: (entry.name != "rude", -len(entry.marks)))


def recognise(path: Path, formats: Iterable[Format], options: ImportOptions) -> Recognised:
    """The format of a file.

    Raises:
        SuiteError: it cannot be read, holds no records, or looks like none of them; its fields are named.
    """
    with unpacked(path) as plain:
        row = first_row(plain, path)
        generic = _GENERIC.get(plain.suffix.casefold(), "jsonl")
    chosen, rejected = (options.map.get(name, name) for name in ("chosen", "rejected"))
    if options.map:
        return Recognised(generic, tuple(options.map.values()))
    if found := like(row, formats):
        best = found[0]
        told = best.marks or tuple(name for name in row if name in best.summary) or tuple(list(row)[:_SHOWN])
        return Recognised(best.name, told)
    several = all(_is_list_as_text(row.get(name)) for name in (chosen, rejected))
    read = sides(row.get("prompt"), row.get(chosen), row.get(rejected))
    if isinstance(read, dict) and not several:
        return Recognised(generic, tuple(name for name in ("prompt", chosen, rejected) if name in row))
    names = ", ".join(map(str, list(row)[:30])) or "none"
    close = {name: near for name in ("prompt", "chosen", "rejected") if (near := nearest(name, row)) and near != name}
    hint = " – perhaps " + ", ".join(f"{name}={near}" for name, near in close.items()) if close else ""
    raise SuiteError(
        f"is of no format that is known; its fields are {names}", where=str(path),
        fix=f"say which format it is, or which field holds what{hint}",
        shell="--as FORMAT, or --map prompt=FIELD,chosen=FIELD,rejected=FIELD",
    )  # fmt: skip


def _is_list_as_text(value: object) -> bool:
    """Whether a cell holds what seems to be several responses, as a table has to write them."""
    return isinstance(value, str) and value.lstrip().startswith(('["', "['")) and value.rstrip().endswith("]")


def first_row(plain: Path, path: Path) -> dict[str, Any]:
    """The first record of a file that is one.

    Raises:
        SuiteError: there is none.
    """
    try:
        for record in read_records(plain):
            if isinstance(record.value, dict):
                return record.value
    except SuiteError as error:
        error.where = str(path)
        raise
    raise SuiteError("holds no records", where=str(path), fix="check that it is the right file")
