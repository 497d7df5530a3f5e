"""`rude-tui pairs`."""

from __future__ import annotations

import click

from rude_tui.commands.pairs.abilities import abilities
from rude_tui.commands.pairs.notes import exclude, flag, include, notes
from rude_tui.commands.pairs.short import short
from rude_tui.commands.pairs.table import suspects, table

__all__ = ["pairs"]


@click.group()
def pairs() -> None:
    """Pairs on trial: what candidates' verdicts say about single pairs.

    Item response over stored verdicts: how hard each pair is, whether abler candidates fail it and weaker ones pass,
    whether its label looks wrong, what it tells at all. `short` writes a suite of the pairs that tell most, `exclude`
    leaves pairs out of every ranking, with a reason.
    """


for command in (table, suspects, abilities, short, exclude, include, flag, notes):
    pairs.add_command(command)
