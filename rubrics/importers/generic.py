"""JSON lines, CSV and Parquet with any columns.

Columns are found by the names of the contract or through a map of fields to columns. Beside the contract's fields
one may hold `criterion` (the text of the one criterion), `subcategory` (its subcategory) and `chosen_score` and
`rejected_score` (equal scores are a tie and dropped; a rejected response that scores higher is dropped). `chosen` and
`rejected` may be conversations (lists of `{role, content}`): the last turn is the response, and the turns before it are
the prompt where no column is. Cells of CSV hold lists as JSON.

Subcategory where neither column nor option gives one: Utility, since a bare preference says only which response served
the person better.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rubrics.errors import SuiteError
from rubrics.faults import nearest
from rubrics.importers.options import MAPPED, ImportOptions
from rubrics.importers.parquet import read_parquet
from rubrics.importers.records import Draft, Drop, Format, Item, Record, one_criterion, read_records, text_of
from rubrics.sources import regular
from rubrics.taxonomy import Subcategory


def _read_csv(path: Path) -> Iterator[Record]:
    csv.field_size_limit(2**31 - 1)
    regular(path, SuiteError)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, strict=True)
            names = rows.fieldnames or []
            if twice := next((name for at, name in enumerate(names) if name in names[:at]), None):
                raise SuiteError(f"has two columns named {twice!r}", where=str(path), fix="give each its own name")
            for number, row in enumerate(rows, start=1):
                whole = None not in row and None not in row.values()
                yield Record(number, dict(row) if whole else Drop("a row with more or fewer cells than the header"))
    except UnicodeDecodeError:
        raise SuiteError("is not UTF-8", where=str(path), fix="save the file as UTF-8") from None
    except csv.Error as error:
        raise SuiteError(f"is not CSV ({error})", where=str(path), fix="quote cells with line breaks") from None
    except OSError as error:
        raise SuiteError(f"cannot be read ({error.strerror})", where=str(path), fix="check path and rights") from None


def _items(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = record.value
    assert isinstance(row, dict)
    column = {name: options.map.get(name, name) for name in MAPPED}
    if record.number == 1:
        _check_columns(row, column, path)
    cell: dict[str, Any] = {name: row.get(column[name]) for name in MAPPED}
    prompt, chosen, rejected = _turns(cell)
    for name, value in (("prompt", prompt), ("chosen", chosen), ("rejected", rejected)):
        if value is None:
            yield Drop(f"no {name}")
            return
    tie = _compare_scores(cell)
    if tie:
        yield Drop(tie)
        return
    values: dict[str, Any] = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
    for name in ("id", "domain", "group", "cluster", "split", "source", "license"):
        values[name] = text_of(cell[name]) or None
    criteria, violated = _listed(cell["criteria"]), _listed(cell["violated"])
    if criteria and violated:
        values |= {"criteria": criteria, "violated": violated}
    else:
        values |= one_criterion(
            options,
            "better",
            text_of(cell["criterion"]) or "Serves the person who asks better than the other response.",
            text_of(cell["subcategory"]) or Subcategory.UTILITY,
        )
        # A column speaks for its own row and comes before the option, which is for rows that have none.
        if own := text_of(cell["subcategory"]):
            values["criteria"][0]["subcategory"] = own
    yield Draft(values)


def _check_columns(row: dict[str, Any], column: dict[str, str], path: Path) -> None:
    """The first row must have the columns that were named, and both responses.

    Raises:
        SuiteError: with the columns there are, and the nearest to the one that is missing.
    """
    needed = [name for name in MAPPED if column[name] != name or name in ("chosen", "rejected")]
    if not isinstance(row.get(column["chosen"]), list) and "prompt" not in needed:
        needed.append("prompt")
    for name in needed:
        if column[name] not in row:
            close = nearest(column[name], row)
            hint = f"did you mean {close}? " if close else ""
            raise SuiteError(
                f"has no column {column[name]!r} for {name}",
                where=str(path),
                fix=f"{hint}map {name} to a column; columns are {', '.join(map(str, row))}",
                shell=f"--map {name}=COLUMN",
            )


def _turns(cell: dict[str, Any]) -> tuple[Any, str | None, str | None]:
    """Prompt and both responses, out of conversations where that is what the cells hold."""
    prompt = _listed(cell["prompt"]) or text_of(cell["prompt"])
    chosen, rejected = _listed(cell["chosen"]), _listed(cell["rejected"])
    if not (chosen and rejected and isinstance(chosen[-1], dict) and isinstance(rejected[-1], dict)):
        return prompt, text_of(cell["chosen"]), text_of(cell["rejected"])
    before = [{"role": turn.get("role"), "content": turn.get("content")} for turn in chosen[:-1]]
    return prompt or before or None, text_of(chosen[-1].get("content")), text_of(rejected[-1].get("content"))


def _listed(value: object) -> list[Any] | None:
    """A list, or text that is a JSON list of objects or names; None for anything else."""
    if isinstance(value, str) and value.lstrip().startswith(("[{", '["')):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, list) and value else None


def _compare_scores(cell: dict[str, Any]) -> str | None:
    try:
        better, worse = float(cell["chosen_score"]), float(cell["rejected_score"])
    except (TypeError, ValueError):
        return None
    if better == worse:
        return "a tie"
    return "the rejected response scores higher" if worse > better else None


FORMATS = [
    Format("jsonl", "pairs", "JSON lines with a prompt and two responses", "", "", read_records, _items),
    Format("csv", "pairs", "a CSV file with a header, a prompt and two responses", "", "", _read_csv, _items),
    Format("parquet", "pairs", "a Parquet file with a prompt and two responses", "", "", read_parquet, _items),
]
