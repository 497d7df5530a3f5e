"""Text from data, made safe to show: nothing in it can colour, move, reverse or blank the screen, or shift a column."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from rich.cells import cell_len

from screens.widgets.cells import clipped, filled

__all__ = ["cells_of", "one_line", "padded", "plain"]

_HARMLESS: Final = re.compile(r"[ -~\n]*")
_ESCAPES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"  # the two-character ones
)
_NEWLINES: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_KEPT_FORMATS: Final = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2\U000110bd")
"""Format characters that have a shape, or that a script needs to be spelt."""
_TAB: Final = 4
_MARKS: Final = 4
"""Characters to a cell that are looked at: a letter with three accents is four."""
# Terminals disagree on how wide these make an emoji, and one cell too many breaks every line to its right.
_JOINED_EMOJI: Final = re.compile(
    "(?<=[\u2190-\u2bff\U0001f000-\U0001faff])\u200d|\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])"
)
_VARIATION: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def plain(text: str) -> str:
    """The text with escape sequences, control codes and bidi controls gone, tabs expanded, lines ended by `\\n`.

    What it returns is text for `rich.text.Text` or `textual.content.Content`, never for a parser of markup.
    """
    if _HARMLESS.fullmatch(text):
        return text
    text = _NEWLINES.sub("\n", _ESCAPES.sub("", text))
    text = "".join(map(_shown, text)) if not text.isprintable() else text
    text = _JOINED_EMOJI.sub("", _VARIATION.sub("", text))
    return text.expandtabs(_TAB)


def _shown(character: str) -> str:
    if character in "\n\t" or character.isprintable():
        return character
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    if category == "Cs":
        return "\ufffd"
    if category == "Cc" or (category == "Cf" and character not in _KEPT_FORMATS):
        return ""
    return character if category in ("Cf", "Co") else "\ufffd"


def one_line(text: str, limit: int = 200) -> str:
    """The same on one line of so many cells: line ends become `⏎`, and what is cut off is marked with `…`."""
    whole = limit * _MARKS
    head = plain(text[:whole]).strip().replace("\n", "⏎")
    return clipped(head if len(text) <= whole else head + "…", limit)


def cells_of(text: str, limit: int = 200) -> int:
    """Cells that the text takes on one line, cut to so many."""
    return cell_len(one_line(text, limit))


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text on one line of exactly so many cells, at their left end or at their right."""
    return filled(one_line(text, width), width, right=right)
