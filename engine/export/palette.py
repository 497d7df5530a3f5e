"""Colours with a glyph beside each, so that nothing is said by colour alone.

Okabe and Ito's colours (jfly.uni-koeln.de/color), darkened on a light ground until they read as text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

__all__ = [
    "DARK_COLOURS",
    "GLYPHS",
    "LEVELS",
    "LIGHT_COLOURS",
    "SERIES_GLYPHS",
    "glyph",
    "level_of",
    "series_glyph",
]

_NAMES: Final = ("mark-1", "mark-2", "mark-3", "mark-4", "mark-5", "mark-6", "good", "bad", "chance")
DARK_COLOURS: Final[Mapping[str, str]] = dict(
    zip(
        _NAMES,
        ("#56B4E9", "#E69F00", "#2FBF8F", "#E08DBB", "#F0E442", "#F0804D", "#56B4E9", "#F0904D", "#9AA5B1"),
        strict=True,
    )
)
LIGHT_COLOURS: Final[Mapping[str, str]] = dict(
    zip(
        _NAMES,
        ("#00609A", "#8A5A00", "#00674A", "#9B3F73", "#6B6200", "#B03A00", "#00609A", "#B03A00", "#5A6470"),
        strict=True,
    )
)
SERIES_GLYPHS: Final = ("●", "■", "▲", "◆", "▼", "★")
GLYPHS: Final[Mapping[str, int]] = {"Competence": 0, "Content": 1, "Control": 2, "Compliance": 3}
"""Each C with its place among the glyphs and colours; a subcategory takes its category's."""
LEVELS: Final = ((0.1, "≥ 10 %"), (0.01, "≥ 1 %"), (0.001, "≥ 0.1 %"), (0.0, "rarer"))
"""Least probability of a token and name of each step of its tint."""


def series_glyph(number: int) -> tuple[str, str]:
    """Glyph and colour name of the n-th series."""
    number %= len(SERIES_GLYPHS)
    return SERIES_GLYPHS[number], _NAMES[number]


def glyph(scope: str, number: int = 0) -> tuple[str, str]:
    """Glyph and colour name of a scope: a C's own, that of a subcategory's C, else by its number."""
    return series_glyph(GLYPHS.get(_category(scope), number))


def _category(scope: str) -> str:
    from rubrics.taxonomy import SUBCATEGORIES, Subcategory

    try:
        return str(SUBCATEGORIES[Subcategory(scope)].category)
    except ValueError:
        return scope


def level_of(logprob: float) -> int:
    """The step of a log-probability among `LEVELS`: 0 likely to 3 rarest."""
    return next(step for step, (least, _) in enumerate(LEVELS) if logprob >= (math.log(least) if least else -math.inf))
