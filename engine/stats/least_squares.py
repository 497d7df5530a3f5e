"""A straight line through the points, with its band, and where a candidate without an outcome should land."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.stats.distributions import student_quantile
from engine.stats.estimates import LEAST_INTERVAL, jackknife_error
from engine.stats.units import Units

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
    families: tuple[tuple[Line, int], ...] | None = None
    """The line without each family in turn, and how many points that family has; None where points are independent."""

    def at(self, x: float) -> float:
        """The line's height."""
        return self.intercept + self.slope * x

    def band(self, x: float, level: float = 0.95) -> tuple[float, float]:
        """Where the line itself lies (confidence band); NaN below three points, and below five families."""
        return self._around(x, 0.0, level)

    def interval(self, x: float, level: float = 0.95) -> tuple[float, float]:
        """Where the outcome of one more candidate should fall (prediction interval); NaN below three points.

        Over families: of a new family; NaN below five. The error of the line by leaving out families, that of the
        candidate by the scatter, and Student's t with families − 2: in simulations 95 to 99 % of new candidates fall
        inside (benchmarks/stats/families.py).
        """
        return self._around(x, 1.0, level)

    def _around(self, x: float, own: float, level: float) -> tuple[float, float]:
        if math.isnan(self.scatter):
            return math.nan, math.nan
        if self.families is not None:
            return self._around_families(self.families, x, own, level)
        spread = self.scatter * math.sqrt(own + 1 / self.n + (x - self.centre) ** 2 / self.width)
        half = student_quantile((1 + level) / 2, self.n - 2) * spread
        return self.at(x) - half, self.at(x) + half

    def _around_families(
        self, families: Sequence[tuple[Line, int]], x: float, own: float, level: float
    ) -> tuple[float, float]:
        if len(families) < LEAST_INTERVAL:
            return math.nan, math.nan
        heights = np.array([line.at(x) for line, _ in families])
        sizes = np.array([size for _, size in families], dtype=np.float64)
        error, freedom = jackknife_error(heights, 2, whole=self.at(x), sizes=sizes)
        times = student_quantile((1 + level) / 2, len(families) - 2 if own else freedom)
        half = times * math.hypot(error, own * self.scatter)
        return self.at(x) - half, self.at(x) + half


def fit_line(x: npt.ArrayLike, y: npt.ArrayLike, *, families: Sequence[str] | None = None) -> Line | None:
    """The line through the points that are finite in both; none below two points or where x is constant.

    Args:
        families: of each point, where intervals are to be taken over these.
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    kept = np.asarray(np.isfinite(a) & np.isfinite(b))
    line = _through(a[kept], b[kept])
    if line is None or families is None:
        return line
    units = Units.of(len(a), families, "families").kept(kept)
    without = [_through(*(column[kept][units.code != unit] for column in (a, b))) for unit in range(units.count)]
    return replace(line, families=tuple(
        (left, int(size)) for left, size in zip(without, units.sizes, strict=True) if left is not None
    ))  # fmt: skip


def _through(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> Line | None:
    if len(a) < 2 or (a == a[0]).all():
        return None
    centred = a - a.mean()
    width = float(centred @ centred)
    slope = float(centred @ b) / width
    left = b - b.mean() - slope * centred
    scatter = math.sqrt(float(left @ left) / (len(a) - 2)) if len(a) > 2 else math.nan
    return Line(slope, float(b.mean()) - slope * float(a.mean()), len(a), scatter, float(a.mean()), width)
