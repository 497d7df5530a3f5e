"""Every screen of the app, with the keys that lead from one to the next, and what of each is cut though it had room."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import groupby
from typing import Any, Final

from names import cells
from textual.errors import NoWidget
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widget import Widget

import screens
from screens.shell.place import Place
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

__all__ = ["WALK", "all_places", "cut_though_roomy", "unreadable", "walk"]

WALK: Final = {
    "candidates": "1",
    "run, set up": "2 left_square_bracket",
    "run, live": "right_square_bracket",
    "run, stored": "semicolon",
    "rankings": "3",
    "why": "V",
    "rankings, by choice": "escape P",
    "rankings, tie sets": "P equals_sign",
    "rankings, by subcategory": "equals_sign b down down down enter",
    "rankings, by domain": "b up enter",
    "rankings, further on": "right right",
    "order": "o",
    "weights": "escape w",
    "suites to choose": "escape S",
    "heat map": "escape M",
    "heat map, intervals": "F",
    "heat map, domains": "b right",
    "topics": "escape I",
    "topics, domains": "b b",
    "wordings": "escape W",
    "comparison": "escape home space down down space c",
    "duel": "enter",
    "tokens of the duel": "enter",
    "correlation": "4",
    "correlation, a point": "right",
    "predictors": "X",
    "outcomes": "escape Y",
    "families to choose": "escape h",
    "matrix": "escape M",
    "matrix, domains": "b right",
    "upsets": "escape U",
    "families": "escape F",
    "failures": "escape 5",
    "failures, alike": "b down enter",
    "whose failures": "C",
    "pair": "escape enter",
    "tokens": "t",
    "trial": "escape escape T",
    "abilities": "I",
    "short suite": "percent_sign",
    "suites": "6 end",
    "suites, coverage": "right_square_bracket",
    "suites, check": "semicolon",
    "pairs of a suite": "left_square_bracket enter",
    "constructions": "escape K",
    "calls": "f3",
    "review": "escape H",
    "agreement": "F y",
    "what to do": "escape escape escape f9",
    "take away": "escape x",
    "help": "escape f1",
    "jump": "escape f8",
    "SQL": "escape colon",
    "SQL, answered": "s e l e c t space asterisk space f r o m space l e a d e r b o a r d enter",
}
"""What is shown, with the keys that lead to it from the one before."""

_TOLD: Final = re.compile(r"(reading|searching|looking|counting|fitting|measuring|checking)…")
"""Words that say that more is to come."""
_CONTRAST: Final = 4.5
_GAP: Final = 4
"""Blank cells that part two columns, at most."""
_ROOMY: Final = 8
"""Blank cells that are as good as a word more."""


def all_places() -> set[type[Place]]:
    """Every screen that is opened, the newest too."""
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)
    found, waiting = set(), [Place]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if not one.__subclasses__() and one.__module__.startswith("screens."):
            found.add(one)
    return found


async def walk(
    pilot: Pilot[Any], settle: Callable[[Pilot[Any]], Awaitable[None]], keys: dict[str, str]
) -> AsyncIterator[str]:
    """Press keys, and stop at every screen."""
    for name, pressed in keys.items():
        for key in pressed.split():
            await pilot.press(key)
            await settle(pilot)
        yield name


def cut_though_roomy(app: Any, text: str) -> list[str]:
    """Lines with a word that is cut, in parts of the screen where more cells are free than a word takes."""
    grid = [cells(line) for line in text.splitlines()]
    for line in grid:
        line += [" "] * (app.size.width - len(line))
    found = []
    for widget in app.screen.query("*"):
        if any(child.display for child in widget.children):
            continue
        region = _visible(app, widget)
        if not region:
            continue
        # The last cell of a list is its scrollbar's. A heading and the list below it have the same columns.
        top, bottom = region.y, region.bottom
        for other in app.screen.query(Rows if isinstance(widget, Heading) else Heading):
            part = _visible(app, other)
            if part and part.x == region.x and isinstance(widget, Heading) and part.y == bottom:
                bottom = part.bottom
            elif part and part.x == region.x and isinstance(widget, Rows) and part.bottom == top:
                top = part.y
        rows = [line[region.x : region.right - 1] for line in grid[top:bottom]]
        rows = [row for row in rows if "".join(row).strip()]
        if isinstance(widget, (Heading, Rows)) and len(rows) < 2:
            continue
        cut = ["".join(row) for row in rows if re.search(r"[^\s,]…", _TOLD.sub("", "".join(row)))]
        if cut and (free := _free(rows, region.width - 1)) >= _ROOMY:
            found.append(f"{type(widget).__name__}#{widget.id}, {free} cells free: {cut[0]}")
    return found


def unreadable(app: Any) -> set[str]:
    """Words whose colour has too little contrast with what is behind them: under 4.5 (WCAG 2.2, 1.4.3).

    What lies behind a dialog is dimmed on purpose.
    """
    found = set()
    dialogs = app.screen.query(".dialog")
    seen = dialogs.first().region if dialogs else app.screen.region
    if isinstance(app.screen, ModalScreen) and not dialogs:
        return found
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        x = 0
        for segment in strip:
            style, here = segment.style, (x, y)
            x += segment.cell_length
            if style is None or not style.color or not style.bgcolor or not re.search(r"\w{2}", segment.text):
                continue
            lights = sorted(_light(colour.get_truecolor()) for colour in (style.color, style.bgcolor))
            if seen.contains(*here) and (lights[1] + 0.05) / (lights[0] + 0.05) < _CONTRAST:
                found.add(f"{segment.text.strip()}: {style.color.name} on {style.bgcolor.name}")
    return found


def _light(colour: tuple[int, int, int]) -> float:
    """Relative luminance of a colour in sRGB (WCAG 2.2)."""
    red, green, blue = ((c / 255) / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _visible(app: Any, widget: Widget) -> Region | None:
    """Where a widget is seen, if it is."""
    try:
        return app.screen.find_widget(widget).visible_region
    except NoWidget:
        return None


def _free(rows: list[list[str]], width: int) -> int:
    """Cells that are blank in every row, beyond those that part columns."""
    blank = [all(column < len(row) and row[column] == " " for row in rows) for column in range(width)]
    runs = [sum(1 for _ in run) for is_blank, run in groupby(blank) if is_blank]
    return sum(max(0, run - _GAP) for run in runs)
