"""Amounts of memory as people write and read them, in powers of 1,024."""

from __future__ import annotations

import re
from typing import Final

from engine.candidates.untrusted import shown
from rubrics.errors import BadInput

__all__ = ["bytes_of", "human_bytes"]

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
_WRITTEN: Final = re.compile(r"\s*([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([kmgt]?i?b)\s*", re.IGNORECASE)
_LEAST: Final = 1 << 20


def human_bytes(count: int) -> str:
    """Bytes as a person reads them: `512 B`, `9.4 GB`."""
    size = float(count)
    for unit in _UNITS[:-1]:
        if size < 1024:
            return f"{size:.0f} {unit}" if unit in ("B", "kB") or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"


def bytes_of(text: str) -> int:
    """An amount of memory with its unit, `12GB` or `900 MB`, in bytes; a megabyte at least.

    Raises:
        BadInput: it is none.
    """
    written = _WRITTEN.fullmatch(text)
    size = 0
    if written is not None:
        size = int(float(written[1]) * 1024 ** "bkmgt".index(written[2][0].lower()))
    if size < _LEAST:
        raise BadInput(
            f"{shown(text)!r} is no amount of memory", fix="give a number and its unit, such as 12GB or 900MB"
        )
    return size
