"""`rude-tui predictors`."""

from __future__ import annotations

import click

from rude_tui.commands.predictors.add import add, remove
from rude_tui.commands.predictors.assays import ASSAY_COMMANDS
from rude_tui.commands.predictors.list import list_
from rude_tui.commands.predictors.proxy import proxy
from rude_tui.commands.predictors.rbridge import rbridge
from rude_tui.commands.predictors.spectral import spectral

__all__ = ["predictors"]


@click.group()
def predictors() -> None:
    """Numbers that claim to foretell post-training: list, measure or add them.

    What is measured here stands beside RuDE's accuracy in `rude-tui correlate` and on the Correlation screen.
    """


for command in (list_, add, remove, rbridge, spectral, proxy, *ASSAY_COMMANDS):
    predictors.add_command(command)
