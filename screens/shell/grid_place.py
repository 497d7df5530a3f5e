"""What screens have in common that show a grid under a heading: ← → and a click on the heading choose the column."""

from __future__ import annotations

from typing import Protocol

from textual import on

from screens.shell.place import Place
from screens.widgets.spans import Heading

__all__ = ["GridPlace"]


class _Columns(Protocol):
    """Which column is under the cursor."""

    column: int

    def move(self, step: int) -> None:
        """To another column, round and round."""


class GridPlace(Place):
    """A place whose `state` has a column under the cursor, and which is left for the one it was opened from."""

    state: _Columns

    def repaint(self) -> None:
        """Draw the grid."""
        raise NotImplementedError

    def action_step(self, step: int) -> None:
        """Another column is under the cursor."""
        self.state.move(step)
        self.repaint()

    @on(Heading.Clicked)
    def _heading_clicked(self, message: Heading.Clicked) -> None:
        """The column that was clicked."""
        self.state.column = int(message.target)
        self.repaint()

    def action_back(self) -> None:
        """Back to where it was opened."""
        self.dismiss()
