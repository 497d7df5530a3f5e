"""Numbers of things, in words."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["agreeing", "all_of", "count"]

_EITHER: Final = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 pair`, `1,200 pairs`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def all_of(number: int, plural: str) -> str:
    """`both candidates`, `all 5 candidates`; of one there is no “all”."""
    return f"both {plural}" if number == 2 else f"all {number:,} {plural}"


def agreeing(number: int, sentence: str) -> str:
    """A sentence with the number in place of `{n}`: of each `[pair has|pairs have]` the one that agrees with it."""
    return _EITHER.sub(r"\1" if number == 1 else r"\2", sentence).format(n=f"{number:,}")
