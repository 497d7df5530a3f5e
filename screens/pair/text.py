"""A pair as text: its criteria, its responses with the words marked in which they differ. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from rubrics.best_kept import unmet_by_both
from screens.shell.colour import Colour
from screens.shell.plain import plain

if TYPE_CHECKING:
    from rubrics.schema import Pair

__all__ = ["criteria_plain", "criteria_text", "marked_response", "pair_plain"]


def marked_response(body: str, spans: Iterable[tuple[int, int]], tone: str, *, chosen: bool) -> Text:
    """A response with the words that the other lacks underlined, or struck out in the rejected one."""
    text = Text(body, overflow="fold")
    style = Style(color=tone, underline=chosen, strike=not chosen, bold=True)
    for start, end in spans:
        text.stylize(style, start, end)
    return text


def criteria_text(pair: Pair, colour: Colour) -> Text:
    """One criterion a line, the violated ones first, and what the pair is not about since neither response meets it."""
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
    if unmet := unmet_by_both(pair.source):
        told = "○ best there was, neither response meets: "
        lines.append(Text.assemble((told, f"bold {colour('warning')}"), plain(unmet)))
    return Text("\n", overflow="fold").join(lines)


def criteria_plain(pair: Pair) -> str:
    """One criterion a line, to be copied."""
    lines = [
        f"{'[violated]' if c.id in pair.violated else '[kept]'} {c.subcategory}: {plain(c.text)}" for c in pair.criteria
    ]
    if unmet := unmet_by_both(pair.source):
        lines.append(f"[best there was, neither response meets] {plain(unmet)}")
    return "\n".join(lines)


def pair_plain(pair: Pair) -> str:
    """All of a pair, to be copied."""
    return (
        f"{plain(pair.id)}\n\nPROMPT\n{plain(pair.prompt_text)}\n\nCRITERIA\n{criteria_plain(pair)}\n\n"
        f"CHOSEN\n{plain(pair.chosen)}\n\nREJECTED\n{plain(pair.rejected)}\n"
    )
