"""The map of families: how alike the weights of every two candidates are, and what else they share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.candidates.untrusted import shown
from engine.export.figures import INK, axes_of, label_below
from engine.export.palette import LIGHT_COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.correlation.lineage import Lineage

__all__ = ["families"]

_MARKS = {"tokenizer and kind": "t", "name and kind": "n"}


def families(found: Lineage, *, width: float = 7.0) -> Figure:
    """Candidates against each other, by family, each family in a frame: the cosine of their weights, the deeper the
    more alike; t the same tokenizer and kind of model, n the same beginning of the name and kind; `width` in inches."""
    names = [one.candidate for one in found.relatives]
    figure, axes = axes_of(width, 1.2 + 0.24 * len(names))
    for y, one in enumerate(found.relatives):
        for x, other in enumerate(found.relatives):
            pair = found.between(one.candidate, other.candidate)
            if x == y or pair is None:
                continue
            said = _MARKS.get(pair.reason, "")
            if not math.isnan(pair.cosine):
                said = f"{pair.cosine:.2f}".replace("-", "−")
                axes.barh(y, 0.96, left=x - 0.48, height=0.94, color=LIGHT_COLOURS["mark-1"], linewidth=0,
                          alpha=0.6 * max(0.0, pair.cosine))  # fmt: skip
            axes.text(x, y, said, ha="center", va="center", fontsize=6)
    start = 0
    for end in range(1, len(names) + 1):
        if end == len(names) or found.relatives[end].family != found.relatives[start].family:
            axes.barh((start + end - 1) / 2, end - start, left=start - 0.5, height=end - start, facecolor="none",
                      edgecolor=INK, linewidth=1.0)  # fmt: skip
            start = end
    axes.set_xticks(range(len(names)), [shown(name, 24) for name in names], rotation=45, ha="right")
    axes.set_yticks(
        range(len(names)), [f"{shown(one.candidate, 30)}  ({shown(one.family, 16)})" for one in found.relatives]
    )
    axes.set_xlim(-0.55, len(names) - 0.45)
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    label_below(
        figure, "cosine of weights at the same places; t: tokenizer and kind, n: name and kind; framed: families"
    )
    return figure
