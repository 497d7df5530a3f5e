"""The first line that keeps a file from being a suite, as it is read to be mended."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from rubrics.counted import count
from screens.shell.colour import Colour
from screens.shell.dialogs import Read
from screens.shell.place import Place
from screens.shell.plain import plain

if TYPE_CHECKING:
    from engine.results.suites import SuiteEntry
    from rubrics.reading import FaultyLine

__all__ = ["bad_line_text", "open_bad_line"]

_SHOWN: Final = 2_000
"""Characters of a value, or of a line that is no JSON, that are shown."""
_OTHERS: Final = 20
"""Further lines that are named."""


def open_bad_line(place: Place, entry: SuiteEntry, otherwise: Callable[[], None]) -> None:
    """Show the first line that has to be mended.

    Args:
        otherwise: called where no line by itself is at fault.
    """
    from rubrics.reading import faulty_lines, suite_path

    def arrived(lines: list[FaultyLine]) -> None:
        if not lines:
            otherwise()
            return
        more = f", the first of {len(lines)}" if len(lines) > 1 else ""
        title = plain(f"Line {lines[0].number} of {entry.name}{more}")
        place.app.push_screen(Read(title, bad_line_text(lines, place.colour), error=True))

    place.load("bad-line", lambda: faulty_lines(suite_path(entry.path)), arrived)


def bad_line_text(lines: Sequence[FaultyLine], colour: Colour) -> Text:
    """What is wrong with the first line, field by field; the line itself; which others there are."""
    first, others = lines[0], lines[1:]
    text = Text(overflow="fold")
    for fault in first.faults:
        text.append(
            "✗ " + plain(f"{fault.field}: {fault.message}" if fault.field else fault.message) + "\n", colour("bad")
        )
    text.append("\n")
    wrong = {fault.field.split(".")[0] for fault in first.faults if fault.field}
    for name, value in _fields(first.text):
        text.append(f"{plain(name)}: " if name else "", f"bold {colour('bad')}" if name in wrong else "bold")
        text.append(plain(value[:_SHOWN] + ("…" if len(value) > _SHOWN else "")) + "\n")
    if others:
        numbers = ", ".join(str(line.number) for line in others[:_OTHERS])
        more = f" and {count(len(others) - _OTHERS, 'more line')}" if len(others) > _OTHERS else ""
        text.append(f"\nThen {'line' if len(others) == 1 else 'lines'} {numbers}{more}; h lists all that is wrong. ")
    text.append("\nMend the file, then F5 reads it again.", colour("chance"))
    return text


def _fields(line: str) -> list[tuple[str, str]]:
    """The fields of an object, as they are written; a line that is none as it is."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return [("", line)]
    if not isinstance(value, dict):
        return [("", line)]
    return [(name, own if isinstance(own, str) else json.dumps(own, ensure_ascii=False)) for name, own in value.items()]
