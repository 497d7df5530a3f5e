"""Write docs/rude-tui.1, the manual page, from the help of every command; the wheel puts it where `man` looks.

python docs/man.py
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from rude_tui.cli import cli

PAGE = Path(__file__).with_name("rude-tui.1")


def text(line: str) -> str:
    """A line of prose as roff: nothing in it is a request."""
    plain = line.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + plain if plain.startswith((".", "'")) else plain


def prose(help: str) -> Iterator[str]:
    """Paragraphs; what click is told not to wrap stays as it is."""
    for paragraph in inspect.cleandoc(help).split("\n\n"):
        lines = paragraph.splitlines()
        yield ".PP"
        if lines and lines[0] == "\b":
            yield from (".nf", *map(text, lines[1:]), ".fi")
        else:
            yield from map(text, lines)


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    """Each option with its help."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and "--help" not in parameter.opts:
            yield from (".TP", f".B {text(record[0])}", text(re.sub(r"\s+", " ", record[1])))


def entries(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    """A command, then those below it."""
    context = click.Context(command, info_name=name, parent=parent, **cli.context_settings)
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (f".SS {text(context.command_path)}", f".B {text(context.command_path)}", text(usage))
    yield from prose(command.help or "")
    yield from options(command, context)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from entries(found, context, below)


def page() -> str:
    """The whole file."""
    context = click.Context(cli, info_name="rude-tui", **cli.context_settings)
    lines = [
        ".\\\" Written by `python docs/man.py`; a test checks that it is current.",
        ".TH RUDE\\-TUI 1", ".SH NAME",
        text("rude-tui - which base model to post-train, by rubric-based discriminative evaluation"),
        ".SH SYNOPSIS", ".B rude\\-tui", text("[OPTIONS] [COMMAND] [ARGS]..."),
        ".SH DESCRIPTION", *prose(cli.help or ""), ".SH OPTIONS", *options(cli, context), ".SH COMMANDS",
    ]  # fmt: skip
    for name in cli.list_commands(context):
        found = cli.get_command(context, name)
        assert found is not None
        lines += entries(found, context, name)
    lines += [
        ".SH FILES", ".TP", ".I settings.toml", text("settings of the app, in the user's configuration folder"), ".TP",
        ".I profiles/NAME.toml", text("options of commands, beside the settings; --profile NAME"),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
