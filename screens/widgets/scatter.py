"""A scatter plot. The only module that touches plotext, and textual-plotext, which leans on its private parts.

plotext draws frame, ticks, line and band; points and names are laid over its cells here, because plotext knows no way
to keep names apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.color import Color
from textual.message import Message
from textual_plotext import PlotextPlot

from screens.widgets.cells import clipped
from screens.widgets.labels import place_labels
from screens.widgets.scale import round_ticks

__all__ = ["Picture", "Scatter", "Spot"]

_NEAR = 4
"""Cells within which a click means a point."""
_TICK_CELLS, _TICK_ROWS = 14, 4
"""Cells and rows that a tick has at least, about."""
_X, _Y = "\ue000", "\ue001"
"""What plotext draws in place of a label's cells: it takes every character for one cell."""
_BESIDE = 12
"""Cells beside the frame, about."""
_FEW = 12
"""Points whose intervals are all drawn; of more, only those of the one under the cursor."""


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
    x_ends: tuple[float, float] = (math.nan, math.nan)
    """Of its interval; NaN where there is none."""
    y_ends: tuple[float, float] = (math.nan, math.nan)


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
        most = self.size.width // _TICK_CELLS, self.size.height // _TICK_ROWS
        for set_ticks, ends, number in ((plot.xticks, x_range, most[0]), (plot.yticks, y_range, most[1])):
            ticks = round_ticks(*ends, max(2, number))
            set_ticks([value for value, _ in ticks], [text for _, text in ticks])
        labels = {_X: f"{picture.x_label} →", _Y: f"↑ {picture.y_label}"}
        labels = {letter: clipped(label, self.size.width - _BESIDE) for letter, label in labels.items()}
        plot.xlabel(_X * cell_len(labels[_X]))
        plot.title(_Y * cell_len(labels[_Y]))
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
        lines = [_labelled(line, labels) for line in drawn.split("\n", allow_blank=True)]
        return self._laid_over(lines, picture, x_range, y_range)

    def _laid_over(
        self, lines: list[Text], picture: Picture, x_range: tuple[float, float], y_range: tuple[float, float]
    ) -> Text:
        top = next((i for i, line in enumerate(lines) if "┌" in line.plain), None)
        bottom = next((i for i, line in enumerate(lines) if "└" in line.plain), None)
        if top is None or bottom is None:
            return Text("\n").join(lines)
        left, right = lines[top].plain.index("┌"), lines[top].plain.index("┐")
        width, height = right - left - 1, bottom - top - 1
        if width < 4 or height < 2:
            return Text("\n").join(lines)
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
        over = _Overlay(left + 1, top + 1, width, height)
        few = len(picture.spots) <= _FEW
        for spot, cell in zip(picture.spots, cells, strict=True):
            if few or spot.chosen:
                ends = (
                    [_place(end, x_range, width) for end in spot.x_ends],
                    [
                        height - 1 - row if (row := _place(end, y_range, height)) is not None else None
                        for end in reversed(spot.y_ends)
                    ],
                )
                over.cross(cell, *ends, variables[spot.colour if spot.chosen else "chance"])
        letters: list[tuple[str, str]] = []
        for spot, (column, row), label in zip(
            picture.spots, cells, place_labels(cells, [spot.name for spot in picture.spots], width, height), strict=True
        ):
            glyph = spot.glyph
            if not label.shown:
                glyph = chr(ord("a") + len(letters) % 26)
                letters.append((glyph, spot.name))
            over.put(row, column, glyph, f"{cursor if spot.chosen else 'bold'} {variables[spot.colour]}")
            if label.shown:
                ink = variables["chance" if spot.colour == "chance" else "foreground"]
                start, text = label.column, label.shown
                if label.row == row:
                    # The cell between a point and its name is blank, whatever line runs through it.
                    start, text = (start - 1, f" {text}") if start > column else (start, f"{text} ")
                over.put(label.row, start, text, f"{cursor if spot.chosen else ''} {ink}")
        self.letters = tuple(letters)
        return Text("\n").join(over.on(lines))


class _Overlay:
    """What is laid over the cells inside the frame; what comes later covers what came before."""

    def __init__(self, left: int, top: int, width: int, height: int) -> None:
        self._left, self._top, self._width, self._height = left, top, width, height
        self._rows: dict[int, dict[int, tuple[str, str, int]]] = {}

    def put(self, row: int, column: int, text: str, style: str) -> None:
        """Text from a cell on."""
        cells = cell_len(text)
        there = self._rows.setdefault(row, {})
        for start, (_, _, covered) in list(there.items()):
            if start < column + cells and column < start + covered:
                del there[start]
        there[column] = (text, style, cells)

    def cross(
        self, cell: tuple[int, int], x_ends: Sequence[int | None], y_ends: Sequence[int | None], style: str
    ) -> None:
        """The intervals through a point, as far as they are known and inside."""
        column, row = cell
        for ends, most, along in ((x_ends, self._width, True), (y_ends, self._height, False)):
            first, last = ends
            if first is None or last is None:
                continue
            for at in range(max(0, first), min(most - 1, last) + 1):
                self.put(*((row, at, "─") if along else (at, column, "│")), style)

    def on(self, lines: list[Text]) -> list[Text]:
        """The lines with it."""
        laid = list(lines)
        for row, there in self._rows.items():
            line = laid[self._top + row]
            # From right to left, for a wide character takes more cells than characters.
            for column, (text, style, cells) in sorted(there.items(), reverse=True):
                start = self._left + column
                line = Text.assemble(line[:start], (text, style), line[start + cells :])
            laid[self._top + row] = line
        return laid


def _labelled(line: Text, labels: Mapping[str, str]) -> Text:
    """A line of plotext's with the label of an axis in place of its letters."""
    for letter, label in labels.items():
        start, cells = line.plain.find(letter), cell_len(label)
        if start >= 0:
            looks = (span.style for span in line[start : start + 1].spans)
            line = Text.assemble(line[:start], (label, next(looks, "")), line[start + cells :])
    return line


def _place(value: float, ends: tuple[float, float], cells: int) -> int | None:
    """The cell of a value along an axis; None where it is not known."""
    return None if math.isnan(value) else round((value - ends[0]) / (ends[1] - ends[0]) * (cells - 1))


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    gap = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return low - gap, high + gap
