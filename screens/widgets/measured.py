"""A part of a screen that says when its room changes, for what is drawn by a width that only the layout knows."""

from __future__ import annotations

from textual.message import Message
from textual.widget import Widget

__all__ = ["Measured"]


class Measured(Widget):
    """Stands behind the class of the widget, whose styles it would hide: `class Facts(Static, Measured)`."""

    class Resized(Message):
        """The layout has given it another width or height."""

    def on_resize(self) -> None:
        """Pass it on: what was read ahead is drawn before the parts of a screen have taken their shares."""
        self.post_message(self.Resized())
