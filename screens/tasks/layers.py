"""Spectra layer by layer as lines with a point on an axis, an ideal layer marked. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from screens.shell.bars import Axis
from screens.shell.fields import Field, Prepared, Typed, at
from screens.shell.formats import signed
from screens.tasks.common import to_file
from screens.tasks.task import Task

if TYPE_CHECKING:
    from pathlib import Path

    from engine.predictors.spectral_layers import LayerSpectrum
    from screens.shell.session import Session

__all__ = ["LAYERS", "layer_lines"]

_WIDTH: Final = 18


def layer_lines(candidates: Mapping[str, Sequence[LayerSpectrum]]) -> list[str]:
    """For each candidate its name and a line for each layer: α on an axis where ┊ is 2, α-hat, and the trace-log where
    ┊ is 0; below, from where to where both axes go, which are the same for all."""
    every = [layer for layers in candidates.values() for layer in layers]
    if not every:
        return ["no matrix has a tail"]
    alpha, trace = _axis([layer.alpha for layer in every], 2.0), _axis([layer.trace_log for layer in every], 0.0)
    head = f"layer {'α':>6} {'┊ is 2':<{_WIDTH}} {'α-hat':>6} {'trace-log':>9} {'┊ is 0':<{_WIDTH}}".rstrip()
    lines = []
    for name, layers in candidates.items():
        lines += [name, head, *_of_one(layers, alpha, trace), ""] if layers else [name, "no matrix has a tail", ""]
    ends = f"{'axes':>5} {'':>6} {_ends(alpha, '.2f')} {'':>6} {'':>9} {_ends(trace, '+.2f')}"
    return [*lines, ends.rstrip().replace("-", "−")]


def _ends(axis: Axis, form: str) -> str:
    low, high = format(axis.low, form), format(axis.high, form)
    return low + " " * max(1, axis.width - len(low) - len(high)) + high


def _of_one(layers: Sequence[LayerSpectrum], alpha: Axis, trace: Axis) -> list[str]:
    lines = []
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


def _fields(_: Session) -> Sequence[Field]:
    return (
        Field("name", "Candidates", "those whose name holds this; empty: all that are measured"),
        Field("output", "Figure", "a .svg to write; empty: none", "path", endings=(".svg",)),
    )


def _show(session: Session, typed: Typed) -> Prepared:
    from engine.export.figures import rendered
    from engine.export.spectral_figure import spectra
    from engine.predictors.spectral_layers import HELP, spectral_profiles
    from rubrics.targets import whole

    held = typed.text("name").casefold()
    with at("name"):
        profiles = [one for one in spectral_profiles(session.store) if held in one.candidate.casefold()]
    parts = ["\n".join(layer_lines({one.candidate: one.layers for one in profiles}))] if profiles else []
    told = [
        f"{words}: {HELP[name]}" for words, name in (("α", "alpha"), ("α-hat", "alpha_hat"), ("trace-log", "trace_log"))
    ]
    said = "\n\n".join([*parts, "\n".join(told)]) if parts else "no candidate that was measured has such a name"
    if not typed.text("output") or not parts:
        return Prepared(said=said)

    def write(output: Path) -> str:
        with whole(output) as scratch:
            scratch.write_bytes(rendered(spectra(profiles), "svg"))
        return f"→ {output}\n\n{said}"

    return to_file(typed, ".svg", write)


LAYERS = Task(
    "layers",
    "Show spectra layer by layer (α, α-hat, trace-log)",
    "Of every candidate whose weights have been measured: how far its layers are from an α of 2 and from the trace-log "
    "condition, drawn.",
    _fields,
    _show,
)
