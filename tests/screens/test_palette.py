"""Marks can be told apart without colour, and read with it."""

from __future__ import annotations

import pytest
from textual.color import Color

from engine.export.palette import DARK_COLOURS, SERIES_GLYPHS, glyph
from rubrics.taxonomy import SUBCATEGORIES, Category
from rude_tui.themes import DEFAULT, THEMES


def test_each_category_has_its_own_glyph_and_colour() -> None:
    found = [glyph(str(category)) for category in Category]
    assert len({mark for mark, _ in found}) == 4
    assert len({tone for _, tone in found}) == 4
    assert len(set(SERIES_GLYPHS)) == len(SERIES_GLYPHS)


def test_a_subcategory_looks_like_its_category() -> None:
    for name, info in SUBCATEGORIES.items():
        assert glyph(str(name)) == glyph(str(info.category))


def _luminance(colour: Color) -> float:
    parts = [c / 255 for c in colour.rgb]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_mark_reads_on_its_ground(theme) -> None:
    """WCAG contrast of at least 4.5, and 7 in the high-contrast theme."""
    ground = _luminance(Color.parse(theme.background))
    for name in DARK_COLOURS:
        mark = _luminance(Color.parse(theme.variables[name]))
        ratio = (max(mark, ground) + 0.05) / (min(mark, ground) + 0.05)
        assert ratio >= (7 if theme.name == "rude-contrast" else 4.5), (name, ratio)


def test_the_default_is_one_of_them() -> None:
    assert DEFAULT in {theme.name for theme in THEMES}
