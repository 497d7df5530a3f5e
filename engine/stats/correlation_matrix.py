"""Parts of a suite against outcomes: a correlation in every cell, and whether an outcome's own part foretells it best.

Every cell is a correlation over candidates, p adjusted by Holm over all of them. What the diagonal is held against are
the other parts' correlations with the same outcome, and predictors that know nothing of parts. Where one part of a
suite measures better than another and its outcome is measured better too, the diagonal is ahead for that reason alone:
the difference to the mean of the parts tells, since that mean would then do best.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from engine.stats.association import STATISTICS, reordered, unit
from engine.stats.distributions import student_quantile, student_two_sided
from engine.stats.estimates import LEAST_INTERVAL, Statistic, estimate, jackknife_error, share_reached
from engine.stats.holm import holm
from engine.stats.units import Over, Units

__all__ = ["ANOTHERS", "HELP", "Contrast", "CorrelationMatrix", "Kind", "MatrixCell", "correlation_matrix"]

FloatArray = npt.NDArray[np.float64]
Kind = Literal["pearson", "spearman", "kendall"]

ANOTHERS: Final = "another's"
"""What stands for the other parts in a contrast."""

HELP: Final = {
    "p_holm": "p adjusted by Holm over every cell of the matrix",
    "own": "the outcome is tied to this part: the diagonal",
    ANOTHERS: "mean over tied outcomes: the own part's correlation less the mean of the other parts'; 95 % by the "
    "jackknife over candidates, p from dealing whole candidates' outcomes out anew",
    "reference": "mean over tied outcomes: the own part's correlation less the reference's; 95 % and p by the "
    "jackknife over candidates",
}
"""One line on each number."""

_MOST_ORDERS: Final = 50_000
_PER_CELL: Final = 400
"""Orders tried for each cell, so that p times the cells can still fall below .05."""


@dataclass(frozen=True)
class MatrixCell:
    """One part, or reference, against one outcome."""

    row: str
    column: str
    statistic: Statistic
    p_holm: float
    """NaN for a reference, which is no part of the matrix."""
    own: bool
    """Whether the outcome is tied to this part."""


@dataclass(frozen=True)
class Contrast:
    """How much better an outcome's own part foretells it, on average over the outcomes that are tied to one."""

    versus: str
    """`ANOTHERS`, or a reference."""
    value: float
    ci_low: float
    ci_high: float
    p_value: float
    """Two-sided."""
    n: int
    """Candidates with every number that it takes."""
    outcomes: int
    """Outcomes that are tied to a part."""
    method: str
    note: str
    """Why there is no number; empty where there is one."""


@dataclass(frozen=True)
class CorrelationMatrix:
    """All cells, by part and then by outcome."""

    statistic: Kind
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[MatrixCell, ...], ...]
    """(rows, columns)."""
    references: tuple[tuple[MatrixCell, ...], ...]
    """(references, columns)."""
    contrasts: tuple[Contrast, ...]
    """Against the other parts first."""


def correlation_matrix(
    parts: Mapping[str, npt.ArrayLike],
    outcomes: Mapping[str, npt.ArrayLike],
    own: Mapping[str, str],
    *,
    references: Mapping[str, npt.ArrayLike] | None = None,
    statistic: Kind = "pearson",
    seed: int = 0,
    resamples: int = 10_000,
    level: float = 0.95,
    families: Sequence[str] | None = None,
    over: Over = "candidates",
) -> CorrelationMatrix:
    """Correlate every part with every outcome, and hold the diagonal against the rest.

    Args:
        parts: by name, (candidates,) each, NaN where not known.
        outcomes: the same, turned so that higher is better.
        own: from an outcome to the part that it is tied to; outcomes may be left out.
        references: predictors that know nothing of parts; higher is better.
        families: of the candidates.
        over: what intervals and p take for independent.

    Raises:
        ValueError: lengths differ, nothing to correlate, or an outcome is tied to no part there is.
    """
    x, y, z = (
        {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
        for columns in (parts, outcomes, references or {})
    )
    if len({values.shape for columns in (x, y, z) for values in columns.values()}) > 1 or not x or not y:
        raise ValueError("parts and outcomes need one entry per candidate each")
    if not set(own) <= set(y) or not set(own.values()) <= set(x):
        raise ValueError("an outcome can only be tied to a part of the matrix")
    units = Units.of(len(next(iter(x.values()))), families, over)
    orders = max(resamples, min(_MOST_ORDERS, _PER_CELL * len(x) * len(y)) if statistic != "kendall" else 0)

    def row(name: str, values: FloatArray) -> tuple[MatrixCell, ...]:
        cells = []
        for column, outcome in y.items():
            known = np.isfinite(values) & np.isfinite(outcome)
            found = estimate(
                statistic, values[known], outcome[known], seed=seed, resamples=resamples, level=level,
                permutations=orders, units=units.kept(known),
            )  # fmt: skip
            cells.append(MatrixCell(name, column, found, math.nan, own.get(column) == name))
        return tuple(cells)

    cells = _adjusted([row(name, values) for name, values in x.items()])
    beside = tuple(row(name, values) for name, values in z.items())
    contrasts = [_versus_others(x, y, own, statistic, resamples, seed, level, units)]
    contrasts += [_versus(name, values, x, y, own, statistic, level, units) for name, values in z.items()]
    return CorrelationMatrix(statistic, tuple(x), tuple(y), cells, beside, tuple(contrasts))


def _adjusted(rows: Sequence[tuple[MatrixCell, ...]]) -> tuple[tuple[MatrixCell, ...], ...]:
    tested = [cell.statistic.p_value for row in rows for cell in row if not math.isnan(cell.statistic.p_value)]
    adjusted = iter(holm(tested).tolist())
    return tuple(
        tuple(cell if math.isnan(cell.statistic.p_value) else replace(cell, p_holm=next(adjusted)) for cell in row)
        for row in rows
    )


class _Tied:
    """Parts and tied outcomes of the candidates that have all of them; columns that do not vary are left out."""

    def __init__(
        self, x: Mapping[str, FloatArray], y: Mapping[str, FloatArray], own: Mapping[str, str], also: FloatArray | None,
        units: Units,
    ) -> None:  # fmt: skip
        needed = [*x.values(), *(y[name] for name in own), *([also] if also is not None else [])]
        kept: npt.NDArray[np.bool_] = np.zeros(len(units.code), dtype=bool)
        if own:
            kept = np.asarray(np.isfinite(np.stack(needed)).all(axis=0))
        self.n = int(kept.sum())
        self.units = units.kept(kept)
        self.parts = {name: values[kept] for name, values in x.items() if _varies(values[kept])} if own else {}
        self.pairs = [
            (part, y[name][kept]) for name, part in own.items() if part in self.parts and _varies(y[name][kept])
        ]
        """Each tied outcome behind its part's name."""
        self.also = also[kept] if also is not None and own else np.zeros(0)

    def lacks(self) -> str:
        """Why no contrast can be made; empty where one can."""
        if not self.pairs:
            return "no outcome is tied to a part" if not self.n else "no tied outcome varies with its part"
        if self.units.count < LEAST_INTERVAL:
            return f"{self.units.count} {self.units.over} have all numbers: {LEAST_INTERVAL} are needed"
        return ""


def _varies(values: FloatArray) -> bool:
    return bool(len(values)) and not (values == values[0]).all()


def _versus_others(
    x: Mapping[str, FloatArray], y: Mapping[str, FloatArray], own: Mapping[str, str], statistic: Kind, resamples: int,
    seed: int, level: float, units: Units,
) -> Contrast:  # fmt: skip
    tied = _Tied(x, y, own, None, units)
    note = tied.lacks() or ("there is no other part to compare with" if len(tied.parts) < 2 else "")
    if note:
        return _none(ANOTHERS, tied, note)

    def difference(weights: FloatArray) -> FloatArray:
        total = np.zeros(len(weights))
        for part, outcome in tied.pairs:
            r = {name: STATISTICS[statistic](weights, values, outcome) for name, values in tied.parts.items()}
            others = [values for name, values in r.items() if name != part]
            total += r[part] - np.mean(others, axis=0)
        return total / len(tied.pairs)

    value = float(difference(np.ones((1, tied.n)))[0])
    low, high, by_error = _by_jackknife(value, difference(tied.units.without()), level, tied.units)
    if tied.units.over == "families":
        how = "jackknife over families, Student's t"
        return Contrast(ANOTHERS, value, low, high, by_error, tied.n, len(tied.pairs), how, "")
    whole_units = {name: unit(statistic, values) for name, values in tied.parts.items()}
    whole = np.sum(list(whole_units.values()), axis=0)
    # Of the products with one outcome: own − mean of the others, which is linear in the parts' units.
    directions = np.stack([
        whole_units[part] - (whole - whole_units[part]) / (len(whole_units) - 1) for part, _ in tied.pairs
    ])  # fmt: skip
    null, exact = reordered(
        statistic, directions, np.stack([outcome for _, outcome in tied.pairs]), resamples, seed
    )  # fmt: skip
    p_value = share_reached(null / len(tied.pairs), value, exact)
    how = f"jackknife over candidates, Student's t; {'all' if exact else 'permutation,'} {len(null):,} orders"
    return Contrast(ANOTHERS, value, low, high, p_value, tied.n, len(tied.pairs), how, "")


def _versus(
    name: str, reference: FloatArray, x: Mapping[str, FloatArray], y: Mapping[str, FloatArray],
    own: Mapping[str, str], statistic: Kind, level: float, units: Units,
) -> Contrast:  # fmt: skip
    tied = _Tied({part: x[part] for part in dict.fromkeys(own.values())}, y, own, reference, units)
    note = tied.lacks()
    if not note and not _varies(tied.also):
        note = f"{name} is the same for every candidate"
    if note:
        return _none(name, tied, note)

    def difference(weights: FloatArray) -> FloatArray:
        compute = STATISTICS[statistic]
        total = np.zeros(len(weights))
        for part, outcome in tied.pairs:
            total += compute(weights, tied.parts[part], outcome) - compute(weights, tied.also, outcome)
        return total / len(tied.pairs)

    value = float(difference(np.ones((1, tied.n)))[0])
    low, high, p_value = _by_jackknife(value, difference(tied.units.without()), level, tied.units)
    how = f"jackknife over {tied.units.over}, Student's t"
    return Contrast(name, value, low, high, p_value, tied.n, len(tied.pairs), how, "")


def _none(versus: str, tied: _Tied, note: str) -> Contrast:
    return Contrast(versus, math.nan, math.nan, math.nan, math.nan, tied.n, len(tied.pairs), "none", note)


def _by_jackknife(value: float, without: FloatArray, level: float, units: Units) -> tuple[float, float, float]:
    """Interval and two-sided p; no wider than differences of correlations can be."""
    known = np.isfinite(without)
    if known.sum() < LEAST_INTERVAL:
        return math.nan, math.nan, math.nan
    error, freedom = jackknife_error(without[known], 2, whole=value, sizes=units.sizes[known])
    if error < 1e-12:
        return value, value, 1.0 if abs(value) < 1e-12 else 0.0
    half = student_quantile((1 + level) / 2, freedom) * error
    return max(-2.0, value - half), min(2.0, value + half), student_two_sided(value / error, freedom)
