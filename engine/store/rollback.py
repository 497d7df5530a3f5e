"""What a checkpoint writes over, kept beside the database until the checkpoint is done.

DuckDB writes new metadata into the free part of a block of 256 KiB that the state on disk still uses, and each block
has one checksum: a process killed in the middle of that write leaves a file that nothing opens any more. Everything
else it writes goes to blocks that are free, and a header comes last. So a copy of the metadata blocks and the headers,
put back where the last header did not come, is the state before, to which the log beside the file still has what was
committed.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Literal, TypeAlias

from rubrics.errors import StoreError

__all__ = ["Blocks", "kept_for_rollback", "roll_back"]

Blocks: TypeAlias = tuple[int, Sequence[int]]
"""Bytes of a block, and the numbers of those that hold metadata."""

_PAGE: Final = 4096
_HEADERS: Final = 3 * _PAGE
"""Bytes before the first block: what the file is, and two headers that are written in turn."""
_SUFFIX: Final = ".rollback"
_LINE: Final = 1 << 20
"""Bytes beyond which the first line of what was kept is not ours."""


@contextmanager
def kept_for_rollback(path: Path, blocks: Callable[[], Blocks], seconds: float) -> Iterator[None]:
    """Around a connection that writes, with at most one checkpoint in it. Writers take turns here.

    Args:
        blocks: asks the database which blocks hold metadata; nobody writes to it meanwhile.
        seconds: how long to wait for another writer.

    Raises:
        TimeoutError: another writer did not let go.
        StoreError: from the block, and then what was kept stays.
        OSError: it cannot be kept.
    """
    if sys.platform == "win32" or not path.exists():
        yield  # nothing to lose, or no such locks
        return
    name = _name(path)
    with _turn(path, name, seconds) as file:
        try:
            _keep(path, file, blocks())
            yield
        except StoreError:
            raise  # whoever opens the file next looks at what has become of it
        except BaseException:
            name.unlink(missing_ok=True)
            raise
        name.unlink(missing_ok=True)


def roll_back(path: Path) -> None:
    """Put back what a writer that is no more had kept, unless its checkpoint was done; nothing where one is at work."""
    name = _name(path)
    if sys.platform == "win32" or not name.exists():
        return
    with suppress(OSError), name.open("r+b") as file:
        if _is_locked(file) and _is_at(file, name) and _is_settled(path, file):
            name.unlink()


def _name(path: Path) -> Path:
    return Path(os.path.realpath(path) + _SUFFIX)


@contextmanager
def _turn(path: Path, name: Path, seconds: float) -> Iterator[BinaryIO]:
    deadline = time.monotonic() + seconds
    pause = 0.002
    while True:
        with open(name, "a+b", opener=_private) as file:
            # The one before takes its name away when it is done, and this may be what it had.
            if _is_locked(file) and _is_at(file, name) and _is_settled(path, file):
                yield file
                return
        if time.monotonic() >= deadline:
            raise TimeoutError
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def _private(name: str, flags: int) -> int:
    """What is in a database is nobody else's to read in a copy of it."""
    return os.open(name, flags, 0o600)


def _is_locked(file: BinaryIO, how: Literal["flock", "lockf"] = "flock") -> bool:
    """Whether nobody else has it locked, and from now on we have. `lockf` is how DuckDB locks a database."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        getattr(fcntl, how)(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_at(file: BinaryIO, name: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), name.stat())
    except FileNotFoundError:
        return False


def _keep(path: Path, file: BinaryIO, blocks: Blocks) -> None:
    size, numbers = blocks
    parts = [(0, _HEADERS), *((_HEADERS + size * number, size) for number in sorted(set(numbers)))]
    file.truncate(0)
    file.seek(0)
    line = json.dumps(parts).encode() + b"\n"
    file.write(line)
    check = zlib.crc32(line)
    with path.open("rb") as database:
        for offset, length in parts:
            database.seek(offset)
            kept = database.read(length)
            check = zlib.crc32(kept, check)
            file.write(kept)
    file.write(struct.pack("<I", check))
    file.flush()
    os.fsync(file.fileno())


def _is_settled(path: Path, file: BinaryIO) -> bool:
    """Whether nothing that was kept is needed any more; puts it back where it is, but not while somebody is there."""
    kept = _kept(file)
    if kept is None:
        return True  # cut short before the database was touched
    with path.open("r+b") as database:
        if not _is_locked(database, "lockf"):
            return False
        if _is_in_force(kept[0][1], database.read(_HEADERS)):
            for offset, content in kept:
                database.seek(offset)
                database.write(content)
            database.flush()
            os.fsync(database.fileno())
    return True


def _kept(file: BinaryIO) -> list[tuple[int, bytes]] | None:
    """What was kept, by where it belongs; None where it is not whole."""
    file.seek(0)
    line = file.readline(_LINE)
    with suppress(ValueError, TypeError):
        parts = [(int(offset), int(length)) for offset, length in json.loads(line)]
        whole = len(line) + sum(length for _, length in parts) + 4
        if not parts or parts[0] != (0, _HEADERS) or os.fstat(file.fileno()).st_size != whole:
            return None
        kept = [(offset, file.read(length)) for offset, length in parts]
        check = zlib.crc32(line)
        for _, content in kept:
            check = zlib.crc32(content, check)
        if struct.pack("<I", check) == file.read(4):
            return kept
    return None


def _is_in_force(kept: bytes, now: bytes) -> bool:
    """Whether no header has been written since, nor another file put in this one's place."""
    if len(now) < _HEADERS or now[:_PAGE] != kept[:_PAGE]:
        return False
    at = max((_PAGE, 2 * _PAGE), key=lambda offset: _count(kept, offset))
    return now[at : at + _PAGE] == kept[at : at + _PAGE] and _count(now, 3 * _PAGE - at) < _count(kept, at)


def _count(headers: bytes, offset: int) -> int:
    """How many checkpoints there had been when a header was written; the higher one is in force."""
    (count,) = struct.unpack_from("<Q", headers, offset + 8)
    return int(count)
