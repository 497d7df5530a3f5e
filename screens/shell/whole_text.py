"""What stands on a screen as Markdown: lines of text, and lists whole, not only the part in view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.text import Text
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import DataTable, SelectionList, Static, Tree
from textual.widgets.tree import TreeNode

from screens.shell.keys import Keys
from screens.shell.navigation import Navigation
from screens.shell.plain import cells_of, padded, plain
from screens.widgets.line_list import LineList
from screens.widgets.spans import Spans

__all__ = ["markdown_of"]

_WIDTH: Final = 200
"""Cells of a line that was made for the screen."""
_MOST: Final = 20_000
"""Lines of a list; what is left out is said."""


def markdown_of(screen: Screen[Any], title: str) -> str:
    """Everything that is shown, in the order in which it stands."""
    blocks = [f"# {title}"]
    for widget in screen.walk_children(Widget):
        if not widget.display or isinstance(widget, (Navigation, Keys)) or not widget.region:
            continue
        lines = [line.rstrip() for line in _lines(widget)]
        if not any(lines):
            continue
        listed = isinstance(widget, (LineList, Tree, DataTable, SelectionList, Spans)) or len(lines) > 1
        blocks.append("\n".join(["```", *lines, "```"]) if listed else lines[0].strip())
    return "\n\n".join(blocks) + "\n"


def _lines(widget: Widget) -> Iterator[str]:
    if isinstance(widget, LineList):
        shown = min(widget.count, _MOST)
        yield from (widget.line(index, _WIDTH).plain for index in range(shown))
        if shown < widget.count:
            yield f"… {widget.count - shown:,} more"
    elif isinstance(widget, Spans):
        yield "".join(text for text, _, _ in widget.parts())
    elif isinstance(widget, Tree):
        yield from _branches(widget.root, 0)
    elif isinstance(widget, DataTable):
        yield from _columns(
            [[str(column.label) for column in widget.ordered_columns], *map(widget.get_row, widget.rows)]
        )
    elif isinstance(widget, SelectionList):
        options = [widget.get_option_at_index(at) for at in range(widget.option_count)]
        yield from (f"[{'x' if option.value in widget.selected else ' '}] {option.prompt}" for option in options)
    elif isinstance(widget, Static):
        content = widget.content
        yield from plain(content.plain if isinstance(content, Text) else str(content)).split("\n")


def _columns(rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Cells below each other, the heading first."""
    shown = [[" ".join(str(cell).split()) for cell in row] for row in rows]
    widths = [max(map(cells_of, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        yield "  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True))


def _branches(node: TreeNode[Any], depth: int) -> Iterator[str]:
    label = node.label
    yield "  " * depth + (label.plain if isinstance(label, Text) else str(label))
    if node.is_expanded:
        for child in node.children:
            yield from _branches(child, depth + 1)
