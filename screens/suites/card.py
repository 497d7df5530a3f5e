"""A suite as text: its facts, its card, its check report. Plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rich.text import Text

from rubrics.counted import count
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from engine.results.suites import SuiteEntry
    from rubrics.check import Report

__all__ = ["ORIGINS", "card_text", "entry_line", "facts_line", "report_text"]

Colour = Callable[[str], str]
ORIGINS: Final = {"built-in": "●", "file": "▤", "stored": "◌"}
"""Glyph of where a suite is from."""


def entry_line(entry: SuiteEntry, width: int, colour: Colour, *, marked: bool) -> Text:
    """One suite in the list."""
    line = Text(no_wrap=True)
    line.append("✓" if marked else " ", f"bold {colour('good')}")
    if entry.fault:
        line.append("✗ ", colour("bad"))
        line.append(one_line(entry.name, max(8, width - 14)), colour("bad"))
        line.append("  cannot be used", colour("chance"))
        return line
    line.append(ORIGINS[entry.origin] + " ", colour("chance"))
    tail = f" {entry.n_scored:>7,} {entry.n_groups:>7,} {entry.n_runs:>5,}"
    room = max(8, width - 4 - len(tail))
    line.append(f"{one_line(entry.name, room):<{room}}", "bold" if marked else "")
    line.append(tail)
    return line


def facts_line(entry: SuiteEntry) -> str:
    """What is known of a suite at a glance."""
    where = {"built-in": "built in", "file": "a file", "stored": "in the database only"}[entry.origin]
    parts = [
        one_line(entry.name, 60), where, entry.suite_hash[:12], count(entry.n_scored, "pair"),
        count(entry.n_groups, "prompt"), count(entry.n_shots, "exemplar") if entry.n_shots else "",
        count(entry.n_runs, "run") if entry.n_runs else "no run yet",
    ]  # fmt: skip
    return " · ".join(filter(None, parts))


def card_text(entry: SuiteEntry, colour: Colour) -> Text:
    """The card, or what is wrong with the file and what to do."""
    text = Text(overflow="fold")
    if entry.fault:
        text.append("✗ This file cannot be used as it is\n", f"bold {colour('bad')}")
        text.append(plain(entry.fault) + "\n")
        text.append(f"→ {plain(entry.fix)}\n\n")
        text.append("h checks it line by line; once it is mended, F5 reads it again.\n")
        text.append(plain(entry.path), colour("chance"))
        return text
    if not entry.card.strip():
        text.append("This suite has no card.\n\n", "bold")
        text.append("A Markdown file of the same name beside the suite file is shown here: how it was written, by ")
        text.append("whom, how it was checked, what it does not show.")
        return text
    for line in _flowing(plain(entry.card).strip().split("\n")):
        heading = line.startswith("#")
        # Markdown as it is read, not as it is written; nothing in it becomes a link or a style.
        text.append((line.lstrip("#").strip() if heading else line.replace("**", "")) + "\n", "bold" if heading else "")
    return text


def _flowing(lines: list[str]) -> list[str]:
    """Lines of one paragraph joined, so that they break where the panel does; lists, tables and code stay."""
    found: list[str] = []
    inside = False
    for line in lines:
        kept = not line.strip() or line.startswith(("#", "|", "- ", "* ", "    ", "```", ">")) or line[:1].isdigit()
        if inside and not kept:
            found[-1] += " " + line.strip()
        else:
            found.append(line)
        inside = bool(line.strip()) and not line.startswith(("#", "|", "    ", "```"))
    return found


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
