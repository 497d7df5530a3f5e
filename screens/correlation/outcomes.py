"""Outcomes in words: what to bring, and what one is called. Plain Python."""

from __future__ import annotations

from typing import Final

__all__ = ["BRING", "named"]

BRING: Final = (
    "Press a to add your own outcomes, measured after post-training: a CSV with the columns candidate, outcome, score "
    "(and stderr, where it is known), candidates named as in the rankings, or what lm-eval, lighteval or Inspect wrote."
)


def named(words: str, name: str) -> str:
    """What an outcome is, and its name where that is none of the words."""
    return words if words == name else f"{words}  ({name})"
