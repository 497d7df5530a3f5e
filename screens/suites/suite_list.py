"""The suites as lines of a list. Plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from screens.shell.colour import Colour
from screens.shell.plain import one_line, padded

if TYPE_CHECKING:
    from engine.results.suites import SuiteEntry

__all__ = ["entry_line", "heading"]

_ORIGINS: Final = {"built-in": "●", "file": "▤", "stored": "◌"}
"""Glyph of where a suite is from."""


def heading(width: int) -> Text:
    """What the columns are."""
    name = max(12, width - 20)
    return Text(f"{'   suite':<{name}} {'pairs':>6} {'prompts':>7} {'runs':>4}", no_wrap=True)


def entry_line(entry: SuiteEntry, width: int, colour: Colour, *, marked: bool) -> Text:
    """One suite in the list."""
    line = Text(no_wrap=True)
    line.append("✓" if marked else " ", f"bold {colour('good')}")
    if entry.fault:
        line.append("✗ ", colour("bad"))
        line.append(one_line(entry.name, max(8, width - 14)), colour("bad"))
        line.append("  cannot be used", colour("chance"))
        return line
    line.append(_ORIGINS[entry.origin] + " ", colour("chance"))
    tail = f" {entry.n_scored:>6,} {entry.n_groups:>7,} {entry.n_runs:>4,}"
    room = max(8, width - 4 - len(tail))
    line.append(padded(entry.name, room), "bold" if marked else "")
    line.append(tail)
    return line
