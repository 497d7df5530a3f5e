"""A line that says what a screen shows."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.widgets import Static

from screens.widgets.cells import shared_out

__all__ = ["Brief"]


class Brief(Static):
    """Never wrapped: a line that finds no room ends in an ellipsis, whatever the text itself asks for."""

    DEFAULT_CSS = "Brief { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    _parts: tuple[str, ...] = ()

    def tell(self, *parts: str) -> None:
        """Show parts with a dot between them: where room is short the first gives way, then the longest; none is lost.

        Args:
            parts: each of one line and safe to show; empty ones are left out.
        """
        self._parts = tuple(filter(None, parts))
        self._write()

    def update(self, content: Any = "", *, layout: bool = False) -> None:
        """Show one text, which ends where the room does; one line is as high as another, so nothing else moves."""
        self._parts = ()
        super().update(content, layout=layout)

    def on_resize(self) -> None:
        """Share the room out anew."""
        if self._parts:
            self._write()

    def _write(self) -> None:
        # The dots between them have three cells each. Before the first layout there is no width.
        room = self.content_size.width - 3 * (len(self._parts) - 1)
        parts = shared_out(self._parts, room) if self.content_size else self._parts
        super().update(Text(" · ".join(parts)), layout=False)
