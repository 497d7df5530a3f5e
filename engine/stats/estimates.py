"""One correlation with its interval and p: plain, or given a third column."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.association import (
    STATISTICS,
    jackknife_weights,
    midranks,
    pearson,
    permutation_null,
    shared_weights,
)
from engine.stats.distributions import normal_quantile, student_quantile
from engine.stats.intervals import accelerated

__all__ = [
    "LEAST_INTERVAL",
    "Statistic",
    "estimate",
    "fisher_interval",
    "jackknife_error",
    "jackknife_z",
    "partial",
    "share_reached",
]

FloatArray = npt.NDArray[np.float64]

LEAST_INTERVAL: Final = 5
"""Points below which no interval is given."""
_LOST: Final = 0.1
"""Share of resamples without a correlation beyond which the others give no interval."""
_BOOTSTRAP = "BCa bootstrap over candidates"
_JACKKNIFE = "Fisher's z, jackknife over candidates"


@dataclass(frozen=True)
class Statistic:
    """One correlation; what could not be found is NaN, and `note` says why."""

    name: str
    value: float
    ci_low: float
    ci_high: float
    p_value: float
    n: int
    method: str
    """How interval and p were made."""
    note: str


def estimate(
    name: str,
    x: FloatArray,
    y: FloatArray,
    *,
    seed: int = 0,
    resamples: int = 10_000,
    level: float = 0.95,
    permutations: int = 0,
) -> Statistic:
    """One of STATISTICS for finite points, with interval (five points or more) and permutation p.

    As many orders are tried as resamples are drawn, unless `permutations` says otherwise.

    Intervals: `jackknife_z` for Pearson's r, which resampling covers too seldom where candidates are few or outliers
    many (benchmarks/stats/correlation.py); BCa for the ranks (Efron 1987, J. Am. Stat. Assoc. 82(397)).
    """
    n = len(x)
    compute = STATISTICS[name]
    if n < 2:
        return _nothing(name, n, "no correlation: fewer than two candidates have both numbers")
    if (x == x[0]).all() or (y == y[0]).all():
        which = "predictor" if (x == x[0]).all() else "outcome"
        return _nothing(name, n, f"no correlation: the {which} is the same for every candidate")
    value = float(compute(np.ones((1, n)), x, y)[0])
    if n == 2:
        return _nothing(name, n, "no correlation: two points always lie on a line")
    null, exact = permutation_null(name, x, y, permutations or resamples, seed)
    p_value = share_reached(null, value, exact)
    how = f"permutation, all {len(null):,} orders" if exact else f"permutation, {len(null):,} orders"
    if n < LEAST_INTERVAL:
        # Reversing the outcome gives as strong a correlation, so at least two orders reach any value.
        note = f"{n} candidates: no interval, and p cannot fall below {2 / math.factorial(n):.2g}"
        return Statistic(name, value, math.nan, math.nan, p_value, n, how, note)
    without = compute(jackknife_weights(n), x, y)
    if name == "pearson":
        low, high = jackknife_z(value, without, level)
        return Statistic(name, value, low, high, p_value, n, f"{_JACKKNIFE}; {how}", "")
    drawn = compute(shared_weights(n, resamples, seed), x, y)
    if note := _still(drawn, value):
        return Statistic(name, value, math.nan, math.nan, p_value, n, how, note)
    low, high = _bca(drawn, value, without, level)
    return Statistic(name, value, low, high, p_value, n, f"{_BOOTSTRAP}; {how}", "")


def partial(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    control: npt.ArrayLike,
    *,
    ranks: bool = False,
    seed: int = 0,
    resamples: int = 10_000,
    level: float = 0.95,
) -> Statistic:
    """The correlation of x and y that the control (say, log10 parameters) does not account for.

    Pearson's r of the residuals of both on the control, or of their ranks (partial Spearman), with intervals as in
    `estimate`. p by reordering the outcome's residuals (Freedman & Lane 1983, J. Bus. Econ. Stat. 1(4)). Candidates
    that lack a number are left out.
    """
    name = "partial spearman" if ranks else "partial pearson"
    columns = np.stack([np.asarray(v, dtype=np.float64) for v in (x, y, control)])
    columns = columns[:, np.isfinite(columns).all(axis=0)]
    n = columns.shape[1]
    if n < LEAST_INTERVAL:
        who = "candidate has" if n == 1 else "candidates have"
        return _nothing(name, n, f"no partial correlation: {n} {who} all three numbers, five are needed")
    for column, what in zip(columns, ("predictor", "outcome", "control"), strict=True):
        if (column == column[0]).all():
            return _nothing(name, n, f"no partial correlation: the {what} is the same for every candidate")
    if ranks:
        columns = np.stack([midranks(column) for column in columns])

    def given(weights: FloatArray) -> FloatArray:
        xy, xz, yz = (pearson(weights, columns[i], columns[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
        with np.errstate(divide="ignore", invalid="ignore"):
            r = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
        return np.where(np.isfinite(r), np.clip(r, -1, 1), math.nan)

    value = float(given(np.ones((1, n)))[0])
    if math.isnan(value):
        return _nothing(name, n, "no partial correlation: the control accounts for a column entirely")
    left = [_residual(column, columns[2]) for column in columns[:2]]
    null, exact = permutation_null("pearson", left[0], left[1], resamples, seed)
    p_value = share_reached(null, value, exact)
    how = f"permutation of residuals, {len(null):,} orders"
    without = given(jackknife_weights(n))
    if not ranks:
        low, high = jackknife_z(value, without, level, spent=3)
        return Statistic(name, value, low, high, p_value, n, f"{_JACKKNIFE}; {how}", "")
    drawn = given(shared_weights(n, resamples, seed))
    if note := _still(drawn, value):
        return Statistic(name, value, math.nan, math.nan, p_value, n, how, note)
    low, high = _bca(drawn, value, without, level)
    return Statistic(name, value, low, high, p_value, n, f"{_BOOTSTRAP}; {how}", "")


def fisher_interval(r: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Fisher's z interval for Pearson's r; NaN below four points."""
    if n < 4 or math.isnan(r):
        return math.nan, math.nan
    if abs(r) >= 1:
        return r, r
    half = normal_quantile((1 + level) / 2) / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def jackknife_z(value: float, without: FloatArray, level: float = 0.95, *, spent: int = 2) -> tuple[float, float]:
    """An interval for Pearson's r that holds without normal points: Fisher's z with the error that the points show.

    z = artanh r ± Student's t × the jackknife standard error of z; degrees of freedom from the scatter of the
    jackknife's own terms (Satterthwaite 1946, Biometrics Bulletin 2(6)), so that one or two points that carry the
    error widen the interval, and at most n − `spent`.

    Args:
        value: r over all points; ±1 is its own interval.
        without: (points,): r without each point in turn; NaN where there is none.
    """
    left = without[np.isfinite(without)]
    if abs(value) >= 1 or len(left) <= spent:
        return (value, value) if abs(value) >= 1 else (math.nan, math.nan)
    # Without one point the others may lie on a line; z has no end, and what follows must.
    error, freedom = jackknife_error(np.arctanh(np.clip(left, -1 + 1e-12, 1 - 1e-12)), spent)
    half = student_quantile((1 + level) / 2, freedom) * error
    z = math.atanh(value)
    return math.tanh(z - half), math.tanh(z + half)


def jackknife_error(without: FloatArray, spent: int) -> tuple[float, float]:
    """The jackknife's standard error, and the degrees of freedom of Student's t that go with it (Satterthwaite).

    Args:
        without: (points,), more than `spent`: the estimate without each point in turn.
    """
    n = len(without)
    square = (without - without.mean()) ** 2
    scatter = float(square.sum())
    uneven = float(square @ square) - scatter**2 / n
    freedom = min(2 * scatter**2 / uneven if uneven > 0 else math.inf, n - spent)
    return math.sqrt((n - 1) / n * scatter), round(max(freedom, 1.0), 1)


def share_reached(null: FloatArray, value: float, exact: bool) -> float:
    """Two-sided p: the share of `null` as far from 0 as `value`, which counts too where not all orders were tried."""
    reached = int(np.count_nonzero(np.abs(null) >= abs(value) - 1e-9))
    return reached / len(null) if exact else (1 + reached) / (1 + len(null))


def _still(drawn: FloatArray, value: float) -> str:
    """Why resampling cannot give an interval; empty where it can.

    Where most candidates share one value, many resamples hold no other and have no correlation, and the rest agree; a
    perfect order stays perfect in each.
    """
    lost = float((~np.isfinite(drawn)).mean())
    if lost > _LOST:
        return f"no interval: {100 * lost:.0f} % of resamples have no correlation"
    return "no interval: a perfect order stays perfect in every resample" if abs(value) > 1 - 1e-9 else ""


def _bca(drawn: FloatArray, value: float, without: FloatArray, level: float) -> tuple[float, float]:
    """BCa with the acceleration from leaving out one candidate at a time."""
    drawn = np.sort(drawn[np.isfinite(drawn)])
    if not len(drawn):
        return math.nan, math.nan
    change = np.nanmean(without) - without[np.isfinite(without)]
    scatter = float(change @ change)
    skew = float((change**3).sum()) / (6 * scatter**1.5) if scatter > 1e-18 else 0.0
    low, high = accelerated(drawn, value, skew, level)
    return min(low, value), max(high, value)


def _nothing(name: str, n: int, note: str) -> Statistic:
    return Statistic(name, math.nan, math.nan, math.nan, math.nan, n, "none", note)


def _residual(values: FloatArray, control: FloatArray) -> FloatArray:
    centred = control - control.mean()
    slope = float(centred @ values) / float(centred @ centred)
    left: FloatArray = values - values.mean() - slope * centred
    return left
