"""A straight line through the points, with its band, and where a candidate without an outcome should land."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.stats.distributions import student_quantile

__all__ = ["Line", "fit_line"]


@dataclass(frozen=True)
class Line:
    """Least squares of y on x over `n` points."""

    slope: float
    intercept: float
    n: int
    scatter: float
    """Residual standard deviation with n − 2; NaN below three points."""
    centre: float
    """Mean of x."""
    width: float
    """Σ(x − mean)²."""

    def at(self, x: float) -> float:
        """The line's height."""
        return self.intercept + self.slope * x

    def band(self, x: float, level: float = 0.95) -> tuple[float, float]:
        """Where the line itself lies (confidence band); NaN below three points."""
        return self._around(x, 0.0, level)

    def interval(self, x: float, level: float = 0.95) -> tuple[float, float]:
        """Where the outcome of one more candidate should fall (prediction interval); NaN below three points."""
        return self._around(x, 1.0, level)

    def _around(self, x: float, own: float, level: float) -> tuple[float, float]:
        if math.isnan(self.scatter):
            return math.nan, math.nan
        spread = self.scatter * math.sqrt(own + 1 / self.n + (x - self.centre) ** 2 / self.width)
        half = student_quantile((1 + level) / 2, self.n - 2) * spread
        return self.at(x) - half, self.at(x) + half


def fit_line(x: npt.ArrayLike, y: npt.ArrayLike) -> Line | None:
    """The line through the points that are finite in both; none below two points or where x is constant."""
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    kept = np.isfinite(a) & np.isfinite(b)
    a, b = a[kept], b[kept]
    if len(a) < 2 or (a == a[0]).all():
        return None
    centred = a - a.mean()
    width = float(centred @ centred)
    slope = float(centred @ b) / width
    left = b - b.mean() - slope * centred
    scatter = math.sqrt(float(left @ left) / (len(a) - 2)) if len(a) > 2 else math.nan
    return Line(slope, float(b.mean()) - slope * float(a.mean()), len(a), scatter, float(a.mean()), width)
