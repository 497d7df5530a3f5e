"""A pair at a glance: what was asked, what is broken, and both responses. Plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from engine.results.differing import differing
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from rubrics.schema import Pair

__all__ = ["criteria_text", "glance", "marked"]

Colour = Callable[[str], str]
_MOST = 4_000
"""Characters of a text that can be wanted at a glance."""


def marked(body: str, spans: Iterable[tuple[int, int]], tone: str, *, chosen: bool) -> Text:
    """A response with the words that the other lacks underlined, or struck out in the rejected one."""
    text = Text(body, overflow="fold")
    style = Style(color=tone, underline=chosen, strike=not chosen, bold=True)
    for start, end in spans:
        text.stylize(style, start, end)
    return text


def criteria_text(pair: Pair, colour: Colour) -> Text:
    """One criterion a line, the violated ones first."""
    lines = []
    for criterion in sorted(pair.criteria, key=lambda criterion: criterion.id not in pair.violated):
        broken = criterion.id in pair.violated
        tone = colour("bad" if broken else "chance")
        lines.append(
            Text.assemble(
                ("✗ violated " if broken else "✓ kept     ", f"bold {tone}" if broken else tone),
                (f"{criterion.subcategory}: ", tone),
                (plain(criterion.text), "bold" if broken else ""),
            )
        )
    return Text("\n", overflow="fold").join(lines)


def glance(pair: Pair, colour: Colour) -> Text:
    """Prompt, violated criteria, chosen and rejected response."""
    faint = colour("chance")
    text = Text(overflow="fold")
    text.append(one_line(pair.prompt_text, 600) + "\n")
    for criterion in pair.criteria:
        if criterion.id in pair.violated:
            text.append(f"✗ {criterion.subcategory}: ", colour("bad"))
            text.append(one_line(criterion.text, 300) + "\n", faint)
    chosen, rejected = plain(pair.chosen[:_MOST]), plain(pair.rejected[:_MOST])
    difference = differing(chosen, rejected)
    for mark, body, spans, good in (("✓", chosen, difference.left, True), ("✗", rejected, difference.right, False)):
        tone = colour("good" if good else "bad")
        text.append(f"\n{mark} ", f"bold {tone}")
        text.append_text(marked(body, spans, tone, chosen=good))
        text.append("\n")
    return text
