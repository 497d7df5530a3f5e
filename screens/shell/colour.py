"""Colours by the part they play; which they are is the theme's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["DEEPEST", "Colour"]

Colour = Callable[[str], str]
"""The colour of a role, such as `good` or `chance`, in the theme."""

DEEPEST: Final = 0.45
"""How much of a colour stands behind words where it is deepest: with more of it they are hard to read."""
