"""Documents that are made from the program are current."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_help_in_the_docs_is_what_the_program_prints() -> None:
    # In a process of its own: click keeps the help option of a command as whoever asked first in this one wanted it.
    script = "import runpy, sys; print(runpy.run_path(sys.argv[1])['document'](), end='')"
    command = [sys.executable, "-c", script, str(DOCS / "commands.py")]
    made = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == made, "run: python docs/commands.py"
