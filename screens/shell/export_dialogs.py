"""Taking away what is shown: one dialog for every screen, for one file or for everything into a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from rubrics.counted import count
from rubrics.errors import BadInput, RudeError
from screens.shell.dialogs import Ask, Confirm
from screens.shell.formats import size
from screens.shell.place import Place
from screens.shell.plain import plain
from screens.shell.whole_text import markdown_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.correlation.sources import Source
    from engine.export.tables import Table

__all__ = ["export_dialog", "picture_dialog", "screen_dialog", "table_dialog"]

_HEAD: Final = 3
"""Lines of what is taken away that its manifest repeats."""
_FOLDER: Final = "rude-tui-out"
_PICTURES: Final = ".svg, .pdf, .png"
_TABLES: Final = ".csv, .parquet, .json, .md, .tex"


def export_dialog(
    place: Place,
    what: str,
    changes: Mapping[str, Any],
    *,
    place_of: Callable[[dict[str, Any]], Any] | None = None,
    source: Source = "own",
    figure: Callable[[], Figure] | None = None,
    name: str = "",
) -> None:
    """Ask where to, then write the table `what`, and what is drawn, in a thread.

    Args:
        changes: what to pin in the session's question, so that the file holds what the screen shows.
        place_of: what to sort a row by, so that they stand as on the screen; None leaves it out. As made by default.
        figure: draws what is shown, for the endings of a picture.
        name: what files are called; as the table, where the screen shows it as it is.
    """

    def rows() -> Table:
        from engine.export.tables import table

        made = table(place.session.store, what, place.session.question(**changes), source=source)
        if place_of is None:
            return made
        placed = [(place_of(dict(zip(made.columns, row, strict=True))), row) for row in made.rows]
        shown = sorted((entry for entry in placed if entry[0] is not None), key=lambda entry: entry[0])
        return replace(made, rows=[row for _, row in shown])

    _ask(place, name or what, rows, figure, changes)


def table_dialog(
    place: Place,
    what: str,
    rows: Callable[[], Table],
    figure: Callable[[], Figure] | None = None,
    how: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """The same for a table that the screen makes itself.

    Args:
        how: what it was made of beside the session's question, for the manifest.
    """
    _ask(place, what, rows, figure, {}, how)


def picture_dialog(place: Place, what: str, figure: Callable[[], Figure]) -> None:
    """The same for what is drawn only."""
    _ask(place, what, None, figure, {})


def screen_dialog(place: Place) -> None:
    """The same for a screen that has no key of its own for this: the list it is, if it is one, what it says, and its
    picture."""
    name, rows = place.shown_table() or (_title(place), None)
    _ask(place, "-".join(re.findall(r"[a-z0-9]+", name.lower())) or "screen", rows, None, {})


def _ask(
    place: Place,
    what: str,
    rows: Callable[[], Table] | None,
    figure: Callable[[], Figure] | None,
    changes: Mapping[str, Any],
    more: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Ask for a folder or a file and whether one that is there may go, write in a thread, say where and how much."""
    # What is shown now, before a dialog lies over it.
    text, screen = markdown_of(place, _title(place)), place.app.export_screenshot(title=_title(place))

    def everything(folder: Path) -> tuple[Path, str]:
        from engine.export.taking_away import Taken, how_made, take_away

        question = {name: value for name, value in asdict(place.session.question(**changes)).items() if value}
        how = {
            "screen": _title(place), "shown": _head(text), "database": str(place.session.store.path),
            "question": question, **how_made(_board(place)), **more,
        }  # fmt: skip
        drawn = figure() if figure is not None else None
        table = rows() if rows is not None else None
        files = take_away(folder, Taken(what, text, screen, table, drawn, how))
        held = sum(file.stat().st_size for file in files)
        return Path(os.path.realpath(folder)), f"{count(len(files), 'file')}, {size(held)}"

    def one(path: Path) -> tuple[Path, str]:
        from engine.export.figures import ENDINGS
        from engine.export.files import write_table

        where, ending = Path(os.path.realpath(path)), path.suffix.lower().removeprefix(".")
        if figure is not None and ending in ENDINGS:
            _draw(figure, path)
        elif rows is not None:
            table = rows()
            write_table(table, path)
            return where, f"{count(len(table.rows), 'row')}, {size(path.stat().st_size)}"
        elif ending == "md":
            from rubrics.targets import write_whole

            with write_whole(path) as out:
                out.write(text)
        else:
            drawn_only = figure is not None
            wrong = "no picture has this ending" if drawn_only else "nothing here goes into such a file"
            fix = f"end the name in one of {_PICTURES}, or name a folder" if drawn_only else "name a folder"
            raise BadInput(wrong, where=path.name, fix=fix)
        return where, size(path.stat().st_size)

    def written(answer: tuple[Path, str]) -> None:
        path, held = answer
        place.notify(f"{plain(str(path))}\n{held}", title="Written", markup=False)

    def begin(typed: str | None) -> None:
        if typed is None:
            return
        path = Path(os.path.expanduser(typed))
        if not path.suffix or path.is_dir():
            place.load("export", lambda: everything(path), written)
        elif path.exists():
            place.app.push_screen(
                Confirm(f"{plain(path.name)} is there already", "Write over it?"),
                lambda sure: place.load("export", lambda: one(path), written) if sure else None,
            )
        else:
            place.load("export", lambda: one(path), written)

    files = [_TABLES] * (rows is not None) + [_PICTURES] * (figure is not None)
    hint = "a folder takes all there is" + (f"; one file: {', '.join(files)}" if files else "; one file: .md")
    place.app.push_screen(Ask(f"Take away {what} to", _FOLDER, hint), begin)


def _head(text: str) -> list[str]:
    """The lines below the title, which say what a screen shows: whose, of which suite, by which metric."""
    lines = [line.strip() for line in text.splitlines()[1:]]
    return [line for line in lines if line and line != "```"][:_HEAD]


def _title(place: Place) -> str:
    return type(place).TITLE or "screen"


def _board(place: Place) -> Any:
    """The board behind what is shown, where there is one."""
    if place.MODE not in ("rankings", "failures"):
        return None
    try:
        return place.session.board()
    except RudeError:
        return None


def _draw(figure: Callable[[], Figure], path: Path) -> None:
    from engine.export.figures import rendered
    from rubrics.targets import whole

    drawn = rendered(figure(), path.suffix.lower().removeprefix("."))
    with whole(path) as scratch:
        scratch.write_bytes(drawn)
