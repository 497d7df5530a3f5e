"""What a terminal must never get from data."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["obeyed"]

_OBEYED: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control codes, line ends of other kinds, marks that turn or hide text, halves of characters."""


def obeyed(text: str) -> set[str]:
    """The codes in it that colour, move, turn or hide."""
    return set(_OBEYED.findall(text))
