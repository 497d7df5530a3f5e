"""Folders that only live as long as the work in them, also where the process that does it is killed."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ["scratch_folder"]

_PREFIX: Final = ".rude-tui-"
_SUFFIX: Final = ".part"


@contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """An empty folder, gone at the end. What killed processes have left of theirs in the same place goes as well.

    A lock says that somebody still works in one: the system lets go of it when a process ends, however it ends.

    Args:
        parent: where; the folder for temporary files if not said.

    Raises:
        OSError: none can be made there.
    """
    place = parent or Path(tempfile.gettempdir())
    _tidy(place)
    folder, lock = _held(place)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _held(place: Path) -> tuple[Path, int | None]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, suffix=_SUFFIX, dir=place))
        # Before it is locked, somebody who tidies may take it for an abandoned one, and be at it or done with it.
        try:
            lock = _lock(folder)
        except (BlockingIOError, FileNotFoundError):
            continue
        if lock is None or os.fstat(lock).st_nlink:
            return folder, lock
        os.close(lock)


def _lock(folder: Path) -> int | None:
    """A lock on a folder; None where there are none.

    Raises:
        BlockingIOError: somebody else has it.
        FileNotFoundError: the folder is gone.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return descriptor


def _tidy(place: Path) -> None:
    with suppress(OSError), os.scandir(place) as entries:
        left = [entry.path for entry in entries if entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX)]
        for path in left:
            with suppress(BlockingIOError, FileNotFoundError):
                if (lock := _lock(Path(path))) is not None:
                    shutil.rmtree(path, ignore_errors=True)
                    os.close(lock)
