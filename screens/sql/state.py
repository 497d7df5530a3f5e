"""A question in SQL, its answer as lines, and what a half-typed word may become. Plain Python."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len

from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.results.own_questions import SqlAnswer

__all__ = ["SqlState", "complete", "lines_of"]

_LAST: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]*$")
_FROM: Final = re.compile(r"\b(from|join|describe)\s+$", re.IGNORECASE)
_CELL: Final = 40
_LOOK: Final = 200
"""Rows by which columns are laid out."""


@dataclass
class SqlState:
    """The console: what was asked before, what can be asked, the answer shown."""

    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Views and tables with their columns."""
    answer: SqlAnswer | None = None
    answered: str = ""
    """The question it answers."""
    asked: list[str] = field(default_factory=list)
    """Questions of this sitting, oldest first."""
    at: int = 0
    """The one shown, counted from the newest; 0 is a new one."""

    def take(self, sql: str, answer: SqlAnswer | None) -> None:
        """There is an answer, or none: what was asked is kept either way, and no other answer stands below it."""
        self.answer, self.answered, self.at = answer, sql, 0
        if not self.asked or self.asked[-1] != sql:
            self.asked.append(sql)

    def before(self, step: int) -> str:
        """An earlier question, or a later one; empty for a new one."""
        self.at = min(max(0, self.at + step), len(self.asked))
        return self.asked[-self.at] if self.at else ""


def complete(typed: str, names: Mapping[str, Sequence[str]]) -> str | None:
    """What is typed, its last word made whole: a view's name, a column of a view that is named, or a word of SQL."""
    from engine.results.own_questions import WORDS

    last = _LAST.search(typed)
    if last is None:
        return None
    word = last[0].lower()
    named = [name for name in names if re.search(rf"\b{re.escape(name)}\b", typed)]
    columns = [column for name in (named or names) for column in names[name]]
    # Where a view is named, its columns are meant; behind “from” stands another view.
    of_views = not named or _FROM.search(typed[: last.start()])
    known = (*names, *columns, *WORDS) if of_views else (*columns, *names, *WORDS)
    if any(candidate.lower() == word for candidate in known):
        return None
    found = next((candidate for candidate in known if candidate.lower().startswith(word)), None)
    return None if found is None else typed[: last.start()] + found


def lines_of(answer: SqlAnswer) -> tuple[str, list[str]]:
    """The heading and every row, columns as wide as what stands in them, numbers to the right."""
    shown = [[_said(cell) for cell in row] for row in answer.rows]
    names = list(answer.columns)
    right = [all(isinstance(row[i], (int, float)) for row in answer.rows[:_LOOK]) for i in range(len(names))]
    # Text at the end of a line needs no blanks behind it.
    widths = [
        max([cell_len(name), *(cell_len(row[i]) for row in shown[:_LOOK])]) if right[i] or i < len(names) - 1 else 0
        for i, name in enumerate(names)
    ]

    def line(cells: Sequence[str]) -> str:
        padded = []
        for cell, width, is_number in zip(cells, widths, right, strict=True):
            gap = " " * max(0, width - cell_len(cell))
            padded.append(gap + cell if is_number else cell + gap)
        return " " + "  ".join(padded)

    return line(names), [line(row) for row in shown]


def _said(cell: Any) -> str:
    if cell is None:
        return "–"
    return f"{cell:.6g}" if isinstance(cell, float) else one_line(str(cell), _CELL)
