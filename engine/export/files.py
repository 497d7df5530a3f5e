"""A table into a file, by its ending. A file is written whole or not at all."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from engine.export.paper import latex, markdown
from engine.export.parquet import write_parquet
from engine.export.tables import Table
from engine.store.views import StoredRows
from rubrics.errors import BadInput
from rubrics.targets import is_stream, whole

__all__ = ["ENDINGS", "safe_cell", "write_csv", "write_table"]

_FORMULA: Final = "[-=+@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
"""Signs that begin a formula; spreadsheets take the full-width and small forms for the same."""
_BEGINS: Final = re.compile(_FORMULA)
_BEHIND: Final = re.compile(rf"([;\t][\s\"]*)(?={_FORMULA})")
"""Where a spreadsheet set to another separator begins a cell."""


def safe_cell(value: Any) -> Any:
    """A text cell that no spreadsheet takes for a formula: an apostrophe stands before what could begin one."""
    if not isinstance(value, str) or not value:
        return value
    text = _BEHIND.sub(r"\1'", value)
    return "'" + text if _BEGINS.match(text) or not text[0].isprintable() else text


def write_csv(table: Table, out: Any, *, raw: bool = False) -> None:
    """UTF-8 text with a header; empty cells where there is no value. `raw` leaves text as it is."""
    writer = csv.writer(out, lineterminator="\n")
    # Before Python 3.13 a carriage return alone is not quoted, and readers take it for the end of a line.
    careful = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(table.columns if raw else [safe_cell(name) for name in table.columns])
    for row in table.rows:
        cells = row if raw else [safe_cell(cell) for cell in row]
        broken = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (careful if broken else writer).writerow(cells)


def write_table(table: Table, path: Path, *, raw: bool = False) -> None:
    """Write a file by its ending: `.csv`, `.parquet`, `.json`; `.md` and `.tex` are for a page or a paper.

    Into a pipe or device that has none goes CSV.

    Raises:
        BadInput: another ending.
        RudeError: the file cannot be written; an older one of the same name is left as it was.
    """
    writer = _WRITERS.get(path.suffix.lower(), _csv if is_stream(path) else None)
    if writer is None:
        raise BadInput(f"cannot tell the format of {path.name!r}", where=str(path), fix=f"end it in {ENDINGS}")
    with whole(path) as scratch:
        writer(table, scratch, raw)


def _csv(table: Table, path: Path, raw: bool) -> None:
    if isinstance(table.rows, StoredRows) and table.rows.write_csv(path, _as_it_is if raw else safe_cell):
        return
    with path.open("w", encoding="utf-8", newline="") as out:
        write_csv(table, out, raw=raw)


def _as_it_is(text: str) -> str:
    return text


def _json(table: Table, path: Path, raw: bool) -> None:
    with path.open("w", encoding="utf-8") as out:
        json.dump(list(table.records()), out, ensure_ascii=False, indent=1)
        out.write("\n")


def _parquet(table: Table, path: Path, raw: bool) -> None:
    if isinstance(table.rows, StoredRows):
        table.rows.write_parquet(path)
    else:
        write_parquet(table, path)


def _markdown(table: Table, path: Path, raw: bool) -> None:
    path.write_text(markdown(table), encoding="utf-8")


def _latex(table: Table, path: Path, raw: bool) -> None:
    path.write_text(latex(table), encoding="utf-8")


_WRITERS: Final[dict[str, Callable[[Table, Path, bool], None]]] = {
    ".csv": _csv, ".parquet": _parquet, ".json": _json, ".md": _markdown, ".tex": _latex,
}  # fmt: skip
ENDINGS: Final = ", ".join(_WRITERS)
"""What a table's file may end in."""
