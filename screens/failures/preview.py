"""A pair in short: what was asked, what is broken, and both responses. Plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from engine.results.word_difference import compare_words
from screens.pair.text import marked_response
from screens.shell.colour import Colour
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from rubrics.schema import Pair

__all__ = ["preview"]

_MOST = 4_000
"""Characters of a response that are shown."""


def preview(pair: Pair, colour: Colour) -> Text:
    """Prompt, violated criteria, chosen and rejected response."""
    faint = colour("chance")
    text = Text(overflow="fold")
    text.append(one_line(pair.prompt_text, 600) + "\n")
    for criterion in pair.criteria:
        if criterion.id in pair.violated:
            text.append(f"✗ {criterion.subcategory}: ", colour("bad"))
            text.append(one_line(criterion.text, 300) + "\n", faint)
    chosen, rejected = plain(pair.chosen[:_MOST]), plain(pair.rejected[:_MOST])
    difference = compare_words(chosen, rejected)
    for mark, body, spans, good in (("✓", chosen, difference.left, True), ("✗", rejected, difference.right, False)):
        tone = colour("good" if good else "bad")
        text.append(f"\n{mark} ", f"bold {tone}")
        text.append_text(marked_response(body, spans, tone, chosen=good))
        text.append("\n")
    return text
