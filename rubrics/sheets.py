"""Tables of text as spreadsheets save them: CSV with commas, semicolons or tabs, in UTF-8 or UTF-16.

Excel writes a semicolon and decimal commas wherever a comma is the decimal sign, tabs and UTF-16 as "Unicode text", and
reads a first line `sep=;` that says which separator follows.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from rubrics.errors import BadInput
from rubrics.sources import assert_unpacked, regular

__all__ = ["Sheet", "encoding_of", "open_sheet", "parse_number", "parse_sheet"]

_SEPARATORS: Final = (",", ";", "\t", "|")
_BYTE_ORDER: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
"""Marks at the beginning of a file, the longer ones first."""
_SEP_LINE: Final = re.compile(r"\s*\"?sep=(.)\"?[,;\t|]*\s*", re.IGNORECASE | re.DOTALL)
_THOUSANDS: Final = re.compile(r"-?[1-9]\d{0,2}(,\d{3})+")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Sheet:
    """A header and the rows below it, each with the line it ends on; blank rows are left out."""

    header: list[str]
    separator: str
    rows: Iterator[tuple[int, list[str]]]

    def number(self, text: str) -> float | None:
        """A cell as a number, with a decimal comma where commas separate no cells; None where it is none."""
        return parse_number(text, self.separator)


def parse_number(text: str, separator: str = ",") -> float | None:
    """A number as a cell of such a file holds it; NaN and infinities are numbers here.

    Behind semicolons `4,5` is 4.5. Behind tabs or bars `1,250` could be either, and is none.
    """
    text = text.strip()
    if separator != "," and _DECIMAL_COMMA.fullmatch(text) and (separator == ";" or not _THOUSANDS.fullmatch(text)):
        text = text.replace(",", ".")
    try:
        # float() takes "1_0" and other scripts' digits; a table of numbers means neither.
        return float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        return None


@contextmanager
def open_sheet(path: Path, known: Collection[str], error: type[BadInput] = BadInput) -> Iterator[Sheet]:
    """The table in a file, read as its rows are asked for.

    Args:
        known: names that columns may have, by which the separator is told.

    Raises:
        BadInput: as `error`; it cannot be read, or is no table.
    """
    where = str(path)
    regular(path, error)
    try:
        with path.open("rb") as source, parse_sheet(source, known, where, error) as sheet:
            yield sheet
    except OSError as fault:
        raise error(f"cannot be read ({fault.strerror})", where=where, fix="check path and rights") from None


@contextmanager
def parse_sheet(
    source: io.BufferedReader, known: Collection[str], where: str, error: type[BadInput] = BadInput
) -> Iterator[Sheet]:
    """The same of bytes; what goes wrong as rows are read is raised as `error` too.

    Raises:
        BadInput: as `error`; not UTF-8 or UTF-16, or no CSV.
    """
    csv.field_size_limit(2**31 - 1)
    reader, before = None, 0
    head = source.peek(8)[:8]
    assert_unpacked(head, where, error)
    text = io.TextIOWrapper(source, encoding=encoding_of(head[:4]), newline="")
    try:
        first = text.readline()
        separator = ""
        if said := _SEP_LINE.fullmatch(first):
            separator, first, before = said[1], text.readline(), 1
        # A header may go on over several lines, within quotes.
        parts, quotes = [first], first.count('"')
        while quotes % 2 and (more := text.readline()):
            parts.append(more)
            quotes += more.count('"')
        first = "".join(parts)
        separator = separator or _separator(first, known)
        reader = csv.reader(chain(io.StringIO(first, newline=""), text), delimiter=separator, strict=True)
        header = _as_known(_without_empty_end([name.strip() for name in next(reader, [])], 0), known)
        yield Sheet(header, separator, _rows(reader, before, len(header)))
    except UnicodeDecodeError as fault:
        name = "UTF-8" if fault.encoding.startswith("utf-8") else fault.encoding.upper()
        what = f"{_undecoded(source)}is not {name} (byte {fault.object[fault.start]:#04x})"
        raise error(what, where=where, fix="save the file as UTF-8") from None
    except csv.Error as fault:
        line = f"line {before + reader.line_num} " if reader is not None else ""
        raise error(f"{line}is not CSV ({fault})", where=where, fix="mend the quotes") from None
    finally:
        text.detach()


def encoding_of(head: bytes) -> str:
    """The encoding of a text by its first four bytes: UTF-8 unless they say otherwise."""
    for mark, encoding in _BYTE_ORDER:
        if head.startswith(mark):
            return encoding
    # Without a mark every other byte of a header in UTF-16 is NUL.
    if len(head) == 4 and b"\0" in head:
        return "utf-16-le" if head[1] == head[3] == 0 else "utf-16-be" if head[0] == head[2] == 0 else "utf-8-sig"
    return "utf-8-sig"


def _as_known(header: list[str], known: Collection[str]) -> list[str]:
    """The header with names that are known but for their case spelt as they are known, where no other is."""
    spelt = {name.casefold(): name for name in known if name not in header}
    folded = [name.casefold() for name in header]
    return [
        spelt.get(fold, name) if name not in known and folded.count(fold) == 1 else name
        for name, fold in zip(header, folded, strict=True)
    ]


def _separator(header: str, known: Collection[str]) -> str:
    """The separator that cuts the header into most known names; of those alike, the one that makes most columns."""

    def names(separator: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader(io.StringIO(header, newline=""), delimiter=separator), [])
        except csv.Error:
            return 0, 0
        return len(set(_as_known([cell.strip() for cell in cells], known)) & set(known)), len(cells)

    return max(_SEPARATORS, key=names)


def _rows(reader: Iterator[list[str]], before: int, width: int) -> Iterator[tuple[int, list[str]]]:
    for row in reader:
        if any(cell.strip() for cell in row):
            yield before + reader.line_num, _without_empty_end(row, width)  # type: ignore[attr-defined]


def _without_empty_end(row: list[str], width: int) -> list[str]:
    """A row without the empty cells behind its first `width`: spreadsheets write those of columns once used."""
    end = max((number for number, cell in enumerate(row, start=1) if cell.strip()), default=0)
    return row[: max(end, width)]


def _undecoded(source: io.BufferedReader) -> str:
    """`line N ` of the first line that is not UTF-8; empty where it cannot be told."""
    if not source.seekable():
        return ""
    source.seek(0)
    for number, line in enumerate(source, start=1):
        try:
            line.decode()
        except UnicodeDecodeError:
            return f"line {number} "
    return ""
