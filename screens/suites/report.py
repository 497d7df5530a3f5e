"""A check report as text. Plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from screens.shell.colour import Colour
from screens.shell.plain import plain

if TYPE_CHECKING:
    from rubrics.check import Report

__all__ = ["report_text"]


def report_text(report: Report, colour: Colour) -> Text:
    """A check report; errors and warnings in their colours, each behind its glyph."""
    text = Text(no_wrap=True)
    for line in plain(report.render()).split("\n"):
        if line.startswith("error:"):
            text.append("✗ " + line + "\n", f"bold {colour('bad')}")
        elif line.startswith("warning:"):
            text.append("! " + line + "\n", colour("mark-2"))
        else:
            text.append(line + "\n", colour("chance") if line.startswith("    ") else "")
    return text
