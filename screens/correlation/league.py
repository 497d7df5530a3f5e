"""All predictors of one outcome, the strongest first; a click on one puts it on the x axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static

from screens.correlation.state import bounds
from screens.shell.plain import cells_of, one_line, padded

if TYPE_CHECKING:
    from screens.correlation.state import Rival

__all__ = ["League", "panel_width"]

_PANEL = 56
"""Cells of the panel beside a plot, at least."""
_LEAST = 15
"""Cells that a name has at least."""


_BETWEEN = len("▸ ") + 2 * len("  ")
"""Cells of a line beside its three columns."""


def _cells(rival: Rival) -> tuple[str, str, str]:
    return one_line(rival.predictor), bounds(rival.pearson), bounds(rival.spearman)


def _widths(rivals: Sequence[Rival]) -> tuple[int, int, int]:
    names, pearsons, spearmans = (max(map(cells_of, column)) for column in zip(*map(_cells, rivals), strict=True))
    return names, max(pearsons, 8), max(spearmans, 8)


def panel_width(rivals: Sequence[Rival], screen: int) -> int:
    """Cells of the panel beside a plot: more where names need them, up to half of the screen."""
    # A border, two blanks and a scrollbar beside what is written.
    wanted = sum(_widths(rivals)) + _BETWEEN + 4 if rivals else 0
    return max(_PANEL, min(wanted, screen // 2))


class League(Static):
    """A heading and a line each, never wrapped, so that a row of cells is a predictor."""

    DEFAULT_CSS = """
    League { width: 1fr; height: auto; text-wrap: nowrap; text-overflow: ellipsis; margin-top: 1;
             display: none; }
    """

    class Picked(Message):
        """A predictor was clicked."""

        def __init__(self, predictor: str) -> None:
            super().__init__()
            self.predictor = predictor

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rivals: Sequence[Rival] = ()

    def show(self, rivals: Sequence[Rival], current: str, width: int, faint: str) -> None:
        """Write them; intervals take the width that they need, names what is left.

        Args:
            here: the predictor on the x axis.
        """
        self._rivals = rivals
        self.display = bool(rivals)
        if not rivals:
            return
        rows = [_cells(rival) for rival in rivals]
        names, pearsons, spearmans = _widths(rivals)
        names = min(names, max(width - pearsons - spearmans - _BETWEEN, _LEAST))
        lines = [Text(f"  {'predictor':<{names}}  {' r, 95 %':<{pearsons}}   ρ, 95 %", faint)]
        for rival, (name, pearson, spearman) in zip(rivals, rows, strict=True):
            shown = rival.predictor == current
            name = padded(name, names)
            lines.append(
                Text.assemble("▸ " if shown else "  ", (name, "bold" if shown else ""), f"  {pearson:<{pearsons}}  ",
                              spearman)
            )  # fmt: skip
        self.update(Text("\n").join(lines))

    def on_click(self, event: events.Click) -> None:
        """The predictor under the mouse, unless it was drawn over text to copy it."""
        number = event.y - 1
        if 0 <= number < len(self._rivals) and not self.screen.get_selected_text():
            self.post_message(self.Picked(self._rivals[number].predictor))
