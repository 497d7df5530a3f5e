"""Is one predictor better than another? Two correlations that share an outcome, on the same candidates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.association import STATISTICS, pearson
from engine.stats.distributions import student_two_sided
from engine.stats.units import Over, Units

__all__ = ["HELP", "RivalStatistic", "Rivalry", "compare_predictors", "williams"]

HELP: Final = {
    "difference": "first predictor's correlation minus the second's, on the candidates that have both",
    "ci_low": "95 % percentiles of that difference over resampled candidates, both predictors resampled together",
    "p_value": "twice the smaller share of resamples on one side of no difference",
    "williams_p": "Williams' t for correlations that share the outcome (Steiger 1980, Psychol. Bull. 87(2), eq. 7)",
}

_LEAST = 5


@dataclass(frozen=True)
class RivalStatistic:
    """One kind of correlation for both predictors, and the difference."""

    name: str
    first: float
    second: float
    difference: float
    ci_low: float
    ci_high: float
    p_value: float


@dataclass(frozen=True)
class Rivalry:
    """Two predictors against one outcome; both must point the same way (negate one for which lower is better)."""

    pearson: RivalStatistic
    spearman: RivalStatistic
    kendall: RivalStatistic
    williams_t: float
    williams_p: float
    n: int
    note: str


def compare_predictors(
    x1: npt.ArrayLike,
    x2: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    seed: int = 0,
    resamples: int = 10_000,
    level: float = 0.95,
    families: Sequence[str] | None = None,
    over: Over = "candidates",
) -> Rivalry:
    """Compare two predictors of the same outcome on the candidates that have all three numbers.

    Below five candidates, or where a column is constant, differences are NaN and `note` says why. Over families whole
    families are drawn, of which there must be five, and Williams' t, which takes candidates for independent, is NaN.
    """
    columns = np.stack([np.asarray(v, dtype=np.float64) for v in (x1, x2, y)])
    known = np.asarray(np.isfinite(columns).all(axis=0))
    units = Units.of(len(known), families, over).kept(known)
    columns = columns[:, known]
    n = columns.shape[1]
    note = ""
    if units.count < _LEAST:
        note = f"{units.counted} have all three numbers: five are needed to compare predictors"
    elif any((column == column[0]).all() for column in columns):
        note = "a column is the same for every candidate: nothing to compare"
    if note:
        none = {name: RivalStatistic(name, *([math.nan] * 6)) for name in STATISTICS}
        return Rivalry(none["pearson"], none["spearman"], none["kendall"], math.nan, math.nan, n, note)
    a, b, outcome = columns
    weights = units.drawn(resamples, seed)
    unweighted = np.ones((1, n))
    statistics = {}
    for name, compute in STATISTICS.items():
        first, second = float(compute(unweighted, a, outcome)[0]), float(compute(unweighted, b, outcome)[0])
        drawn = compute(weights, a, outcome) - compute(weights, b, outcome)
        drawn = drawn[np.isfinite(drawn)]
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        sides = np.count_nonzero(drawn <= 1e-12), np.count_nonzero(drawn >= -1e-12)
        p_value = float(min(1.0, 2 * (1 + min(sides)) / (1 + len(drawn))))
        statistics[name] = RivalStatistic(name, first, second, first - second, float(low), float(high), p_value)
    if units.over == "families":
        return Rivalry(
            statistics["pearson"], statistics["spearman"], statistics["kendall"], math.nan, math.nan, n, ""
        )  # fmt: skip
    between = float(pearson(unweighted, a, b)[0])
    t, p = williams(statistics["pearson"].first, statistics["pearson"].second, between, n)
    return Rivalry(statistics["pearson"], statistics["spearman"], statistics["kendall"], t, p, n, "")


def williams(first: float, second: float, between: float, n: int) -> tuple[float, float]:
    """Williams' t for r(1, y) against r(2, y), given r(1, 2), and its two-sided p with n − 3 degrees of freedom."""
    if abs(first - second) < 1e-12:
        return 0.0, 1.0
    determinant = max(0.0, 1 - first**2 - second**2 - between**2 + 2 * first * second * between)
    middle = (first + second) / 2
    under = 2 * (n - 1) / (n - 3) * determinant + middle**2 * (1 - between) ** 3
    t = (first - second) * math.sqrt((n - 1) * (1 + between) / under) if under > 0 else math.inf
    return t, student_two_sided(t, n - 3)
