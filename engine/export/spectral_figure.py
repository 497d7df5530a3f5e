"""Spectra by layer as a figure: α above, where 2 is ideal, and the trace-log below, where 0 is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.candidates.untrusted import shown
from engine.export.figures import MARKERS, label_below, panels_of
from engine.export.palette import LIGHT_COLOURS, SERIES_GLYPHS, series_glyph

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.predictors.spectral_layers import SpectralProfile

__all__ = ["spectra"]

_LINES = ("-", "--", ":", "-.")


def spectra(profiles: Sequence[SpectralProfile], *, width: float = 7.0) -> Figure:
    """Mean α and mean trace-log of every layer, a line for each candidate; `width` in inches."""
    from matplotlib.ticker import MaxNLocator

    figure, (above, below) = panels_of(width, 3.2 + 0.14 * len(profiles), 2)
    for panel, ideal, name in ((above, 2.0, "α"), (below, 0.0, "trace-log")):
        panel.axhline(ideal, color=LIGHT_COLOURS["chance"], linewidth=0.8, linestyle=(0, (3, 2)))
        panel.set_ylabel(name)
        panel.grid(axis="y")
        panel.set_axisbelow(True)
    for number, profile in enumerate(profiles):
        inside = [layer for layer in profile.layers if layer.layer is not None]
        x = [layer.layer or 0 for layer in inside]
        # Colours alone do not tell two lines apart: each has its mark, and every six another stroke.
        sign, tone = series_glyph(number)
        line = _LINES[number // len(SERIES_GLYPHS) % len(_LINES)]
        for panel, values in (
            (above, [layer.alpha for layer in inside]), (below, [layer.trace_log for layer in inside]),
        ):  # fmt: skip
            panel.plot(
                x, values, color=LIGHT_COLOURS[tone], linestyle=line, linewidth=1, marker=MARKERS[sign], markersize=3,
                label=shown(profile.candidate, 30),
            )  # fmt: skip
    figure.legend(
        *above.get_legend_handles_labels(), fontsize=6, frameon=False, loc="outside upper center",
        ncols=max(1, int(width / 1.7)),
    )  # fmt: skip
    below.set_xlabel("layer")
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_below(figure, "means over the weight matrices of a layer; dashed: an ideal layer, α 2 and trace-log 0")
    return figure
