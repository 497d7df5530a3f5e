"""Numbers of things, in words."""

from __future__ import annotations

__all__ = ["count"]


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 pair`, `1,200 pairs`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
