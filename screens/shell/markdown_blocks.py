"""Markdown as it is read, not as it is written: paragraphs that flow, tables in columns. Plain Python.

Nothing in it becomes a link, and no style but bold: a card may come with anybody's suite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from rich.text import Text

from screens.shell.plain import cells_of, padded, plain

__all__ = ["markdown_blocks"]

_LINK: Final = re.compile(r"!?\[([^\]]*)\]\(([^)\s]*)\)")
_ITEM: Final = re.compile(r"\s*([-*]|\d+[.)])\s")
_RULE: Final = re.compile(r":?-+:?")
_CELL: Final = 200
"""Cells of a column beyond which it is cut."""


def markdown_blocks(markdown: str) -> Iterator[Text]:
    """Its headings, paragraphs, lists, tables and pieces of code, in order; what has `no_wrap` keeps its lines."""
    code: list[str] | None = None
    for kind, lines in groupby(plain(markdown).split("\n"), _kind):
        block = list(lines)
        if kind == "fence" and code is not None:
            yield _whole(code)
            code = None
        elif code is not None:
            code += block
        elif kind == "fence":
            code = []
        elif kind == "heading":
            yield from (Text(_bare(line.lstrip("#").strip()), "bold", overflow="fold") for line in block)
        elif kind == "table":
            yield _whole(_columns(block))
        elif kind == "code":
            yield _whole(block)
        elif kind == "prose":
            yield _flowing(block)
    if code:
        yield _whole(code)


def _kind(line: str) -> str:
    """What a line is part of; empty between blocks."""
    if line.startswith("```"):
        return "fence"
    if line.startswith("#"):
        return "heading"
    if line.startswith("|"):
        return "table"
    if line.startswith("    ") and not _ITEM.match(line):
        return "code"
    return "prose" if line.strip() else ""


def _whole(lines: Sequence[str]) -> Text:
    return Text("\n".join(lines), no_wrap=True, overflow="crop")


def _bare(line: str) -> str:
    """Without the marks of code, and a link as its words and where it leads."""
    return _LINK.sub(lambda found: _linked(*found.groups()), line).replace("`", "")


def _linked(words: str, target: str) -> str:
    return words if words == target else f"{words} ({target})"


def _flowing(lines: Sequence[str]) -> Text:
    """Lines of one paragraph joined, so that they break where the panel does; each item of a list on a line."""
    joined: list[str] = []
    for line in lines:
        if joined and not _ITEM.match(line) and not line.startswith(">"):
            joined[-1] += " " + line.strip()
        else:
            joined.append(line.rstrip())
    text = Text(overflow="fold")
    for number, piece in enumerate(_bare("\n".join(joined)).split("**")):
        text.append(piece, "bold" if number % 2 else "")
    return text


def _columns(lines: Sequence[str]) -> list[str]:
    """A table's rows with their cells below each other, and a line under its head; numbers as the table says."""
    rows = [[_bare(cell).replace("**", "").strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    number = max(map(len, rows))
    rows = [row + [""] * (number - len(row)) for row in rows]
    rules = next((row for row in rows if all(_RULE.fullmatch(cell) for cell in row if cell) and any(row)), [])
    right = [rule.endswith(":") and not rule.startswith(":") for rule in rules or [""] * number]
    cells = [row for row in rows if row is not rules]
    widths = [max(cells_of(row[column], _CELL) for row in cells) for column in range(number)]
    drawn = ["  ".join(padded(cell, widths[n], right=right[n]) for n, cell in enumerate(row)).rstrip() for row in cells]
    return [drawn[0], "─" * (sum(widths) + 2 * (number - 1)), *drawn[1:]] if rules else drawn
