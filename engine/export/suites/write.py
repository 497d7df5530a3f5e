"""A suite into a file or a folder of another program's shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.export.parquet import write_parquet
from engine.export.suites.formats import FORMATS, SuiteFormat
from engine.export.tables import Table
from rubrics.errors import BadInput, RudeError
from rubrics.faults import nearest
from rubrics.importers.ours import COLUMN, left_over
from rubrics.schema import Pair, Suite
from rubrics.targets import is_stream, whole, write_whole

__all__ = ["export_suite"]


def export_suite(suite: Suite, format: str, out: Path) -> int:
    """Write a suite in one of `FORMATS`: a file (.jsonl or .parquet), or a folder.

    Exemplars stand among the rows of a file, and in a file of their own in a folder, where a harness would score them.

    Returns:
        Rows written.

    Raises:
        BadInput: no such format, or a file's ending that says nothing.
        RudeError: it cannot be written.
    """
    if format not in FORMATS:
        close = nearest(format, FORMATS)
        hint = f"did you mean {close}? " if close else ""
        raise BadInput("no such format", where=format, fix=f"{hint}formats are {', '.join(FORMATS)}")
    shape = FORMATS[format]
    if shape.kind == "file":
        _write(shape, suite.pairs, out)
        return len(suite.pairs)
    _make(out)
    _write(shape, suite.scored, out / "pairs.jsonl")
    if exemplars := [pair for pair in suite.pairs if pair.split == "shot"]:
        _write(shape, exemplars, out / "exemplars.jsonl")
    for name, text in shape.beside(suite).items():
        with write_whole(out / name) as file:
            file.write(text)
    return len(suite.pairs)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RudeError(
            f"no folder can be made here ({error.strerror})", where=str(folder), fix="name another folder"
        ) from None


def _write(shape: SuiteFormat, pairs: Sequence[Pair], out: Path) -> None:
    writer = _WRITERS.get(out.suffix.lower(), _jsonl if is_stream(out) else None)
    if writer is None:
        raise BadInput(
            f"cannot tell the format of {out.name!r}", where=str(out), fix="end it in .jsonl, .json or .parquet"
        )
    rows = []
    for pair in pairs:
        cells = shape.row(pair)
        rows.append((*cells, left_over(pair, dict(zip(shape.columns, cells, strict=True)))))
    table = Table({**shape.columns, COLUMN: "varchar"}, rows)
    with whole(out) as scratch:
        writer(table, scratch)


def _jsonl(table: Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in table.records())


def _json(table: Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as out:
        json.dump(list(table.records()), out, ensure_ascii=False, indent=1)
        out.write("\n")


_WRITERS: Final[dict[str, Callable[[Table, Path], None]]] = {
    ".jsonl": _jsonl, ".json": _json, ".parquet": write_parquet,
}  # fmt: skip
