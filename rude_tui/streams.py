"""The standard streams, made fit for whatever they are: closed, full, of another encoding, or left by a reader."""

from __future__ import annotations

import io
import os
import select
import sys
from typing import Any, TextIO

__all__ = ["as_utf8", "let_go", "prepare", "to_whoever_listens"]


def prepare() -> None:
    """Once, before anything is written. Streams that somebody has put in place of this process's own stay as they are.

    What an encoding lacks becomes `?`. A reader who leaves early has what they wanted, and the work goes on; what
    cannot be said on standard error is not said.
    """
    _open_closed()
    # Said by some terminals that do not know; nothing can be laid out in no columns.
    for name in ("COLUMNS", "LINES"):
        if not _at_least_one(os.environ.get(name, "1")):
            del os.environ[name]
    if sys.stdout is sys.__stdout__:
        sys.stdout = _guarded(sys.stdout, heeded=True)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _guarded(sys.stderr, heeded=False)


def as_utf8() -> TextIO:
    """Standard output for a file's contents, whose encoding is its own and not the terminal's."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout


def to_whoever_listens(number: int) -> TextIO:
    """A stream that writes to a descriptor, and to nobody once that takes nothing more: its terminal has closed."""
    return _guarded(None, heeded=False, number=number)


def let_go() -> None:
    """Drop what standard output still holds and can no longer take; one that somebody put in its place is theirs."""
    if sys.stdout is sys.__stdout__ or isinstance(
        getattr(getattr(sys.stdout, "buffer", None), "raw", None), _Descriptor
    ):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _at_least_one(number: str) -> bool:
    return number.isascii() and number.isdigit() and int(number[:9]) > 0


def _open_closed() -> None:
    """Give closed descriptors something to be: the next file opened, a database even, would else be one of them."""
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # Output to nobody is an error as soon as there is any, so 1 cannot be written to.
            os.open(os.devnull, flags)
    if sys.stdin is None:
        sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = sys.__stdout__ = _guarded(None, heeded=True, number=1)  # type: ignore[misc, assignment]
    if sys.stderr is None:
        sys.stderr = sys.__stderr__ = _guarded(None, heeded=False, number=2)  # type: ignore[misc, assignment]


class _Descriptor(io.RawIOBase):
    """Writes to a descriptor; once its reader has gone, to nobody.

    Args:
        heeded: whether other faults are errors; else they too mean that nobody listens.
    """

    def __init__(self, number: int, *, heeded: bool) -> None:
        self._number = number
        self._heeded = heeded

    def fileno(self) -> int:
        return self._number

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def write(self, data: Any, /) -> int:
        while True:
            try:
                return os.write(self._number, data)
            except BlockingIOError:
                # Whoever shares it may have made it one that does not wait.
                select.select([], [self._number], [])
            except OSError as error:
                if self._heeded and not isinstance(error, BrokenPipeError):
                    raise
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._number)
                return memoryview(data).nbytes


def _guarded(stream: Any, *, heeded: bool, number: int | None = None) -> TextIO:
    number = stream.fileno() if number is None else number
    out = _Descriptor(number, heeded=heeded)
    return io.TextIOWrapper(
        io.BufferedWriter(out), encoding=stream.encoding if stream else "utf-8", errors="replace",
        line_buffering=not heeded or out.isatty() or getattr(stream, "write_through", False),
    )  # fmt: skip
