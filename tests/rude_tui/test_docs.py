"""Documents that are made from the program are current."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _made(name: str, function: str) -> str:
    # In a process of its own: click keeps the help option of a command as whoever asked first in this one wanted it.
    script = "import runpy, sys; print(runpy.run_path(sys.argv[1])[sys.argv[2]](), end='')"
    command = [sys.executable, "-c", script, str(DOCS / name), function]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout


def test_the_help_in_the_docs_is_what_the_program_prints() -> None:
    made = _made("commands.py", "document")
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == made, "run: python docs/commands.py"


def test_the_manual_page_is_current_and_sets_without_a_complaint(tmp_path: Path) -> None:
    made = _made("man.py", "page")
    assert (DOCS / "rude-tui.1").read_text(encoding="utf-8") == made, "run: python docs/man.py"
    if groff := shutil.which("groff"):
        words = [groff, "-man", "-ww", "-Tutf8", "-Kutf8", str(DOCS / "rude-tui.1")]
        done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=True)
        assert done.stderr == ""
        assert "RUDE_TUI_RUN_PRECISION" in done.stdout
