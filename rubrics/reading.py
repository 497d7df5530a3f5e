"""Suite files in and out: JSONL, one pair a line. Every fault is found and reported, not only the first."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from rubrics.errors import SuiteError
from rubrics.faults import Fault, explain, nearest, shown, summarise
from rubrics.jsonl import open_lines, parse_lines
from rubrics.schema import Pair, Suite, inconsistencies
from rubrics.targets import write_whole

__all__ = [
    "FaultyLine",
    "Scan",
    "built_in_names",
    "faulty_lines",
    "find_suite",
    "parse_suite",
    "plugin_suites",
    "read_card",
    "read_suite",
    "scan_lines",
    "suite_path",
    "write_suite",
]


_CARD_BYTES: Final = 1 << 20
"""Of a card, which is a page of prose."""


def built_in_names() -> list[str]:
    """Names of the suites that ship with the program."""
    folder = resources.files("rubrics") / "suites"
    return sorted(p.name.removesuffix(".jsonl") for p in folder.iterdir() if p.name.endswith(".jsonl"))


def plugin_suites() -> dict[str, Path]:
    """The suites that other packages bring, by name; one that is not there is passed over."""
    from rubrics.plugins import load, of_group, pass_over

    found = {}
    for plugin in of_group("suites"):
        path = load(plugin, Path)
        if path is not None and not path.is_file():
            pass_over(plugin, f"there is no file {path}")
        elif path is not None:
            found[plugin.name] = path
    return found


def find_suite(name_or_path: str) -> Suite:
    """A built-in suite by name, or one from a file.

    Raises:
        SuiteError: no such suite, or the file breaks the contract.
    """
    return read_suite(suite_path(name_or_path))


def suite_path(name_or_path: str) -> Path:
    """Where a suite is: a built-in one by name, a file, or one that another package brings, by name.

    Raises:
        SuiteError: no such suite.
    """
    built_in = built_in_names()
    if name_or_path in built_in:
        # The wheel is installed unpacked, so package data are files.
        return Path(str(resources.files("rubrics") / "suites" / f"{name_or_path}.jsonl"))
    # The functions of os.path say no where those of Path raise: unknown users, names too long or with NUL.
    path = os.path.expanduser(name_or_path)
    if not os.path.exists(path):
        brought = plugin_suites()
        if name_or_path in brought:
            return brought[name_or_path]
        known = [*built_in, *brought]
        close = nearest(name_or_path, known)
        hint = f"did you mean {close}? " if close else ""
        raise SuiteError(
            "no such suite",
            where=shown(name_or_path, 200)[1:-1],
            fix=f"{hint}give a .jsonl file, or one of: {', '.join(known)}",
        )
    if path != path.encode(errors="replace").decode():
        # It is written down with the results, as text.
        raise SuiteError("its name is not UTF-8", where=shown(path, 200)[1:-1], fix="rename the file")
    return Path(path)


def read_suite(path: Path) -> Suite:
    """The suite in one file; its card is the Markdown file of the same name beside it, if there is one.

    Raises:
        SuiteError: with every fault found, each with file, line, field and fix.
    """
    with open_lines(path, SuiteError) as lines:
        scan = scan_lines(lines)
    return _suite(scan, name=path.stem, where=str(path), card=read_card(path))


def read_card(path: Path) -> str:
    """The Markdown beside a suite file; empty where there is none."""
    card = path.with_suffix(".md")
    if not card.is_file():
        return ""
    with card.open("rb") as source:
        return source.read(_CARD_BYTES).decode("utf-8", errors="replace")


def parse_suite(raw: bytes, *, name: str, where: str = "", card: str = "") -> Suite:
    """The suite in the bytes of one JSONL file.

    Raises:
        SuiteError: with every fault found.
    """
    return _suite(scan_lines(raw.split(b"\n")), name=name, where=where or name, card=card)


def _suite(scan: Scan, *, name: str, where: str, card: str) -> Suite:
    if scan.faults:
        raise SuiteError(summarise(scan.faults), where=where, fix="mend these lines; nothing was read")
    if not any(pair.split != "shot" for pair in scan.pairs):
        raise SuiteError("holds no pair to score", where=where, fix="add pairs without split: shot")
    return Suite(name=name, pairs=tuple(scan.pairs), card=card)


class Scan(NamedTuple):
    """All that was found in a suite file: the pairs that are whole, and every fault."""

    pairs: list[Pair]
    faults: list[Fault]


class FaultyLine(NamedTuple):
    """A line that keeps a file from being a suite."""

    number: int
    text: str
    """As it stands there; what is not UTF-8 is replaced."""
    faults: list[Fault]


def faulty_lines(path: Path) -> list[FaultyLine]:
    """The lines of a suite file that have to be mended, in order; none where none is at fault by itself.

    Raises:
        SuiteError: the file cannot be read at all.
    """
    with open_lines(path, SuiteError) as lines:
        by_line: dict[int, list[Fault]] = {}
        for fault in scan_lines(lines).faults:
            by_line.setdefault(fault.line, []).append(fault)
    with open_lines(path, SuiteError) as lines:
        texts = {n: raw.decode("utf-8", "replace").rstrip("\r\n") for n, raw in enumerate(lines, 1) if n in by_line}
    return [FaultyLine(number, texts[number], by_line[number]) for number in sorted(texts)]


def scan_lines(lines: Iterable[bytes]) -> Scan:
    """The pairs and the faults in the lines of a suite file; no fault of the content is raised."""
    # Reading makes many objects and no cycles: without the collector 30,000 pairs take half the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _scan(lines)
    finally:
        if collecting:
            gc.enable()


def _scan(lines: Iterable[bytes]) -> Scan:
    pairs: list[Pair] = []
    faults: list[Fault] = []
    first: dict[str, int] = {}
    for number, value in parse_lines(lines):
        if isinstance(value, Fault):
            faults.append(value)
            continue
        name = value.get("id")
        if isinstance(name, str):
            if name in first:
                faults.append(Fault(number, "id", f"{shown(name)} is used on line {first[name]} already; ids differ"))
            first.setdefault(name, number)
        try:
            pair = Pair.model_validate(value)
        except ValidationError as error:
            faults += explain(error, value, number, Pair.model_fields)
            faults += _between_fields(value, number)
        else:
            pairs.append(pair)
    return Scan(pairs, faults)


def _between_fields(value: dict[str, Any], number: int) -> list[Fault]:
    """Faults between fields, as far as the fields have the right types; nothing is said twice."""
    criteria = value.get("criteria")
    rows = criteria if isinstance(criteria, list) else []
    ids = [row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
    violated = value.get("violated")
    names = violated if isinstance(violated, list) and all(isinstance(name, str) for name in violated) else []
    if len(ids) != len(rows) or not rows:
        names = [name for name in names if name in ids]
    chosen, rejected = value.get("chosen"), value.get("rejected")
    if not (isinstance(chosen, str) and isinstance(rejected, str)):
        chosen, rejected = "chosen", "rejected"
    return [Fault(number, field, what) for field, what in inconsistencies(ids, names, chosen, rejected)]


def write_suite(path: Path, pairs: Iterable[Pair]) -> None:
    """Write pairs as JSONL, whole or not at all: a reader never sees half a file.

    Raises:
        RudeError: the file cannot be written; what was there before is untouched.
    """
    with write_whole(path) as out:
        for pair in pairs:
            out.write(pair.canonical() + "\n")
