"""Colours and glyphs, as the screens show them."""

from engine.export.palette import DARK_COLOURS, GLYPHS, LIGHT_COLOURS, SERIES_GLYPHS, glyph, series_glyph

__all__ = ["DARK_COLOURS", "GLYPHS", "LIGHT_COLOURS", "SERIES_GLYPHS", "glyph", "series_glyph"]
