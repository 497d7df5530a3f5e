"""Files that a person names, read within bounds: never a pipe that waits for a writer, nor a device without end."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from rubrics.errors import BadInput

__all__ = ["LIMIT", "assert_unpacked", "bounded_lines", "most_bytes", "read_bytes", "read_text", "regular"]

LIMIT: Final = "RUDE_TUI_READ_LIMIT"
"""Environment variable: bytes up to which any file is read, in place of the bounds below."""
_WHOLE: Final = 1 << 28
"""Of a file that is held in memory: 256 MiB."""
_BY_LINES: Final = 1 << 32
"""Of one that is read line by line: 4 GiB."""
_PACKED: Final = {
    b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7z",
}  # fmt: skip
"""How compressed files begin."""
_HANDED: Final = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""A pipe under one of these names has a writer: the shell has put it there."""


def regular(path: Path, error: type[BadInput], *, limit: int = _BY_LINES) -> None:
    """Make sure that a file can be read to its end.

    Raises:
        BadInput: of the type `error`: it is not there, is no file, or has more bytes than are read.
    """
    try:
        status = path.stat()
    except OSError as fault:
        raise error(f"cannot be read ({fault.strerror})", where=str(path), fix="check path and rights") from None
    except ValueError:
        raise error("cannot be read (no file has such a name)", where=str(path), fix="check the path") from None
    mode = status.st_mode
    if stat.S_ISDIR(mode):
        raise error("is a folder, not a file", where=str(path), fix="give one file")
    if stat.S_ISFIFO(mode) and os.path.abspath(path).startswith(_HANDED):
        return
    if not stat.S_ISREG(mode):
        kind = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
        raise error(f"is {kind}, not a file", where=str(path), fix="write it to a file first, and give that")
    if status.st_size > (most := _bound(limit)):
        raise _too_long(path, error, most)


def assert_unpacked(head: bytes, path: Path | str, error: type[BadInput]) -> None:
    """Make sure that a file does not begin as a compressed one, or as a spreadsheet of Excel.

    Raises:
        BadInput: of the type `error`: it does.
    """
    for mark, kind in _PACKED.items():
        if head.startswith(mark):
            fix = "unpack it first, and give what is in it"
            raise error(f"is compressed ({kind})", where=str(path), fix=fix)
    if head.startswith(b"PK\x03\x04") and str(path).casefold().endswith((".xlsx", ".xlsm", ".ods")):
        raise error("is a spreadsheet's own file", where=str(path), fix="save the sheet as CSV")


def read_bytes(path: Path, error: type[BadInput]) -> bytes:
    """All of a file.

    Raises:
        BadInput: of the type `error`: see `regular`.
    """
    regular(path, error, limit=_WHOLE)
    most = _bound(_WHOLE)
    try:
        with path.open("rb") as source:
            content = source.read(most + 1)
    except OSError as fault:
        raise error(f"cannot be read ({fault.strerror})", where=str(path), fix="check path and rights") from None
    if len(content) > most:
        raise _too_long(path, error, most)
    assert_unpacked(content[:8], path, error)
    return content


def read_text(path: Path, error: type[BadInput]) -> str:
    """All of a text file, without a mark at its beginning; line ends as they are.

    Raises:
        BadInput: of the type `error`: see `regular`; or it is not UTF-8.
    """
    content = read_bytes(path, error)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        what = f"line {line} is not UTF-8 (byte {content[fault.start]:#04x})"
        raise error(what, where=str(path), fix="save the file as UTF-8") from None


def bounded_lines(source: BinaryIO, path: Path, error: type[BadInput]) -> Iterator[bytes]:
    """The lines of an open file, or of a pipe that may have no end.

    Raises:
        BadInput: of the type `error`: there are more bytes than are read.
    """
    most = left = _bound(_BY_LINES)
    while line := source.readline(left + 1):
        if left == most:
            assert_unpacked(line[:8], path, error)
        left -= len(line)
        if left < 0:
            raise _too_long(path, error, most)
        yield line


def most_bytes() -> int:
    """Bytes up to which a file is read line by line."""
    return _bound(_BY_LINES)


def _bound(usual: int) -> int:
    told = os.environ.get(LIMIT, "")
    return int(told) if told.isascii() and told.isdigit() else usual


def _too_long(path: Path, error: type[BadInput], most: int) -> BadInput:
    return error(
        f"is longer than the {most:,} bytes that are read", where=str(path),
        fix=f"check that it is the right file; the environment variable {LIMIT} raises the limit",
    )  # fmt: skip
