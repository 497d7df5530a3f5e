"""One pair of a suite in full, as nobody has judged it yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

from engine.export.palette import glyph
from rubrics.counted import count
from screens.pair.compared import Compared
from screens.pair.text import criteria_text, marked_response
from screens.shell.annotation_text import annotation_lines
from screens.shell.colour import Colour
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from engine.annotations.pairs import Annotation

__all__ = ["pair_text"]


def pair_text(read: Compared, annotations: Iterable[Annotation], colour: Colour) -> Text:
    """Prompt, criteria, both responses with the words underlined or struck out that they do not share."""
    pair, difference, faint = read.pair, read.difference, colour("chance")
    text = Text(overflow="fold")
    for name in pair.subcategories:
        mark, tone = glyph(str(name))
        text.append(f"{mark} {name} ", colour(tone))
    text.append(f"\n{one_line(pair.id, 80)}", "bold")
    text.append(f" · {one_line(pair.domain, 40)}", faint)
    if pair.split is not None:
        text.append(" · exemplar, never scored", faint)
    text.append(f"\nprompt group {one_line(pair.group, 40)} · cluster {one_line(pair.cluster, 40)}\n", faint)
    for label, value in (("source", pair.source), ("licence", pair.license)):
        if value:
            text.append(f"{label} {one_line(value, 100)}\n", faint)
    text.append_text(annotation_lines(annotations, colour))
    text.append("\nPrompt\n", "bold")
    text.append(plain(pair.prompt_text) + "\n")
    text.append("\nCriteria\n", "bold")
    text.append_text(criteria_text(pair, colour))
    text.append("\n")
    for title, body, spans, tone, underline in (
        ("✓ Chosen", read.chosen, difference.left, colour("good"), True),
        ("✗ Rejected", read.rejected, difference.right, colour("bad"), False),
    ):
        text.append(f"\n{title}", f"bold {tone}")
        text.append(f"  {count(len(body.split()), 'word')}\n", faint)
        text.append_text(marked_response(body, spans, tone, chosen=underline))
        text.append("\n")
    return text
