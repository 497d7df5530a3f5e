"""How often predictors decide rightly between two candidates, over what they cost."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.candidates.untrusted import shown
from engine.export.figures import INK, axes_of, label_below
from engine.export.palette import LIGHT_COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.correlation.costs import PredictorCost

__all__ = ["costs"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def costs(found: Sequence[PredictorCost], *, width: float = 3.4) -> Figure:
    """Share of pairs ordered rightly over FLOPs a candidate, with 95 % intervals and chance; `width` in inches.

    What costs nothing stands at the left edge, as the axis says; what has no known cost is left out, and said to be.
    """
    known = [one for one in found if not math.isnan(one.price.flops) and not math.isnan(one.accuracy.value)]
    figure, axes = axes_of(width, 0.75 * width + 0.18 * len(known))
    flops = [one.price.flops for one in known if one.price.flops > 0]
    edge = min(flops, default=1.0) / 10
    numbers: dict[tuple[float, float], list[str]] = {}
    for number, one in enumerate(known, 1):
        x, accuracy = max(one.price.flops, edge), one.accuracy
        numbers.setdefault((x, 100 * accuracy.value), []).append(str(number))
        if not math.isnan(accuracy.ci_low):
            axes.plot([x, x], [100 * accuracy.ci_low, 100 * accuracy.ci_high], color=LIGHT_COLOURS["chance"],
                      linewidth=0.6, alpha=0.6)  # fmt: skip
        axes.plot([x], [100 * accuracy.value], marker="o", markersize=3, color=LIGHT_COLOURS["mark-1"])
    for place, those in numbers.items():
        axes.annotate(", ".join(those), place, (3, 2), textcoords="offset points", fontsize=6, color=INK)
    axes.axhline(50, color=LIGHT_COLOURS["chance"], linewidth=0.8, linestyle=(0, (3, 2)))
    axes.set_xscale("log")
    # Text as text: the usual labels of a logarithmic axis are formulas.
    axes.xaxis.set_major_formatter(lambda value, _: f"10{str(round(math.log10(value))).translate(_RAISED)}")
    axes.xaxis.set_minor_formatter(lambda value, _: "")
    axes.set_ylim(-2, 102)
    free = any(one.price.flops == 0 for one in known)
    axes.set_xlabel("FLOPs a candidate" + "; what costs none at the left edge" * free)
    axes.set_ylabel("pairs ordered rightly, %")
    names = [f"{number} {shown(one.predictor, 40)}" for number, one in enumerate(known, 1)]
    left_out = [shown(one.predictor, 40) for one in found if one not in known]
    if left_out:
        names += textwrap.wrap(f"cost not known: {', '.join(left_out)}", max(30, round(16 * width)))
    label_below(figure, "\n".join(names))
    return figure
