"""One correlation with its interval and p: plain, or given a third column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.association import STATISTICS, midranks, pearson, permutation_null
from engine.stats.distributions import normal_quantile, student_quantile
from engine.stats.intervals import accelerated
from engine.stats.p_value import p_text
from engine.stats.units import Over, Units, family_shares, flipped

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
_NOTHING: Final = 1e-12
"""Share of a variance that is rounding: what a control accounts for leaves no zero, but a few of the last digits."""
_PERFECT = "no interval: a perfect order stays perfect in every resample"
_BOOTSTRAP = "BCa bootstrap over {}"
_JACKKNIFE = "Fisher's z, jackknife over {}"


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
    units: Units | None = None,
) -> Statistic:
    """One of STATISTICS for finite points, with interval (five points or more) and permutation p.

    As many orders are tried as resamples are drawn, unless `permutations` says otherwise. Over families whole families
    are left out and drawn, of which there must be five for an interval, and p turns the sign of what each adds.

    Intervals: `jackknife_z` for Pearson's r, which resampling covers too seldom where candidates are few or outliers
    many (benchmarks/stats/correlation.py); BCa for the ranks (Efron 1987, J. Am. Stat. Assoc. 82(397)), but over
    families, which are few, `jackknife_z` as well (benchmarks/stats/families.py).
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
    units = units or Units.of(n, None, "candidates")
    if units.over == "families":
        p_value, how = flipped(family_shares(name, units, x, y), permutations or resamples, seed)
    else:
        null, exact = permutation_null(name, x, y, permutations or resamples, seed)
        p_value = share_reached(null, value, exact)
        how = f"permutation, all {len(null):,} orders" if exact else f"permutation, {len(null):,} orders"
    if units.count < LEAST_INTERVAL:
        # Reversing the outcome, or turning every sign, gives as strong a correlation: two at least reach any value.
        least = 2 / math.factorial(n) if units.over == "candidates" else 2 / 2**units.count
        note = f"{units.counted}: no interval, and p cannot fall below {p_text(least)}"
        return Statistic(name, value, math.nan, math.nan, p_value, n, how, note)
    without = compute(units.without(), x, y)
    if name != "pearson" and units.over == "families" and abs(value) > 1 - 1e-9:
        return Statistic(name, value, math.nan, math.nan, p_value, n, how, _PERFECT)
    if name == "pearson" or units.over == "families":
        low, high = jackknife_z(value, without, level, sizes=units.sizes)
        return Statistic(name, value, low, high, p_value, n, f"{_JACKKNIFE.format(units.over)}; {how}", "")
    drawn = compute(units.drawn(resamples, seed), x, y)
    if note := _still(drawn, value):
        return Statistic(name, value, math.nan, math.nan, p_value, n, how, note)
    low, high = _bca(drawn, value, without, level)
    return Statistic(name, value, low, high, p_value, n, f"{_BOOTSTRAP.format(units.over)}; {how}", "")


def partial(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    control: npt.ArrayLike,
    *,
    ranks: bool = False,
    seed: int = 0,
    resamples: int = 10_000,
    level: float = 0.95,
    families: Sequence[str] | None = None,
    over: Over = "candidates",
) -> Statistic:
    """The correlation of x and y that the control (say, log10 parameters) does not account for.

    Pearson's r of the residuals of both on the control, or of their ranks (partial Spearman), with intervals as in
    `estimate`. p by reordering the outcome's residuals (Freedman & Lane 1983, J. Bus. Econ. Stat. 1(4)). Candidates
    that lack a number are left out.
    """
    name = "partial spearman" if ranks else "partial pearson"
    columns = np.stack([np.asarray(v, dtype=np.float64) for v in (x, y, control)])
    known = np.asarray(np.isfinite(columns).all(axis=0))
    units = Units.of(len(known), families, over).kept(known)
    columns = columns[:, known]
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
        left = np.minimum(1 - xz**2, 1 - yz**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            r = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
        return np.where(left > _NOTHING, np.clip(r, -1, 1), math.nan)

    value = float(given(np.ones((1, n)))[0])
    if math.isnan(value):
        return _nothing(name, n, "no partial correlation: the control accounts for a column entirely")
    left = [_residual(column, columns[2]) for column in columns[:2]]
    if units.over == "families":
        p_value, how = flipped(family_shares("pearson", units, left[0], left[1]), resamples, seed)
    else:
        null, exact = permutation_null("pearson", left[0], left[1], resamples, seed)
        p_value = share_reached(null, value, exact)
        how = f"permutation of residuals, {len(null):,} orders"
    if units.count < LEAST_INTERVAL:
        note = f"{units.counted}: no interval"
        return Statistic(name, value, math.nan, math.nan, p_value, n, how, note)
    without = given(units.without())
    if ranks and units.over == "families" and abs(value) > 1 - 1e-9:
        return Statistic(name, value, math.nan, math.nan, p_value, n, how, _PERFECT)
    if not ranks or units.over == "families":
        low, high = jackknife_z(value, without, level, spent=3, sizes=units.sizes)
        return Statistic(name, value, low, high, p_value, n, f"{_JACKKNIFE.format(units.over)}; {how}", "")
    drawn = given(units.drawn(resamples, seed))
    if note := _still(drawn, value):
        return Statistic(name, value, math.nan, math.nan, p_value, n, how, note)
    low, high = _bca(drawn, value, without, level)
    return Statistic(name, value, low, high, p_value, n, f"{_BOOTSTRAP.format(units.over)}; {how}", "")


def fisher_interval(r: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Fisher's z interval for Pearson's r; NaN below four points."""
    if n < 4 or math.isnan(r):
        return math.nan, math.nan
    if abs(r) >= 1:
        return r, r
    half = normal_quantile((1 + level) / 2) / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def jackknife_z(
    value: float, without: FloatArray, level: float = 0.95, *, spent: int = 2, sizes: FloatArray | None = None
) -> tuple[float, float]:
    """An interval for Pearson's r that holds without normal points: Fisher's z with the error that the points show.

    z = artanh r ± Student's t × the jackknife standard error of z; degrees of freedom from the scatter of the
    jackknife's own terms (Satterthwaite 1946, Biometrics Bulletin 2(6)), so that one or two points that carry the
    error widen the interval, and at most n − `spent`.

    Args:
        value: r over all points; ±1 is its own interval.
        without: (units,): r without each point, or family of points, in turn; NaN where there is none.
        sizes: (units,): points in each; None: one.
    """
    known = np.isfinite(without)
    left = without[known]
    if abs(value) >= 1 or len(left) <= spent:
        return (value, value) if abs(value) >= 1 else (math.nan, math.nan)
    # Without one point the others may lie on a line; z has no end, and what follows must.
    z, moved = math.atanh(value), np.arctanh(np.clip(left, -1 + 1e-12, 1 - 1e-12))
    error, freedom = jackknife_error(moved, spent, whole=z, sizes=None if sizes is None else sizes[known])
    half = student_quantile((1 + level) / 2, freedom) * error
    return math.tanh(z - half), math.tanh(z + half)


def jackknife_error(
    without: FloatArray, spent: int, *, whole: float = 0.0, sizes: FloatArray | None = None
) -> tuple[float, float]:
    """The jackknife's standard error, and the degrees of freedom of Student's t that go with it (Satterthwaite).

    Where units are of unlike size each counts by its share (delete-m jackknife for unequal m: Busing, Meijer & van der
    Leeden 1999, Statistics and Computing 9(1), equation 9).

    Args:
        without: (units,), more than `spent`: the estimate without each unit in turn.
        whole: the estimate itself; matters where sizes differ.
        sizes: (units,): points in each; None: as many in all.
    """
    n = len(without)
    if sizes is None or (sizes == sizes[0]).all():
        square = (n - 1) * (without - without.mean()) ** 2
    else:
        times = sizes.sum() / sizes
        centre = n * whole - float(((1 - 1 / times) * without).sum())
        square = (times * whole - (times - 1) * without - centre) ** 2 / (times - 1)
    scatter = float(square.sum())
    uneven = float(square @ square) - scatter**2 / n
    freedom = min(2 * scatter**2 / uneven if uneven > 0 else math.inf, n - spent)
    return math.sqrt(scatter / n), round(max(freedom, 1.0), 1)


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
    return _PERFECT if abs(value) > 1 - 1e-9 else ""


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
