"""Jump mode: a letter on each thing that can be focused, and on each line in view of the list that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Offset
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import DataTable, Static, Tree

from screens.widgets.rows import Rows

__all__ = ["Jump", "Target", "targets_on"]

LETTERS: Final = "asdfghjklqwertyuiopzxcvbnmASDFGHJKLQWERTYUIOPZXCVBNM"


class Target(NamedTuple):
    """A place on the screen, and what going there does."""

    at: Offset
    go: Callable[[], object]


def targets_on(screen: Screen[Any]) -> list[Target]:
    """Where one can go, the lines of what has the focus first; no more than there are letters."""
    focused = screen.focused
    found = _lines(focused) if focused is not None else []
    for widget in screen.focus_chain:
        if widget is not focused and widget.region:
            found.append(Target(widget.region.offset, widget.focus))
    inside = [target for target in found if screen.region.contains_point(target.at)]
    return inside[: len(LETTERS)]


def _lines(widget: Widget) -> list[Target]:
    """The lines in view of a list, a tree or a table; going to one moves its cursor there."""
    content, scroll = widget.content_region, round(widget.scroll_offset.y)

    def at(row: int) -> Offset:
        return Offset(content.x, content.y + row)

    if isinstance(widget, Rows):
        shown = range(scroll, min(widget.count, scroll + content.height))
        return [Target(at(line - scroll), lambda line=line: setattr(widget, "cursor", line)) for line in shown]  # type: ignore[misc]
    if isinstance(widget, Tree):
        shown = range(scroll, min(widget.last_line + 1, scroll + content.height))
        return [Target(at(line - scroll), lambda line=line: setattr(widget, "cursor_line", line)) for line in shown]  # type: ignore[misc]
    if isinstance(widget, DataTable):
        head = widget.header_height if widget.show_header else 0
        shown = range(scroll, min(widget.row_count, scroll + content.height - head))
        return [Target(at(head + row - scroll), lambda row=row: widget.move_cursor(row=row)) for row in shown]  # type: ignore[misc]
    return []


class Jump(ModalScreen[None]):
    """Lies over a screen until a letter is typed; any other key gives up."""

    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = """
    Jump { background: transparent; }
    Jump > Static { position: absolute; width: 1; height: 1; background: $warning; color: $background;
                    text-style: bold; }
    """

    def __init__(self, targets: list[Target]) -> None:
        super().__init__()
        self._targets = targets

    def compose(self) -> ComposeResult:
        """One letter for each place."""
        for letter, target in zip(LETTERS, self._targets, strict=False):
            label = Static(Text(letter, "bold reverse"))
            label.styles.offset = (target.at.x, target.at.y)
            yield label

    def on_key(self, event: events.Key) -> None:
        """Go there, or stay."""
        event.stop()
        self.dismiss()
        place = LETTERS.find(event.character) if event.character and event.is_printable else -1
        if 0 <= place < len(self._targets):
            self._targets[place].go()

    def on_click(self) -> None:
        """Give up."""
        self.dismiss()
