"""What errors offer to type is what the command line understands."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from rude_tui.cli import cli

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("rude_tui", "screens", "engine", "rubrics", "data")


def _texts(value: ast.expr) -> Iterator[str]:
    """Texts that an expression can be; what is filled in is called X."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in value.values)
    elif isinstance(value, ast.IfExp):
        yield from _texts(value.body)
        yield from _texts(value.orelse)


def remedies() -> Iterator[tuple[str, str]]:
    """Every text given as `shell`, or put into a variable of that name, and where."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword):
                    given = node.arg == "shell"
                elif isinstance(node, ast.Assign):
                    given = any(isinstance(target, ast.Name) and target.id == "shell" for target in node.targets)
                else:
                    continue
                texts = filter(None, _texts(node.value)) if given else ()
                yield from ((f"{file.relative_to(ROOT)}:{node.value.lineno}", text) for text in texts)


def _known_anywhere() -> set[str]:
    context = click.Context(cli)
    names = _options(cli)
    waiting: list[click.Command] = [cli]
    while waiting:
        command = waiting.pop()
        names |= _options(command)
        if isinstance(command, click.Group):
            waiting += filter(None, (command.get_command(context, name) for name in command.list_commands(context)))
    return names


def _options(command: click.Command) -> set[str]:
    context = click.Context(command)
    return {name for option in command.get_params(context) for name in (*option.opts, *option.secondary_opts)}


def _wrong(text: str) -> str:
    """What the command line does not know of it; empty where it knows all."""
    words = shlex.split(text)
    flags = [word.partition("=")[0] for word in words if word.startswith("-")]
    if words[0] != "rude-tui":
        return next((flag for flag in flags if flag not in _known_anywhere()), "") if words[0].startswith("-") else ""
    command: click.Command = cli
    for word in words[1:]:
        if word.startswith("-") or not isinstance(command, click.Group):
            break
        following = command.get_command(click.Context(command), word)
        if following is None:
            return word
        command = following
    return next((flag for flag in flags if flag not in _options(command) | {"-h", "--help"}), "")


@pytest.mark.long
def test_what_is_offered_can_be_typed() -> None:
    offered = list(remedies())
    assert len(offered) > 30
    assert not [f"{place}: {text}" for place, text in offered if _wrong(text)]


@pytest.mark.parametrize(
    "text",
    [
        "rude-tui runs", "rude-tui run --models M", "rude-tui predictors lists", "rude-tui rank --model M",
        "--protocols choice",
    ],
)  # fmt: skip
def test_what_cannot_be_typed_would_be_found(text: str) -> None:
    assert _wrong(text)
