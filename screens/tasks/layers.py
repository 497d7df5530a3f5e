"""Spectra layer by layer as lines with a point on an axis, an ideal layer marked. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from screens.shell.bars import Axis
from screens.shell.formats import signed

if TYPE_CHECKING:
    from engine.predictors.spectral_layers import LayerSpectrum

__all__ = ["layer_lines"]

_WIDTH: Final = 22


def layer_lines(layers: Sequence[LayerSpectrum]) -> list[str]:
    """A heading, then a line for each layer: α on an axis where ┊ is 2, α-hat, and the trace-log where ┊ is 0."""
    if not layers:
        return ["no matrix has a tail"]
    alpha = _axis([layer.alpha for layer in layers], 2.0)
    trace = _axis([layer.trace_log for layer in layers], 0.0)
    lines = [f"layer {'α':>6} {'┊ is 2':<{_WIDTH}} {'α-hat':>6} {'trace-log':>9} {'┊ is 0':<{_WIDTH}}".rstrip()]
    for layer in layers:
        name = "–" if layer.layer is None else str(layer.layer)
        lines.append(
            f"{name:>5} {layer.alpha:>6.2f} {_point(alpha, layer.alpha, 2.0)} {layer.alpha_hat:>6.2f} "
            f"{signed(layer.trace_log):>9} {_point(trace, layer.trace_log, 0.0)}".rstrip()
        )
    return lines


def _axis(values: Sequence[float], ideal: float) -> Axis:
    known = [value for value in values if not math.isnan(value)]
    return Axis(min([*known, ideal]), max([*known, ideal]), _WIDTH)


def _point(axis: Axis, value: float, ideal: float) -> str:
    cells = [" "] * axis.width
    cells[axis.cell(ideal)] = "┊"
    if not math.isnan(value):
        cells[axis.cell(value)] = "●"
    return "".join(cells)
