"""Reading from folders that nobody vouches for: bounded, never blocking, and safe to show."""

from __future__ import annotations

import json
import os
import stat
import unicodedata
from pathlib import Path
from typing import Any, Final

from rubrics.jsonl import check_depth

__all__ = ["CONFIG_BYTES", "POINTED", "Unreadable", "is_pointer", "read_object", "regular_size", "shown"]

CONFIG_BYTES = 4_000_000
"""A config.json may have so many."""

_POINTER = b"version https://git-lfs.github.com/spec/"


class Unreadable(ValueError):
    """Why a file cannot be used, in one phrase fit to be shown; `fix` is what to do, where that is known."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.fix = fix

    @classmethod
    def of(cls, error: OSError) -> Unreadable:
        """What the system said, and what helps if it is a matter of rights."""
        if isinstance(error, PermissionError):
            return cls("cannot be read: there is no right to", "get the right to read it (its owner: chmod u+r, a+r)")
        return cls(f"cannot be read ({error.strerror or shown(error)})")


_JOINERS: Final = "\u200c\u200d"


def shown(text: object, limit: int = 160) -> str:
    """Text from outside as it may be displayed: one line, no control, format or unassigned codes, at most `limit`.

    What joins letters and emoji stays: Persian and families are spelt with it.
    """
    clean = "".join(
        "\ufffd" if unicodedata.category(c)[0] == "C" and c not in _JOINERS else c for c in str(text)[: limit + 1]
    )
    clean = " ".join(clean.split())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


POINTED = ("is a Git LFS pointer, not the file itself", "fetch what it points to (git lfs pull)")
"""What is to be said of such a file."""


def regular_size(path: Path) -> int:
    """Bytes of a regular file, links followed; a pipe or device, which would block a reader, is refused.

    Raises:
        Unreadable: not there, a broken or circular link, or not a regular file.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise Unreadable.of(error) from None
    except ValueError:
        raise Unreadable("cannot be read (no file has such a name)") from None
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("is not a regular file")
    return status.st_size


def is_pointer(head: bytes) -> bool:
    """Whether a file that begins so is Git LFS's pointer to the file itself."""
    return head.startswith(_POINTER)


def read_object(path: Path, limit: int) -> dict[str, Any]:
    """The JSON object in a UTF-8 file of at most `limit` bytes.

    Raises:
        Unreadable: no regular file, too large, not UTF-8, not JSON, or not an object.
    """
    if (size := regular_size(path)) > limit:
        raise Unreadable(f"is {size:,} bytes long, more than the {limit:,} such a file may have")
    try:
        with open(path, "rb", opener=_no_wait) as source:
            content = source.read(limit)
        if is_pointer(content):
            raise Unreadable(*POINTED)
        text = content.decode("utf-8")
        check_depth(text)
        value = json.loads(text)
    except Unreadable:
        raise
    except OSError as error:
        raise Unreadable.of(error) from None
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
