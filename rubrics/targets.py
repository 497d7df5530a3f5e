"""Where a person wants something written: whole or not at all, and nothing replaced that is no plain file of theirs."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TextIO

from rubrics.errors import RudeError
from rubrics.scratch import scratch_folder

__all__ = ["is_stream", "whole", "write_whole"]

_STREAMS: Final = ("/dev/std", "/dev/fd/", "/proc/")
"""Where a name stands for what this process has open: a file that is found there is somebody else's to replace."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file to write into; at the end it takes the place of `path`, else it goes without a trace.

    Where `path` is a symbolic link it stays one, and what it leads to is replaced. A device or a pipe stays what it is
    and is written through.

    Raises:
        RudeError: the file cannot be written, or is read-only; what was there before is untouched.
    """
    try:
        if _is_replaced(path):
            with _replacing(Path(os.path.realpath(path))) as scratch:
                yield scratch
        else:
            with scratch_folder() as folder:
                scratch = folder / "whole"
                yield scratch
                _pour(scratch, path)
    except OSError as error:
        raise RudeError(
            f"cannot be written ({error.strerror or error})", where=str(path),
            fix="name another file, or check folder, rights and free space",
        ) from None  # fmt: skip


@contextmanager
def write_whole(path: Path) -> Iterator[TextIO]:
    """The same as a text to write: UTF-8, \\n.

    Raises:
        RudeError: see `whole`.
    """
    with whole(path) as scratch, scratch.open("x", encoding="utf-8", newline="\n") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


def is_stream(path: Path) -> bool:
    """Whether it is a device or a pipe, which has no ending and nothing beside it."""
    try:
        return not _is_replaced(path)
    except OSError:
        return False


def _is_replaced(path: Path) -> bool:
    """Whether a file put in this place takes nothing away but an older file.

    Raises:
        OSError: nothing may be written there.
    """
    if os.path.abspath(path).startswith(_STREAMS):
        return False
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if stat.S_ISBLK(mode):
        raise OSError(errno.EINVAL, "it is a disk")
    # Who may overrule rights, as root may, has still been told by them to leave the file alone.
    if stat.S_ISREG(mode) and not (mode & 0o222 and os.access(path, os.W_OK)):
        raise PermissionError(errno.EACCES, "it is read-only")
    return stat.S_ISREG(mode)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    with scratch_folder(path.parent) as folder:
        scratch = folder / "whole"
        yield scratch
        with suppress(FileNotFoundError):
            shutil.copymode(path, scratch)
        os.replace(scratch, path)


def _flags() -> int:
    """To write into what is there; a pipe that nobody reads is not waited for."""
    if sys.platform == "win32":
        return os.O_WRONLY
    return os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY


def _pour(scratch: Path, path: Path) -> None:
    try:
        descriptor = os.open(path, _flags())
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "nobody reads from it") from None
        raise
    if sys.platform != "win32":
        os.set_blocking(descriptor, True)
    # A reader who has seen enough may leave, as `head` does.
    with suppress(BrokenPipeError), open(descriptor, "wb", buffering=0) as out, scratch.open("rb") as source:
        shutil.copyfileobj(source, out)
