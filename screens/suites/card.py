"""A suite's facts and its card as text. Plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from rubrics.counted import count
from screens.shell.colour import Colour
from screens.shell.markdown_blocks import markdown_blocks
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from engine.results.suites import SuiteEntry

__all__ = ["card_plain", "card_text", "facts_line"]


def facts_line(entry: SuiteEntry) -> str:
    """What is known of a suite, in a line."""
    where = {"built-in": "built in", "file": "a file", "stored": "in the database only"}[entry.origin]
    parts = [
        one_line(entry.name, 60), where, entry.suite_hash[:12], count(entry.n_scored, "pair"),
        count(entry.n_groups, "prompt"), count(entry.n_shots, "exemplar") if entry.n_shots else "",
        count(entry.n_runs, "run") if entry.n_runs else "no run yet",
    ]  # fmt: skip
    return " · ".join(filter(None, parts))


def card_text(entry: SuiteEntry, colour: Colour) -> Text:
    """Facts and card, or what is wrong with the file and what to do."""
    text = Text(overflow="fold")
    if not entry.fault:
        text.append(facts_line(entry) + "\n", colour("chance"))
        if entry.origin == "file":
            text.append(plain(entry.path) + "\n", colour("chance"))
        text.append("\n")
    if entry.fault:
        text.append("✗ This file cannot be used as it is\n", f"bold {colour('bad')}")
        text.append(plain(entry.fault) + "\n")
        text.append(f"→ {plain(entry.fix)}\n\n")
        text.append("; checks it line by line; once it is mended, F5 reads it again.\n")
        text.append(plain(entry.path), colour("chance"))
        return text
    if not entry.card.strip():
        text.append("This suite has no card.\n\n", "bold")
        text.append("A Markdown file of the same name beside the suite file is shown here: how it was written, by ")
        text.append("whom, how it was checked, what it does not show.")
        return text
    for block in markdown_blocks(entry.card.strip()):
        text.append_text(block)
        text.append("\n\n")
    return text


def card_plain(entry: SuiteEntry) -> str:
    """The same to be copied."""
    return facts_line(entry) + "\n\n" + plain(entry.card or entry.fault)
