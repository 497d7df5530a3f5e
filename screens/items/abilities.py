"""How able each candidate is, as lines with a bar of two errors to each side. Plain Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

from screens.shell.bars import Axis
from screens.shell.colour import Colour
from screens.shell.formats import signed
from screens.shell.plain import padded

if TYPE_CHECKING:
    from engine.results.pair_trial import Ability, Trial

__all__ = ["ability_axis", "ability_head", "ability_line"]


def ability_axis(trial: Trial, width: int) -> Axis:
    """An axis that holds every ability with twice its error."""
    reach = [
        end
        for ability in trial.abilities
        for end in (ability.ability - 2 * _error(ability.se), ability.ability + 2 * _error(ability.se))
    ]  # fmt: skip
    return Axis(min(reach), max(reach), max(7, width))


def _error(error: float) -> float:
    return 0.0 if math.isnan(error) else error


def ability_head(trial: Trial, name: int) -> str:
    """Over the abilities, as wide as `ability_line`."""
    unit = "logits" if trial.model == "rasch" else "sd"
    return f" {'candidate':<{name}} {'ability':>7} {'± se':>5}  {unit}"


def ability_line(ability: Ability, name: int, axis: Axis, colour: Colour) -> Text:
    """One candidate: ability, standard error, and a bar two errors to each side."""
    tone = colour("mark-1" if ability.strong else "chance")
    line = Text(f"{'★' if ability.strong else ' '}{padded(ability.candidate, name)} ", no_wrap=True)
    line.append(f"{signed(ability.ability):>7} {'–' if math.isnan(ability.se) else f'{ability.se:.2f}':>5}  ")
    cells = [" "] * axis.width
    low, high = (axis.cell(ability.ability + side * 2 * _error(ability.se)) for side in (-1, 1))
    for cell in range(low, high + 1):
        cells[cell] = "─"
    cells[low], cells[high], cells[axis.cell(ability.ability)] = "├", "┤", "●"
    line.append("".join(cells), tone)
    return line
