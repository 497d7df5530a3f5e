"""Documents that are made from the program are current."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_help_in_the_docs_is_what_the_program_prints() -> None:
    document = runpy.run_path(str(DOCS / "commands.py"))["document"]
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == document(), "run: python docs/commands.py"
