"""A line to type into, which takes keys in the order in which they were struck."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.binding import Binding
from textual.widgets import Input

__all__ = ["Line"]

_EDITS: Final = {
    key: binding.action for binding in Input.BINDINGS if isinstance(binding, Binding) for key in binding.key.split(",")
}
"""What keys that write nothing do to a line."""


class Line(Input):
    """As Textual's, but for keys that come faster than they are answered.

    There a letter is written as it comes, while ctrl+u or backspace goes up to the app first and comes back behind the
    letters that were struck after it: what was typed in its stead is gone.
    """

    async def on_key(self, event: events.Key) -> None:
        """Edit at once."""
        if not event.is_printable and (action := _EDITS.get(event.key)):
            event.stop()
            event.prevent_default()
            await self.run_action(action)
