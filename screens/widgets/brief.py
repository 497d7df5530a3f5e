"""A line that says what a screen shows."""

from __future__ import annotations

from textual.widgets import Static

__all__ = ["Brief"]


class Brief(Static):
    """Never wrapped: a line that finds no room ends in an ellipsis, whatever the text itself asks for."""

    DEFAULT_CSS = "Brief { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }"
