"""docs/formats.md as its tests read it."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
YES, NO = "✓", "–"


def cells(title: str) -> dict[tuple[str, str], str]:
    """What stands below a heading: by first column and name of the column, the cells that say yes or no."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    header, _, *rows = (
        [c.strip() for c in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", section, re.M)
    )
    named = {(row[0].strip("`"), name.strip("`")): cell for row in rows for name, cell in zip(header, row, strict=True)}
    return {cell: text for cell, text in named.items() if text in (YES, NO)}
