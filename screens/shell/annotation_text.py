"""A pair's flags and exclusions as glyphs and as text. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from rich.text import Text

from screens.shell.colour import Colour
from screens.shell.plain import plain

if TYPE_CHECKING:
    from engine.annotations.pairs import Annotation

__all__ = ["MARKS", "annotation_lines", "annotation_marks"]

MARKS: Final[dict[str, tuple[str, str]]] = {"flag": ("⚑", "mark-2"), "exclude": ("⊘", "bad")}
"""Glyph and colour of each kind."""


def annotation_marks(annotations: Iterable[Annotation]) -> str:
    """The glyphs of a pair's annotations, two cells wide."""
    return "".join(MARKS[note.kind][0] for note in sorted(annotations, key=lambda note: note.kind)).ljust(2)


def annotation_lines(annotations: Iterable[Annotation], colour: Colour) -> Text:
    """A pair's annotations, one a line, with their reasons; empty where there are none."""
    text = Text(overflow="fold")
    for annotation in annotations:
        mark, tone = MARKS[annotation.kind]
        word = "flagged" if annotation.kind == "flag" else "excluded"
        text.append(f"{mark} {word}", f"bold {colour(tone)}")
        text.append(f" {annotation.added_at}: {plain(annotation.note)}\n")
    return text
