"""Writes docs/glossary.md from the terms that ship with the program; `--check` only says whether it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from rubrics.glossary import glossary

HEAD = """# Glossary

One term for one thing. Made by `python docs/glossary.py` from `rubrics/glossary.toml`, which the app shows under F1.
"""


def page() -> str:
    """The whole file."""
    lines = [HEAD]
    for group in glossary():
        lines += [f"## {group.name}", "", "| term | what it is | decided in |", "| --- | --- | --- |"]
        for term in group.terms:
            source = f" ({term.source})" if term.source else ""
            means = term.means.replace("|", "\\|")
            lines.append(f"| **{term.name}** | {means}{source} | `{term.see}` |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    place = Path(__file__).with_name("glossary.md")
    if "--check" in sys.argv:
        sys.exit(None if place.read_text(encoding="utf-8") == page() else f"{place} is not current: python {__file__}")
    place.write_text(page(), encoding="utf-8")
