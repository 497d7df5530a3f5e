"""Documents made from the program are current; what the others say can be typed, and where they lead exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from rude_tui.cli import cli

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_help_in_the_docs_is_what_the_program_prints() -> None:
    # In a process of its own: click keeps the help option of a command as whoever asked first in this one wanted it.
    script = "import runpy, sys; print(runpy.run_path(sys.argv[1])['document'](), end='')"
    command = [sys.executable, "-c", script, str(DOCS / "commands.py")]
    made = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == made, "run: python docs/commands.py"


def _commands() -> list[tuple[str, str]]:
    """Every command line of the README and of the pages that are written by hand, with the page it stands on."""
    found = []
    for page in (DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))):
        if page.name in ("commands.md", "glossary.md"):
            continue
        for block in re.findall(r"^```\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            found += [(page.name, line.strip()) for line in block.splitlines() if line.startswith("rude-tui")]
        inline = re.findall(r"`(rude-tui [^`\n]+)`", page.read_text(encoding="utf-8"))
        found += [(page.name, line) for line in inline]
    return found


@pytest.mark.parametrize(("page", "line"), _commands())
def test_every_command_on_a_page_is_one_that_the_program_takes(page: str, line: str) -> None:
    words = [word for word in shlex.split(line.replace(" SPEC", " x").replace("…", "x"), comments=True)[1:] if word]
    command: click.Command = cli
    while words and isinstance(command, click.Group):
        if (name := words[0]) not in command.list_commands(click.Context(command)) and command is not cli:
            break
        named = command.get_command(click.Context(command), name)
        assert named is not None, f"{page}: no command {name!r} in {line!r}"
        command, words = named, words[1:]
    if words:
        # Names of options and how many values each takes; whether files exist is not asked.
        command.make_parser(click.Context(command)).parse_args(words)


def test_every_page_that_is_linked_is_there() -> None:
    for page in (DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md", *DOCS.glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
