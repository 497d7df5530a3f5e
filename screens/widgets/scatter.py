"""A scatter plot. The only module that touches plotext, and textual-plotext, which leans on its private parts.

plotext draws frame, ticks, line and band; points and names are laid over its cells here, because plotext knows no way
to keep names apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.text import Text
from textual import events
from textual.color import Color
from textual.message import Message
from textual_plotext import PlotextPlot

from screens.widgets.labels import place_labels

__all__ = ["Picture", "Scatter", "Spot"]

_NEAR = 4
"""Cells within which a click means a point."""


@dataclass(frozen=True)
class Spot:
    """One point with its name."""

    name: str
    x: float
    y: float
    glyph: str = "●"
    colour: str = "mark-1"
    chosen: bool = False
    """Whether the cursor is on it."""


@dataclass(frozen=True)
class Picture:
    """All there is to draw."""

    x_label: str
    y_label: str
    spots: tuple[Spot, ...]
    line: tuple[tuple[float, float], ...] = ()
    low: tuple[tuple[float, float], ...] = field(default=())
    """Lower edge of the band."""
    high: tuple[tuple[float, float], ...] = field(default=())


class Scatter(PlotextPlot, can_focus=True):  # type: ignore[misc,call-arg]
    """Shows one picture; `letters` says which names found no room and what stands for them."""

    class Clicked(Message):
        """A point was clicked, by its place among the spots."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._cells: list[tuple[int, int]] = []
        self._picture: Picture | None = None
        self.letters: tuple[tuple[str, str], ...] = ()

    def show(self, picture: Picture) -> None:
        """Draw another picture."""
        self._picture = picture
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """The nearest point, if one is near."""
        near = [(abs(x - event.x) + 2 * abs(y - event.y), i) for i, (x, y) in enumerate(self._cells)]
        if near and min(near)[0] <= _NEAR:
            self.post_message(self.Clicked(min(near)[1]))

    def render(self) -> Text:
        picture = self._picture
        if picture is None or not picture.spots or self.size.width < 24 or self.size.height < 6:
            return Text("")
        x_range = _range([spot.x for spot in picture.spots])
        y_range = _range([spot.y for spot in picture.spots])
        plot = self.plt
        plot.clear_figure()
        plot.xlim(*x_range)
        plot.ylim(*y_range)
        plot.xlabel(f"{picture.x_label} →")
        plot.title(f"↑ {picture.y_label}")
        ground, ink = (Color.parse(self.app.theme_variables[name]) for name in ("surface", "chance"))
        strong, faint = ink.rgb, ground.blend(ink, 0.5).rgb
        for path, colour in ((picture.low, faint), (picture.high, faint), (picture.line, strong)):
            inside = [(x, y) for x, y in path if y_range[0] <= y <= y_range[1] and not math.isnan(y)]
            if len(inside) > 1:
                plot.plot([x for x, _ in inside], [y for _, y in inside], marker="braille", color=colour)
        if not (picture.line or picture.low):
            # plotext draws no frame around nothing.
            plot.scatter([picture.spots[0].x], [picture.spots[0].y], marker=" ", color=faint)
        drawn = super().render()
        assert isinstance(drawn, Text)
        return self._laid_over(drawn, picture, x_range, y_range)

    def _laid_over(
        self, drawn: Text, picture: Picture, x_range: tuple[float, float], y_range: tuple[float, float]
    ) -> Text:
        lines = list(drawn.split("\n", allow_blank=True))
        top = next((i for i, line in enumerate(lines) if "┌" in line.plain), None)
        bottom = next((i for i, line in enumerate(lines) if "└" in line.plain), None)
        if top is None or bottom is None:
            return drawn
        left, right = lines[top].plain.index("┌"), lines[top].plain.index("┐")
        width, height = right - left - 1, bottom - top - 1
        if width < 4 or height < 2:
            return drawn
        cells = [
            (
                round((spot.x - x_range[0]) / (x_range[1] - x_range[0]) * (width - 1)),
                round((y_range[1] - spot.y) / (y_range[1] - y_range[0]) * (height - 1)),
            )
            for spot in picture.spots
        ]
        self._cells = [(left + 1 + column, top + 1 + row) for column, row in cells]
        variables = self.app.theme_variables
        cursor = "bold reverse" if self.has_focus else "bold underline"
        letters: list[tuple[str, str]] = []
        for spot, (column, row), label in zip(
            picture.spots, cells, place_labels(cells, [spot.name for spot in picture.spots], width, height), strict=True
        ):
            glyph = spot.glyph
            if not label.shown:
                glyph = chr(ord("a") + len(letters) % 26)
                letters.append((glyph, spot.name))
            _put(
                lines,
                top + 1 + row,
                left + 1 + column,
                glyph,
                f"{cursor if spot.chosen else 'bold'} {variables[spot.colour]}",
            )
            if label.shown:
                ink = variables["chance" if spot.colour == "chance" else "foreground"]
                start, text = label.column, label.shown
                if label.row == row:
                    # The cell between a point and its name is blank, whatever line runs through it.
                    start, text = (start - 1, f" {text}") if start > column else (start, f"{text} ")
                _put(lines, top + 1 + label.row, left + 1 + start, text, f"{cursor if spot.chosen else ''} {ink}")
        self.letters = tuple(letters)
        return Text("\n").join(lines)


def _put(lines: list[Text], row: int, column: int, text: str, style: str) -> None:
    line = lines[row]
    lines[row] = Text.assemble(line[:column], (text, style), line[column + len(text) :])


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    gap = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return low - gap, high + gap
