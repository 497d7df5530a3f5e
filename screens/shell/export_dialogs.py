"""Leaving with what is shown: one dialog for every screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rubrics.counted import count
from rubrics.errors import BadInput
from screens.shell.dialogs import Ask, Confirm
from screens.shell.formats import size
from screens.shell.place import Place
from screens.shell.plain import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.correlation.sources import Source

__all__ = ["export_dialog", "picture_dialog"]

_PICTURES = ".svg, .pdf, .png"


def export_dialog(
    place: Place,
    what: str,
    changes: Mapping[str, Any],
    *,
    place_of: Callable[[dict[str, Any]], Any] | None = None,
    source: Source = "own",
    figure: Callable[[], Figure] | None = None,
) -> None:
    """Ask for a file, then write `what` to it in a thread; the ending decides the format.

    Args:
        changes: what to pin in the session's question, so that the file holds what the screen shows.
        place_of: what to sort a row by, so that they stand as on the screen; None leaves it out. As made by default.
        figure: draws what is shown, for the endings of a picture.
    """

    def write(path: Path) -> tuple[Path, int | None]:
        from engine.export.figures import ENDINGS
        from engine.export.files import write_table
        from engine.export.tables import table

        if figure is not None and _ending(path) in ENDINGS:
            return _draw(figure, path)
        rows = table(place.session.store, what, place.session.question(**changes), source=source)
        if place_of is not None:
            placed = [(place_of(dict(zip(rows.columns, row, strict=True))), row) for row in rows.rows]
            shown = sorted((entry for entry in placed if entry[0] is not None), key=lambda entry: entry[0])
            rows = replace(rows, rows=[row for _, row in shown])
        write_table(rows, path)
        return Path(os.path.realpath(path)), len(rows.rows)

    hint = "a table: .csv, .parquet, .json, .md, .tex" + (f"; the figure: {_PICTURES}" if figure is not None else "")
    _ask(place, what, f"{what}.csv", hint, write)


def picture_dialog(place: Place, what: str, figure: Callable[[], Figure]) -> None:
    """Ask for a file, then draw what is shown into it in a thread; the ending decides the format."""

    def write(path: Path) -> tuple[Path, int | None]:
        from engine.export.figures import ENDINGS

        if _ending(path) not in ENDINGS:
            raise BadInput("no picture has this ending", where=path.name, fix=f"end the name in one of {_PICTURES}")
        return _draw(figure, path)

    _ask(place, what, f"{what}.svg", f"the figure: {_PICTURES}", write)


def _ending(path: Path) -> str:
    return path.suffix.lower().removeprefix(".")


def _draw(figure: Callable[[], Figure], path: Path) -> tuple[Path, None]:
    from engine.export.figures import rendered
    from rubrics.targets import whole

    drawn = rendered(figure(), _ending(path))
    with whole(path) as scratch:
        scratch.write_bytes(drawn)
    return Path(os.path.realpath(path)), None


def _ask(place: Place, what: str, name: str, hint: str, write: Callable[[Path], tuple[Path, int | None]]) -> None:
    """Ask for a file and whether one that is there may go, write in a thread, and say where and how much."""

    def written(answer: tuple[Path, int | None]) -> None:
        path, rows = answer
        held = size(path.stat().st_size) if rows is None else f"{count(rows, 'row')}, {size(path.stat().st_size)}"
        place.notify(f"{plain(str(path))}\n{held}", title="Written", markup=False)

    def begin(typed: str | None) -> None:
        if typed is None:
            return
        path = Path(os.path.expanduser(typed))
        if path.exists():
            place.app.push_screen(
                Confirm(f"{plain(path.name)} is there already", "Write over it?"),
                lambda sure: place.load("export", lambda: write(path), written) if sure else None,
            )
        else:
            place.load("export", lambda: write(path), written)

    place.app.push_screen(Ask(f"Write {what} to", name, hint), begin)
