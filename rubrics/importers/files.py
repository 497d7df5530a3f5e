"""Records out of files: JSON lines, JSON, CSV, Parquet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from rubrics.errors import SuiteError
from rubrics.faults import Fault
from rubrics.importers.parquet import read_parquet
from rubrics.importers.records import Drop, Record
from rubrics.jsonl import NotJson, load_json, open_lines, parse_lines
from rubrics.sheets import open_sheet

__all__ = ["read_records", "read_sheet"]


def read_records(path: Path) -> Iterator[Record]:
    """Records of a JSON lines file, one line at a time, or of a JSON list or object of objects, read whole; of a CSV or
    Parquet file by its ending, as people make of any of these.

    A line that is not an object is a Drop.

    Raises:
        SuiteError: the file cannot be read, or holds neither.
    """
    if path.suffix.casefold() == ".parquet":
        yield from read_parquet(path)
        return
    if path.suffix.casefold() in (".csv", ".tsv"):
        yield from read_sheet(path)
        return
    if path.suffix not in (".jsonl", ".ndjson"):
        whole = _read_whole(path)
        if whole is not None:
            for number, value in enumerate(whole, start=1):
                yield Record(number, value if isinstance(value, dict) else Drop("not a JSON object"))
            return
    with open_lines(path, SuiteError) as lines:
        for number, value in parse_lines(lines):
            yield Record(number, Drop("not a line of JSON") if isinstance(value, Fault) else value)


def read_sheet(path: Path, known: Collection[str] = ()) -> Iterator[Record]:
    """Records of a CSV file, one row at a time.

    Args:
        known: names its columns may have, by which the separator is told.

    Raises:
        SuiteError: the file cannot be read, or two columns have one name.
    """
    with open_sheet(path, known, SuiteError) as sheet:
        names = sheet.header
        if twice := next((name for name, many in Counter(names).items() if many > 1), None):
            raise SuiteError(f"has two columns named {twice!r}", where=str(path), fix="give each its own name")
        for number, (_, row) in enumerate(sheet.rows, start=1):
            value = dict(zip(names, row, strict=True)) if len(row) == len(names) else None
            short = Drop("a row with more or fewer cells than the header")
            yield Record(number, short if value is None else value, sheet.separator)


def _read_whole(path: Path) -> list[object] | None:
    """The records of a list, or of an object that holds one under each key; None where the file is lines."""
    with open_lines(path, SuiteError) as lines:
        raw = b"".join(lines)
    try:
        value = load_json(raw.decode("utf-8-sig"), constants=True)
    except UnicodeDecodeError:
        raise SuiteError("is not UTF-8", where=str(path), fix="save the file as UTF-8") from None
    except RecursionError:
        raise SuiteError(
            "is nested too deeply to be read", where=str(path), fix="check that it is the right file"
        ) from None
    except NotJson:
        return None
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and value and all(isinstance(row, dict) for row in value.values()):
        return list(value.values())
    return [value]
