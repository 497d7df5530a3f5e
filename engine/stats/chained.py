"""An outcome foretold through a predictor: the predictor's curve over tokens, then a straight line to the outcome.

Two steps, each with its own error: `a − b·t^−c` says where the predictor will be (`engine.stats.curves`), least squares
of outcome on predictor say what that comes to. The interval is where one more checkpoint should be found: the line's
prediction interval at the curve's height, and the line's slope times the curve's, added in squares on each side as for
independent errors (Zou & Donner 2008, Statistics in Medicine 27, section 2). The scatter of checkpoints about the curve
counts in full, since how much of it is the checkpoint's own cannot be told from an error of measurement. How often the
interval holds is simulated in benchmarks/stats/forecasts.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.stats.curves import LEAST_POINTS, PowerLaw, Value, fit_power_law
from engine.stats.distributions import student_quantile
from engine.stats.least_squares import Line, fit_line

__all__ = ["Chain", "fit_chain", "foretell"]


@dataclass(frozen=True, eq=False)
class Chain:
    """A predictor's curve and the line from predictor to outcome."""

    law: PowerLaw
    line: Line

    def at(self, tokens: float) -> Value:
        """The outcome there, and where 95 of 100 checkpoints should be found; NaN ends below four checkpoints."""
        height = foretell(self.law, tokens)
        value = self.line.at(height.value)
        low, high = self.line.interval(height.value)
        up, down = height.ci_high - height.value, height.value - height.ci_low
        if self.line.slope < 0:
            up, down = down, up
        slope = abs(self.line.slope)
        return Value(value, value - math.hypot(value - low, slope * down), value + math.hypot(high - value, slope * up))


def fit_chain(tokens: npt.ArrayLike, predictor: npt.ArrayLike, outcome: npt.ArrayLike) -> Chain | None:
    """Fit both steps; none where there are fewer than four checkpoints to either, or the predictor never moves.

    Args:
        tokens: (checkpoints,), positive.
        predictor: (checkpoints,), NaN where it was not measured.
        outcome: (checkpoints,), NaN where it is not known.
    """
    t, x, y = (np.asarray(column, dtype=np.float64) for column in (tokens, predictor, outcome))
    seen, both = np.isfinite(x), np.isfinite(x) & np.isfinite(y)
    if both.sum() < LEAST_POINTS:
        return None
    law, line = fit_power_law(t[seen], x[seen]), fit_line(x[both], y[both])
    return None if law is None or line is None else Chain(law, line)


def foretell(law: PowerLaw, tokens: float) -> Value:
    """Where 95 of 100 more checkpoints should be found: the curve's interval and the checkpoints' scatter about it."""
    height = law.interval(tokens)
    own = student_quantile(0.975, law.n - 3) * law.scatter if law.n > 3 else math.nan
    low, high = math.hypot(height.value - height.ci_low, own), math.hypot(height.ci_high - height.value, own)
    return Value(height.value, height.value - low, height.value + high)
