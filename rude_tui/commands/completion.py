"""`rude-tui completion`."""

from __future__ import annotations

from typing import Final

import click

from rude_tui.output import narrate

__all__ = ["completion"]

_WHERE: Final = {
    "bash": 'eval "$(rude-tui completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(rude-tui completion zsh)" in ~/.zshrc, behind compinit',
    "fish": "rude-tui completion fish > ~/.config/fish/completions/rude-tui.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(list(_WHERE)))
def completion(shell: str) -> None:
    """Print what makes a shell complete commands, options and names.

    \b
    bash  eval "$(rude-tui completion bash)"   in ~/.bashrc
    zsh   eval "$(rude-tui completion zsh)"    in ~/.zshrc, behind compinit
    fish  rude-tui completion fish > ~/.config/fish/completions/rude-tui.fish
    """
    from click.shell_completion import get_completion_class

    from rude_tui.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(cli, {}, "rude-tui", "_RUDE_TUI_COMPLETE")
    # The text alone: what click does besides is to ask the bash at hand how old it is.
    click.echo(script.source_template % script.source_vars())
    narrate(f"to keep it: {_WHERE[shell]}")
