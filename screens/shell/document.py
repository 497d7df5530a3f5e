"""Pages that ship with the program, to be read in it: headings, paragraphs and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer, Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from data.ladder import ladder_card
from data.ladder2 import ladder2_card
from screens.shell.dialogs import Hints
from screens.shell.markdown_blocks import markdown_blocks

__all__ = ["Document", "Page", "cards"]


class Page(NamedTuple):
    """One of a document."""

    title: str
    text: str
    """Markdown, of the program's own."""


def cards() -> Document:
    """The cards of both ladders, the newer first: what any sentence about foretelling rests on."""
    return Document([Page("The second ladder's card", ladder2_card()), Page("The first ladder's card", ladder_card())])


class Document(ModalScreen[None]):
    """Pages to read, one at a time; each scrolls and can be copied whole."""

    DEFAULT_CSS = """
    Document { align: center middle; background: $background 60%; }
    Document > Vertical { width: 160; max-width: 100%; height: 100%; background: $surface; border: round $primary;
                          padding: 0 1; }
    Document .title { text-style: bold; width: 1fr; }
    Document Hints { color: $text-muted; width: 1fr; height: auto; }
    Document ScrollableContainer { height: 1fr; scrollbar-size: 1 1; }
    Document ScrollableContainer > Static { margin: 0 1 1 0; }
    Document .kept { width: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "close"),
        Binding("y", "copy", "copy"),
        Binding("n", "turn(1)", "next"),
        Binding("p", "turn(-1)", "previous"),
    ]

    def __init__(self, pages: Sequence[Page]) -> None:
        super().__init__()
        self.pages = pages
        self.shown = 0

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical():
            yield Static(classes="title", markup=False)
            yield ScrollableContainer()
            more = ("n the other", "n") if len(self.pages) > 1 else ("", "")
            yield Hints(("↑↓←→ scroll", ""), more, ("y copy", "y"), ("esc close", "escape"))

    async def on_mount(self) -> None:
        """The first page; arrow keys scroll at once."""
        self.query_one(ScrollableContainer).focus()
        await self.action_turn(0)

    async def action_turn(self, step: int) -> None:
        """Another page, from its beginning."""
        self.shown = (self.shown + step) % len(self.pages)
        page = self.pages[self.shown]
        self.query_one(".title", Static).update(page.title)
        body = self.query_one(ScrollableContainer)
        await body.remove_children()
        blocks = [Static(block, classes="kept" if block.no_wrap else "") for block in markdown_blocks(page.text)]
        await body.mount(*blocks)
        body.scroll_home(animate=False)

    async def action_dismiss(self, result: None = None) -> None:
        """Close."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copy the page, over SSH too where the terminal allows it."""
        self.app.copy_to_clipboard(self.pages[self.shown].text)
