"""The table of candidates: its columns, as many as there is room for, and the cells of one row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from rich.text import Text

from screens.candidates.state import CandidateEntry, NoCandidate, Row
from screens.shell.colour import Colour
from screens.shell.formats import parameters, size
from screens.shell.plain import cells_of, one_line, plain

if TYPE_CHECKING:
    from engine.candidates.problems import Problem

__all__ = ["cells", "column_widths", "problem_colour", "problem_glyph"]

_SLIM: Final = 48
"""Cells below which a word on what is wrong is worth more than the size."""
_ORDER: Final = ("", "candidate", "size", "dtype", "bytes", "context", "fits as", "problems")
_WIDE_NAME, _NAME = 40, 22


def column_widths(rows: Sequence[Row], room: int, screen_width: int, *, wide: bool, colour: Colour) -> dict[str, int]:
    """The columns there is room for, in the order they are shown in, with their widths.

    Args:
        room: cells of the table.
    """
    longest = max([9, *(cells_of(_name(row)) for row in rows)])
    widths = {"": 1, "candidate": min(longest, _WIDE_NAME if wide else _NAME), "size": 6, "fits as": 7}
    if screen_width < _SLIM:
        del widths["size"]
    remaining = room - sum(width + 2 for width in widths.values()) - 2
    # What is wrong is said in the line wherever there is room for it; the panel has the rest.
    problems = max((_problems(row, colour).cell_len for row in rows), default=0)
    widths["problems"] = min(max(problems, 8), max(8, remaining - 2))
    remaining -= widths["problems"] + 2
    for label, width in (("bytes", 8), ("dtype", 5), ("context", 8)):
        if remaining >= width + 2:
            widths[label] = width
            remaining -= width + 2
    widths["candidate"] = min(longest, widths["candidate"] + max(0, remaining))
    return {label: widths[label] for label in _ORDER if label in widths}


def cells(entry: Row, name: int, colour: Colour, *, marked: bool) -> dict[str, Text]:
    """One row, by column; `name` is the width of that of the candidate."""
    if isinstance(entry, NoCandidate):
        folder = Text(one_line(_name(entry), name), colour("chance"), no_wrap=True)
        empty = dict.fromkeys(_ORDER, Text())
        return {
            **empty,
            "candidate": folder,
            "fits as": Text("no", colour("bad")),
            "problems": _problems(entry, colour),
        }
    candidate = entry.candidate
    dim = "" if entry.usable else colour("chance")
    fit = entry.fit.precision if entry.fit is not None else None
    return {
        "": Text("✓" if marked else " ", f"bold {colour('good')}"),
        "candidate": Text(one_line(candidate.name, name), "bold" if marked else dim, no_wrap=True),
        "size": Text(parameters(candidate.parameters), dim, justify="right"),
        "dtype": Text(plain(candidate.dtype), dim),
        "bytes": Text(size(candidate.weight_bytes or None), dim, justify="right"),
        "context": Text(f"{candidate.context:,}" if candidate.context else "–", dim, justify="right"),
        "fits as": Text(fit or "no", "" if fit else colour("bad")),
        "problems": _problems(entry, colour),
    }


def _name(row: Row) -> str:
    return row.candidate.name if isinstance(row, CandidateEntry) else PurePath(row.path).name


def _problems(entry: Row, colour: Colour) -> Text:
    text = Text(no_wrap=True)
    if isinstance(entry, NoCandidate):
        return text.append("✗ no model", colour("bad"))
    for problem in entry.candidate.problems:
        text.append(problem_glyph(problem) + problem.code.replace("_", " ") + " ", problem_colour(problem, colour))
    if entry.fit is not None and entry.fit.precision is None:
        text.append("✗ memory", colour("bad"))
    return text


def problem_glyph(problem: Problem) -> str:
    """`✗` keeps a candidate from being scored, `!` is worth knowing."""
    return "✗ " if problem.refused else "! "


def problem_colour(problem: Problem, colour: Colour) -> str:
    """The colour of either."""
    return colour("bad") if problem.refused else colour("mark-2")
