"""What a person says of runs of different size: which candidates are checkpoints, which small one stands for which."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from engine.stats.numbers import unusable
from rubrics.errors import BadInput
from rubrics.sheets import open_sheet, parse_number

__all__ = [
    "Checkpoint",
    "ProxyRow",
    "StandIn",
    "TuningPoint",
    "read_checkpoints",
    "read_proxies",
    "read_stand_ins",
    "read_tuning",
    "tokens_of",
]

_MOST_TOKENS: Final = 1e18
_MOST: Final = {"tokens": _MOST_TOKENS, "FLOPs": 1e30}
_UNITS: Final = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
_NUMBER: Final = re.compile(r"([0-9][0-9_]*\.?[0-9]*(?:e[+-]?[0-9]+)?)\s*([kmbgt]?)", re.IGNORECASE)


@dataclass(frozen=True)
class Checkpoint:
    """One candidate as a checkpoint of a training run."""

    candidate: str
    run: str
    tokens: float
    """Or FLOPs, as `unit` says."""
    unit: Literal["tokens", "FLOPs"] = "tokens"


@dataclass(frozen=True)
class TuningPoint:
    """What a candidate scored after being tuned on so many examples."""

    candidate: str
    examples: float
    score: float


@dataclass(frozen=True)
class ProxyRow:
    """What a small run measured and what the large one, or the corpus, came to."""

    name: str
    proxy: float
    target: float


@dataclass(frozen=True)
class StandIn:
    """A small candidate that stands for a large one."""

    small: str
    large: str


def tokens_of(text: str, unit: str = "tokens") -> float:
    """A number of tokens, FLOPs or examples: `5e9`, `5B`, `5_000_000_000`.

    Raises:
        ValueError: it is none, below one, or more than was ever spent.
    """
    match = _NUMBER.fullmatch(text.strip())
    value = float(match[1]) * _UNITS[match[2].lower()] if match else math.nan
    most = _MOST.get(unit, _MOST_TOKENS)
    if not 1 <= value <= most:
        raise ValueError(f"{text!r} is no number of {unit} between 1 and {most:g}")
    return value


def read_checkpoints(path: Path, *, or_flops: bool = False) -> list[Checkpoint]:
    """A CSV with the columns `candidate, run, tokens`; tokens may be written 5e9 or 5B.

    Args:
        or_flops: a column `flops` may stand where there is no column `tokens`.

    Raises:
        BadInput: naming file and line; a candidate is named twice.
    """
    by_candidate: dict[str, Checkpoint] = {}
    unit: Literal["tokens", "FLOPs"] = "FLOPs" if or_flops and _in_flops(path) else "tokens"
    for line, (candidate, run, spent) in _rows(path, ("candidate", "run", unit.lower())):
        try:
            number = tokens_of(spent, unit)
        except ValueError as error:
            raise BadInput(str(error), where=f"{path}, line {line}", fix="such as 5e9 or 5B") from None
        if candidate in by_candidate:
            raise BadInput(f"{candidate!r} is named twice", where=f"{path}, line {line}", fix="keep one of the lines")
        by_candidate[candidate] = Checkpoint(candidate, run, number, unit)
    return list(by_candidate.values())


def read_tuning(path: Path) -> list[TuningPoint]:
    """A CSV with the columns `candidate, examples, score`; a number of examples may stand several times (seeds).

    Raises:
        BadInput: naming file and line.
    """
    points = []
    for line, (candidate, examples, score) in _rows(path, ("candidate", "examples", "score")):
        where = f"{path}, line {line}"
        try:
            number = tokens_of(examples, "examples")
        except ValueError as error:
            raise BadInput(str(error), where=where, fix="such as 500 or 2k; leave out what was not tuned") from None
        points.append(TuningPoint(candidate, number, _number(score, "score", where)))
    return points


def read_proxies(path: Path, *, lacking: bool = False) -> list[ProxyRow]:
    """A CSV with the columns `name, proxy, target`.

    Args:
        lacking: targets may be missing, some or all: they are NaN.

    Raises:
        BadInput: naming file and line; a model or corpus is named twice.
    """
    by_name: dict[str, ProxyRow] = {}
    for line, (name, proxy, target) in _rows(path, ("name", "proxy", "target"), ("target",) if lacking else ()):
        if name in by_name:
            raise BadInput(f"{name!r} is named twice", where=f"{path}, line {line}", fix="keep one of the lines")
        numbers = []
        for column, text in (("proxy", proxy), ("target", target)):
            if lacking and column == "target" and not text:
                numbers.append(math.nan)
                continue
            numbers.append(_number(text, column, f"{path}, line {line}"))
        by_name[name] = ProxyRow(name, *numbers)
    return list(by_name.values())


def read_stand_ins(path: Path) -> list[StandIn]:
    """A CSV with the columns `small, large`: names of candidates.

    Raises:
        BadInput: naming file and line; a large candidate is named twice.
    """
    by_large: dict[str, StandIn] = {}
    for line, (small, large) in _rows(path, ("small", "large")):
        if large in by_large:
            raise BadInput(f"{large!r} is named twice", where=f"{path}, line {line}", fix="keep one of the lines")
        by_large[large] = StandIn(small, large)
    return list(by_large.values())


def _number(text: str, column: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if wrong := unusable(value):
        what = f"{column} is {text!r}, no number" if math.isnan(value) else f"{column}: {text!r} {wrong}"
        raise BadInput(what, where=where, fix="such as 0.61")
    return value


def _in_flops(path: Path) -> bool:
    with open_sheet(path, ("candidate", "run", "tokens", "flops")) as sheet:
        return "flops" in sheet.header and "tokens" not in sheet.header


def _rows(path: Path, columns: tuple[str, ...], may_lack: tuple[str, ...] = ()) -> list[tuple[int, list[str]]]:
    """Line number and the wanted cells of each row, none of them empty but of columns that may lack."""
    where, fix = str(path), "a header " + ",".join(columns) + " and one row each"
    with open_sheet(path, columns) as sheet:
        lacks = [name for name in may_lack if name not in sheet.header]
        missing = [name for name in columns if sheet.header.count(name) != 1 and name not in lacks]
        if missing:
            raise BadInput(f"needs one column {missing[0]!r}", where=where, fix=fix)
        at = [-1 if name in lacks else sheet.header.index(name) for name in columns]
        rows = []
        for line, row in sheet.rows:
            if len(row) != len(sheet.header):
                what = f"has {len(row)} fields, the header {len(sheet.header)}"
                raise BadInput(what, where=f"{where}, line {line}", fix=fix)
            cells = ["" if i < 0 else row[i].strip() for i in at]
            empty = next((n for n, cell in zip(columns, cells, strict=True) if not cell and n not in may_lack), "")
            if empty:
                raise BadInput(f"{empty} is empty", where=f"{where}, line {line}", fix=fix)
            rows.append((line, [_plain_number(cell, sheet.separator) for cell in cells]))
    if not rows:
        raise BadInput("holds no row", where=where, fix=fix)
    return rows


def _plain_number(cell: str, separator: str) -> str:
    """A decimal comma as a point, where commas separate no cells."""
    value = parse_number(cell, separator) if "," in cell else None
    return cell if value is None else repr(value)
