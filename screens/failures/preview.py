"""A pair in short: what was asked, what is broken, and both responses. Plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from screens.pair.compared import Compared, compared
from screens.pair.text import marked_response
from screens.shell.colour import Colour
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.results.database import Store

__all__ = ["preview", "read_preview"]

_MOST = 4_000
"""Characters of a response that are shown."""


def read_preview(store: Store, suite_hash: str, pair_id: str) -> Compared:
    """Read one pair; blocks.

    Raises:
        BadInput: the suite holds no such pair.
        StoreError: the store cannot be read.
    """
    from engine.results.suites import find_pair

    return compared(find_pair(store, suite_hash, pair_id), _MOST)


def preview(read: Compared, colour: Colour) -> Text:
    """Prompt, violated criteria, chosen and rejected response."""
    pair, difference = read.pair, read.difference
    faint = colour("chance")
    text = Text(overflow="fold")
    text.append(one_line(pair.prompt_text, 600) + "\n")
    for criterion in pair.criteria:
        if criterion.id in pair.violated:
            text.append(f"✗ {criterion.subcategory}: ", colour("bad"))
            text.append(one_line(criterion.text, 300) + "\n", faint)
    sides = (("✓", read.chosen, difference.left, True), ("✗", read.rejected, difference.right, False))
    for mark, body, spans, good in sides:
        tone = colour("good" if good else "bad")
        text.append(f"\n{mark} ", f"bold {tone}")
        text.append_text(marked_response(body, spans, tone, chosen=good))
        text.append("\n")
    return text
