"""Numbers of things, in words."""

from __future__ import annotations

__all__ = ["count"]


def count(number: int, one: str, many: str = "") -> str:
    """`1 pair`, `1,200 pairs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
