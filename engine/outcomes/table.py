"""A person's own table of outcomes: a CSV with the columns of `HEADER`."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from datetime import date
from typing import Final

from engine.outcomes.outcome import Outcome
from engine.outcomes.result_file import moment
from engine.stats.numbers import unusable
from rubrics.counted import count
from rubrics.errors import OutcomeError
from rubrics.sheets import parse_sheet

__all__ = ["COLUMNS", "HEADER", "read_table"]

_REQUIRED: Final = ("candidate", "outcome", "score")
_MORE: Final = ("stderr", "source", "direction", "domain", "scale", "samples", "date", "traces", "conditions")
COLUMNS: Final = (*_REQUIRED, *_MORE)
HEADER: Final = ",".join(_REQUIRED) + "[," + ",".join(_MORE) + "]"
_SHOWN: Final = 20
"""Faults shown in one message; the count of the rest is given."""
_NOT_THERE: Final = frozenset({"na", "n/a", "#n/a", "null", "none"})
"""What people and programs write in the place of a number that they do not have."""
_DIRECTIONS: Final = {
    "": None, "higher": False, "higher is better": False, "lower": True, "lower is better": True,
}  # fmt: skip
_SCALES: Final = {"fraction": 1.0, "share": 1.0, "percent": 100.0, "%": 100.0}


def read_table(raw: bytes, where: str) -> tuple[list[Outcome], list[str]]:
    """The scores of a table, and those left out because they are not a number, by name.

    Raises:
        OutcomeError: naming line and field of every fault; nothing is taken from a table with one.
    """
    with parse_sheet(io.BufferedReader(io.BytesIO(raw)), COLUMNS, where, OutcomeError) as sheet:
        _check_header(sheet.header, where)
        rows = _Rows(sheet.header, sheet.number)
        for line, row in sheet.rows:
            rows.take(line, row)
    if rows.faults:
        shown = "\n  ".join(rows.faults[:_SHOWN])
        more = f"\n  … and {len(rows.faults) - _SHOWN} more" if len(rows.faults) > _SHOWN else ""
        raise OutcomeError(
            f"{count(len(rows.faults), 'fault')}\n  {shown}{more}",
            where=where,
            fix="mend these lines; nothing was read",
        )
    if not rows.by_key:
        what = f"holds no score: {rows.left_out[0]}" if rows.left_out else "holds a header and no scores"
        raise OutcomeError(what, where=where, fix="add one row per score")
    return list(rows.by_key.values()), rows.left_out


def _check_header(header: list[str], where: str) -> None:
    missing = [name for name in _REQUIRED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    twice = [name for name in COLUMNS if header.count(name) > 1]
    what = (
        f"line 1: column {missing[0]!r} is missing"
        if missing
        else f"line 1: column {unknown[0]!r} is not known"
        if unknown
        else f"line 1: column {twice[0]!r} stands twice"
        if twice
        else ""
    )
    if what:
        raise OutcomeError(what, where=where, fix=f"the header must be {HEADER}")


class _Rows:
    """What the rows of one table come to."""

    def __init__(self, header: list[str], number: Callable[[str], float | None]) -> None:
        self._header = header
        self._number_of = number
        self._lines: dict[tuple[str, str], int] = {}
        self.by_key: dict[tuple[str, str], Outcome] = {}
        self.faults: list[str] = []
        self.left_out: list[str] = []

    def take(self, line: int, row: list[str]) -> None:
        """Keep the score of one row, or say what is wrong with it."""
        if len(row) != len(self._header):
            self.faults.append(f"line {line}: has {len(row)} fields, the header {len(self._header)}")
            return
        cells = {name: cell.strip() for name, cell in zip(self._header, row, strict=True)}
        before = len(self.faults)
        for name in ("candidate", "outcome"):
            if not cells[name]:
                self.faults.append(f"line {line}, {name}: is empty; give a name")
        for name in ("candidate", "outcome", "domain", "traces", "conditions"):
            if "\0" in cells.get(name, ""):
                self.faults.append(f"line {line}, {name}: holds a NUL character, which is not text; remove it")
        score = self._number(cells["score"], line, "score")
        stderr = self._number(cells["stderr"], line, "stderr") if cells.get("stderr") else None
        if stderr is not None and stderr < 0:
            self.faults.append(f"line {line}, stderr: {stderr:g} is below zero; a standard error is not")
        direction = " ".join(cells.get("direction", "").casefold().replace("_", " ").split())
        if direction not in _DIRECTIONS:
            self.faults.append(f"line {line}, direction: {cells['direction'][:40]!r} is neither higher nor lower")
        scale, samples, measured = self._about(cells, line)
        if scale is not None and score is not None and abs(score) > scale:
            self.faults.append(f"line {line}, score: {score:g} is beyond the scale, of which the largest is {scale:g}")
        if len(self.faults) > before or score is None:
            return
        key = (cells["candidate"], cells["outcome"])
        if math.isnan(score):
            self.left_out.append(f"{key[1]} of {key[0]} is not a number (line {line})")
        elif key in self.by_key:
            self.faults.append(f"line {line}: {key[0]!r} already has a score of {key[1]!r} on line {self._lines[key]}")
        else:
            known = stderr if stderr is None or not math.isnan(stderr) else None
            self.by_key[key] = Outcome(
                *key, score, known, cells.get("source") or None, _DIRECTIONS[direction], cells.get("domain") or None,
                scale, samples, measured, cells.get("traces", "").removesuffix(".jsonl") or None,
                cells.get("conditions") or None,
            )  # fmt: skip
            self._lines[key] = line

    def _about(self, cells: dict[str, str], line: int) -> tuple[float | None, int | None, str | None]:
        """Scale, number of samples and date of a row; a cell that says none of these is a fault."""
        told = cells.get("scale", "").casefold()
        scale = _SCALES.get(told) or (self._number(told, line, "scale") if told else None)
        if scale is not None and not scale > 0:
            self.faults.append(
                f"line {line}, scale: {told[:40]!r} is no largest score; give 1, 100, or another above 0"
            )
        counted = cells.get("samples", "")
        samples = int(counted) if counted.isascii() and counted.isdigit() and 0 < len(counted) < 16 else None
        if counted and not samples:
            self.faults.append(f"line {line}, samples: {counted[:40]!r} is no number of samples; give one such as 1319")
        when = cells.get("date", "")
        measured = _day(when) if when else None
        if when and measured is None:
            self.faults.append(f"line {line}, date: {when[:40]!r} is no date; write it as 2026-05-31")
        return scale, samples, measured

    def _number(self, text: str, line: int, name: str) -> float | None:
        value = math.nan if text.casefold() in _NOT_THERE else self._number_of(text)
        if value is None:
            hint = "use a decimal point" if "," in text else "give a number such as 0.71"
            self.faults.append(f"line {line}, {name}: {text[:40]!r} is not a number; {hint}")
        elif not math.isnan(value) and (wrong := unusable(value)):
            self.faults.append(f"line {line}, {name}: {text[:40]!r} {wrong}; leave out the row instead")
            return None
        return value


def _day(text: str) -> str | None:
    """A day, or a moment, as ISO 8601; None where it is none."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return moment(text)
