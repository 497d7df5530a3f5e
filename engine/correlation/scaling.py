"""What a person says of runs of different size: which candidates are checkpoints, which small one stands for which."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.stats.numbers import unusable
from rubrics.errors import BadInput
from rubrics.sources import read_text

__all__ = ["Checkpoint", "ProxyRow", "StandIn", "read_checkpoints", "read_proxies", "read_stand_ins", "tokens_of"]

_MOST_TOKENS: Final = 1e18
_UNITS: Final = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
_NUMBER: Final = re.compile(r"([0-9][0-9_]*\.?[0-9]*(?:e[+-]?[0-9]+)?)\s*([kmbgt]?)", re.IGNORECASE)


@dataclass(frozen=True)
class Checkpoint:
    """One candidate as a checkpoint of a training run."""

    candidate: str
    run: str
    tokens: float


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


def tokens_of(text: str) -> float:
    """A number of tokens: `5e9`, `5B`, `5_000_000_000`.

    Raises:
        ValueError: it is none, below one, or more than was ever written.
    """
    match = _NUMBER.fullmatch(text.strip())
    value = float(match[1]) * _UNITS[match[2].lower()] if match else math.nan
    if not 1 <= value <= _MOST_TOKENS:
        raise ValueError(f"{text!r} is no number of tokens between 1 and {_MOST_TOKENS:g}")
    return value


def read_checkpoints(path: Path) -> list[Checkpoint]:
    """A CSV with the columns `candidate, run, tokens`; tokens may be written 5e9 or 5B.

    Raises:
        BadInput: naming file and line; a candidate is named twice.
    """
    by_candidate: dict[str, Checkpoint] = {}
    for line, (candidate, run, tokens) in _rows(path, ("candidate", "run", "tokens")):
        try:
            number = tokens_of(tokens)
        except ValueError as error:
            raise BadInput(str(error), where=f"{path}, line {line}", fix="such as 5e9 or 5B") from None
        if candidate in by_candidate:
            raise BadInput(f"{candidate!r} is named twice", where=f"{path}, line {line}", fix="keep one of the lines")
        by_candidate[candidate] = Checkpoint(candidate, run, number)
    return list(by_candidate.values())


def read_proxies(path: Path) -> list[ProxyRow]:
    """A CSV with the columns `name, proxy, target`.

    Raises:
        BadInput: naming file and line.
    """
    proxy_rows = []
    for line, (name, proxy, target) in _rows(path, ("name", "proxy", "target")):
        numbers = []
        for column, text in (("proxy", proxy), ("target", target)):
            try:
                numbers.append(float(text))
            except ValueError:
                numbers.append(math.nan)
            if wrong := unusable(numbers[-1]):
                what = f"{column} is {text!r}, no number" if math.isnan(numbers[-1]) else f"{column}: {text!r} {wrong}"
                raise BadInput(what, where=f"{path}, line {line}", fix="such as 0.61")
        proxy_rows.append(ProxyRow(name, *numbers))
    return proxy_rows


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


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, list[str]]]:
    """Line number and the wanted cells of each row, none of them empty."""
    where, fix = str(path), "a header " + ",".join(columns) + " and one row each"
    text = read_text(path, BadInput)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        missing = [name for name in columns if header.count(name) != 1]
        if missing:
            raise BadInput(f"needs one column {missing[0]!r}", where=where, fix=fix)
        at = [header.index(name) for name in columns]
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                what = f"has {len(row)} fields, the header {len(header)}"
                raise BadInput(what, where=f"{where}, line {reader.line_num}", fix=fix)
            cells = [row[i].strip() for i in at]
            if not all(cells):
                empty = columns[cells.index("")]
                raise BadInput(f"{empty} is empty", where=f"{where}, line {reader.line_num}", fix=fix)
            rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise BadInput(f"is no CSV: {error}", where=f"{where}, line {reader.line_num}", fix=fix) from None
    if not rows:
        raise BadInput("holds no row", where=where, fix=fix)
    return rows
