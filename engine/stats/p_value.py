"""A p in words, the same wherever one is read; files hold it in full."""

from __future__ import annotations

import math

__all__ = ["p_is", "p_text"]


def p_text(value: float) -> str:
    """`.016`, `< .001`, since none is nothing, or a dash where there is none; at most six cells."""
    if math.isnan(value):
        return "–"
    return "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def p_is(value: float) -> str:
    """The same behind the letter: `p = .016`, `p < .001`, `p –`."""
    text = p_text(value)
    return f"p {text}" if text[0] in "<–" else f"p = {text}"
