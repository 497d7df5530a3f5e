"""A database file whose making was cut short, as by a kill: it can hold nothing, and DuckDB opens it no more."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["clear_unfinished", "is_unfinished"]

_HEADERS: Final = 3 * 4096
"""Bytes of the headers that DuckDB writes before anything else."""
_MAGIC: Final = b"DUCK"
_AT: Final = 8


def is_unfinished(path: Path) -> bool:
    """Whether a file is empty, or holds the beginning of a database's headers and no more."""
    try:
        with path.open("rb") as file:
            return _holds_nothing(file, os.fstat(file.fileno()))
    except OSError:
        return False


def _holds_nothing(file: BinaryIO, status: os.stat_result) -> bool:
    if not stat.S_ISREG(status.st_mode) or status.st_size >= _HEADERS:
        return False
    begun = file.read(_AT + len(_MAGIC))
    return not begun or begun[_AT:] == _MAGIC


def clear_unfinished(path: Path) -> bool:
    """Take such a file away, so that a database can be made in its place.

    Returns:
        Whether it has gone. A file that somebody is at, or anything else, stays.
    """
    real = Path(os.path.realpath(path))
    with suppress(OSError), real.open("r+b") as file:
        status = os.fstat(file.fileno())
        if not _holds_nothing(file, status):
            return False
        _lock(file.fileno())
        # Who had it before may have taken it away and made another, which is not ours to take.
        if os.path.samestat(status, real.stat()) and os.fstat(file.fileno()).st_size == status.st_size:
            real.unlink()
            return True
    return False


def _lock(descriptor: int) -> None:
    """As DuckDB does it, so that neither comes between the other.

    Raises:
        OSError: somebody is at the file.
    """
    if sys.platform == "win32":
        return  # a file that somebody has open cannot be taken away there
    import fcntl

    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
