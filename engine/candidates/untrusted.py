"""Reading from folders that nobody vouches for: bounded, never blocking, and safe to show."""

from __future__ import annotations

import json
import os
import stat
import unicodedata
from pathlib import Path
from typing import Any

__all__ = ["Unreadable", "read_object", "regular_size", "shown"]


class Unreadable(ValueError):
    """Why a file cannot be used, in one phrase fit to be shown."""


def shown(text: object, limit: int = 160) -> str:
    """Text from outside as it may be displayed: one line, no control, format or unassigned codes, at most `limit`."""
    clean = "".join("\ufffd" if unicodedata.category(c)[0] == "C" else c for c in str(text)[: limit + 1])
    clean = " ".join(clean.split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def regular_size(path: Path) -> int:
    """Bytes of a regular file, links followed; a pipe or device, which would block a reader, is refused.

    Raises:
        Unreadable: not there, a broken or circular link, or not a regular file.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from None
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("is not a regular file")
    return status.st_size


def read_object(path: Path, limit: int) -> dict[str, Any]:
    """The JSON object in a UTF-8 file of at most `limit` bytes.

    Raises:
        Unreadable: no regular file, too large, not UTF-8, not JSON, or not an object.
    """
    if (size := regular_size(path)) > limit:
        raise Unreadable(f"is {size:,} bytes long, more than the {limit:,} such a file may have")
    try:
        with open(path, "rb", opener=_no_wait) as source:
            value = json.loads(source.read(limit).decode("utf-8"))
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"is not valid JSON ({shown(error)})") from None
    if not isinstance(value, dict):
        raise Unreadable(f"must hold a JSON object, not {type(value).__name__}")
    return value


def _no_wait(path: str, flags: int) -> int:
    # A pipe put in the file's place after it was looked at must not hang the program.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
