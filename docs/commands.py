"""Write docs/commands.md: the help of every command, as the program prints it.

python docs/commands.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from rude_tui.cli import cli

WIDTH = 100


def pages(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    """The help of a command, then of those below it."""
    # click keeps the help option of a command once it is made, so both must ask for the same names.
    settings = {**cli.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    yield f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from pages(found, context, below)


def document() -> str:
    """The whole file."""
    head = "# Commands\n\nWritten by `python docs/commands.py`; a test checks that it is current.\n\n"
    return head + "\n".join(pages(cli, None, "rude-tui"))


if __name__ == "__main__":
    Path(__file__).with_suffix(".md").write_text(document(), encoding="utf-8")
