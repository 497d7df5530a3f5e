"""Files as people keep them: compressed by gzip or Zstandard."""

from __future__ import annotations

import gzip
import importlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from rubrics.errors import SuiteError
from rubrics.scratch import scratch_folder
from rubrics.sources import most_bytes, regular

__all__ = ["unpacked", "zstandard"]

_CHUNK: Final = 1 << 20


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file itself, or where its name ends in .gz or .zst, what is in it, for as long as that is needed.

    Raises:
        SuiteError: it is not what its name says, has more bytes than are read, or nothing here reads Zstandard.
    """
    kind = path.suffix.casefold()
    if kind not in (".gz", ".zst"):
        yield path
        return
    regular(path, SuiteError)
    with scratch_folder() as folder:
        inner = folder / (path.stem or "unpacked")
        if kind == ".gz":
            _pour(lambda source: gzip.GzipFile(fileobj=source), (OSError, EOFError, zlib.error), "gzip", path, inner)
        else:
            library, error = zstandard(path)
            _pour(library, (error, EOFError, OSError), "Zstandard", path, inner)
        yield inner


def _pour(opened: Any, faults: tuple[type[Exception], ...], name: str, path: Path, inner: Path) -> None:
    most = left = most_bytes()
    with path.open("rb") as source, inner.open("xb") as out:
        reader: IO[bytes] = opened(source)
        try:
            while chunk := reader.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    what = f"unpacked it is longer than the {most:,} bytes that are read"
                    raise SuiteError(what, where=str(path), fix="check that it is the right file")
                out.write(chunk)
        except faults as error:
            what = f"is not {name}, or damaged ({str(error) or 'it breaks off'})"
            raise SuiteError(what, where=str(path), fix="check the file, or unpack it yourself") from None


def zstandard(path: Path | str) -> tuple[Any, type[Exception]]:
    """What opens such a stream, and what it raises: Python's own from 3.14 on, else the package zstandard.

    Raises:
        SuiteError: neither is there.
    """
    try:
        own = importlib.import_module("compression.zstd")
        return own.ZstdFile, own.ZstdError
    except ImportError:
        pass
    try:
        package = importlib.import_module("zstandard")
    except ImportError:
        fix = "install the package zstandard beside this, or unpack the file first"
        raise SuiteError(
            "is compressed by Zstandard, which this Python cannot read", where=str(path), fix=fix
        ) from None
    return lambda source: package.ZstdDecompressor().stream_reader(source, read_across_frames=True), package.ZstdError
