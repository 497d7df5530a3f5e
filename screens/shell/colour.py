"""Colours by the part they play; which they are is the theme's."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Colour"]

Colour = Callable[[str], str]
"""The colour of a role, such as `good` or `chance`, in the theme."""
