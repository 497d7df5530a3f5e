"""What a person writes about a construction: another text for a response, and what tokens cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from screens.shell.dialogs import Ask, Hints
from screens.shell.place import Place
from screens.shell.plain import one_line, plain

__all__ = ["Edit", "price_dialog", "read_price"]


class Edit(ModalScreen[str | None]):
    """A text of many lines; None where the person gave up or changed nothing."""

    DEFAULT_CSS = """
    Edit { align: center middle; background: $background 60%; }
    Edit > .dialog { width: 100; max-width: 100%; height: 90%; background: $surface; border: round $primary;
                     padding: 0 1; }
    Edit .title { text-style: bold; }
    Edit TextArea, Edit TextArea:focus { height: 1fr; border: none; background: $background; }
    Edit Hints { color: $text-muted; height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "cancel", priority=True),
        Binding("ctrl+s,f2", "keep", "keep", priority=True),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = plain(text)

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical(classes="dialog"):
            yield Static(Text(f"Edit {self._title}"), classes="title")
            yield TextArea(self._text, soft_wrap=True, tab_behavior="indent")
            yield Hints(("^s or F2 keep", "f2"), ("esc cancel", "escape"))

    def action_keep(self) -> None:
        """Done."""
        text = self.query_one(TextArea).text
        self.dismiss(text if text != self._text else None)

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


def read_price(text: str) -> tuple[float, float] | None:
    """`READ,WRITTEN` as two numbers; None where it is neither that nor one number for both."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    if len(values) not in (1, 2) or not all(math.isfinite(value) and value >= 0 for value in values):
        return None
    return values[0], values[-1]


def price_dialog(
    place: Place, models: Sequence[str], prices: dict[str, tuple[float, float]], then: Callable[[], None]
) -> None:
    """Ask for each model what a million tokens cost, one after the other."""
    if not models:
        place.notify("No model has answered yet", timeout=2, markup=False)
        return
    model, *others = models

    def said(text: str | None) -> None:
        price = read_price(text) if text is not None else None
        if text is not None and price is None:
            place.notify("Give READ,WRITTEN, for example 1.25,10", severity="warning", markup=False)
        elif price is not None:
            prices[model] = price
            then()
        if others and text is not None:
            price_dialog(place, others, prices, then)

    known = prices.get(model)
    title = f"A million tokens of {one_line(model.rpartition('#')[2] or model, 40)}: READ,WRITTEN"
    before = f"{known[0]:g},{known[1]:g}" if known else ""
    place.app.push_screen(Ask(title, before, "money, in any currency", "1.25,10"), said)
