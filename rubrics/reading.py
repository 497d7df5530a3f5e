"""Suite files in and out: JSONL, one pair a line. Every fault is found and reported, not only the first."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from rubrics.errors import SuiteError
from rubrics.schema import Pair, Suite

__all__ = ["built_in_names", "find_suite", "parse_suite", "read_suite", "write_suite"]

_SHOWN = 20
"""Faults shown in one message; the count of the rest is given."""


def built_in_names() -> list[str]:
    """Names of the suites that ship with the program."""
    folder = resources.files("rubrics") / "suites"
    return sorted(p.name.removesuffix(".jsonl") for p in folder.iterdir() if p.name.endswith(".jsonl"))


def find_suite(name_or_path: str) -> Suite:
    """A built-in suite by name, or one from a file.

    Raises:
        SuiteError: no such suite, or the file breaks the contract.
    """
    if name_or_path in built_in_names():
        with resources.as_file(resources.files("rubrics") / "suites") as folder:
            return read_suite(folder / f"{name_or_path}.jsonl")
    path = Path(name_or_path).expanduser()
    if not path.exists():
        known = ", ".join(built_in_names())
        raise SuiteError("no such suite", where=name_or_path, fix=f"give a .jsonl file, or one of: {known}")
    return read_suite(path)


def read_suite(path: Path) -> Suite:
    """The suite in one file; its card is the Markdown file of the same name beside it, if there is one.

    Raises:
        SuiteError: with every fault found, each with file, line, field and fix.
    """
    try:
        raw = path.read_bytes()
    except IsADirectoryError:
        raise SuiteError("is a folder, not a suite file", where=str(path), fix="give a .jsonl file") from None
    except OSError as error:
        raise SuiteError(f"cannot be read ({error.strerror})", where=str(path), fix="check path and rights") from None
    card = path.with_suffix(".md")
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    return parse_suite(raw, name=path.stem, where=str(path), card=text)


def parse_suite(raw: bytes, *, name: str, where: str = "", card: str = "") -> Suite:
    """The suite in the bytes of one JSONL file.

    Raises:
        SuiteError: with every fault found.
    """
    where = where or name
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SuiteError(
            f"line {line} is not UTF-8 (byte {raw[error.start]:#04x})",
            where=where,
            fix="save the file as UTF-8",
        ) from None
    pairs: list[Pair] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    # Only \n ends a line: U+2028 and the like may stand inside JSON strings.
    for number, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        pair = _parse_line(row, number, faults)
        if pair is None:
            continue
        if pair.id in seen:
            faults.append(f"line {number}, id: {pair.id!r} is already used on line {seen[pair.id]}; ids must differ")
            continue
        seen[pair.id] = number
        pairs.append(pair)
    if faults:
        shown = "\n  ".join(faults[:_SHOWN])
        more = f"\n  … and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise SuiteError(
            f"{len(faults)} fault{'s' if len(faults) > 1 else ''}\n  {shown}{more}",
            where=where,
            fix="mend these lines; nothing was read",
        )
    if not any(pair.split != "shot" for pair in pairs):
        raise SuiteError("holds no pair to score", where=where, fix="add pairs without split: shot")
    return Suite(name=name, pairs=tuple(pairs), card=card)


def _parse_line(line: str, number: int, faults: list[str]) -> Pair | None:
    try:
        value = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_no_repeats)
    except (ValueError, RecursionError) as error:
        faults.append(f"line {number}: not valid JSON ({_one_line(str(error))})")
        return None
    if not isinstance(value, dict):
        faults.append(f"line {number}: must be a JSON object, is {type(value).__name__}")
        return None
    if bad := _lone_surrogate(value):
        faults.append(f"line {number}, {bad}: holds half of a surrogate pair; not text")
        return None
    try:
        return Pair.model_validate(value)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            # Union members add a type tag to the location, which means nothing to a reader.
            place = ".".join(str(part) for part in fault["loc"] if not str(part).startswith(("constrained", "list[")))
            message = _one_line(fault["msg"].removeprefix("Value error, "))
            faults.append(f"line {number}, {place or 'pair'}: {message}")
        return None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _no_repeats(items: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(items)
    if len(found) != len(items):
        raise ValueError("a key appears twice in one object")
    return found


def _lone_surrogate(value: object) -> str | None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "text"
    return None


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]


def write_suite(path: Path, pairs: Iterable[Pair]) -> None:
    """Write pairs as JSONL, whole or not at all: a reader never sees half a file."""
    scratch = path.with_name(path.name + ".part")
    with scratch.open("w", encoding="utf-8", newline="\n") as out:
        for pair in pairs:
            out.write(pair.canonical() + "\n")
    os.replace(scratch, path)
