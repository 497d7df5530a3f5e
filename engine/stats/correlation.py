"""Does a predictor foretell an outcome? Three correlations, each with interval, p, and what single points do to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.association import STATISTICS, jackknife_weights
from engine.stats.estimates import LEAST_INTERVAL, Statistic, estimate, fisher_interval, partial
from engine.stats.league import League, LeagueRow, league
from engine.stats.least_squares import Line, fit_line
from engine.stats.rivals import Rivalry, RivalStatistic, compare_predictors
from engine.stats.units import Over, Units

__all__ = [
    "HELP",
    "Correlation",
    "League",
    "LeagueRow",
    "LeftOut",
    "Line",
    "Over",
    "RivalStatistic",
    "Rivalry",
    "Statistic",
    "compare_predictors",
    "correlate",
    "estimate",
    "fisher_interval",
    "fit_line",
    "how_few",
    "league",
    "partial",
]

FloatArray = npt.NDArray[np.float64]

_ROUGH: Final = 10
"""Candidates below which an interval is no more than a hint."""

HELP: Final = {
    "pearson": "Pearson's r: how close the points lie to a straight line",
    "spearman": "Spearman's ρ: Pearson's r of the ranks, ties at their mean rank",
    "kendall": "Kendall's τ-b: pairs of candidates in the same order minus those in opposite order, with ties",
    "ci_low": "95 %: for r Fisher's z, jackknife error, Student's t (Satterthwaite); for ranks BCa, 10,000 resamples",
    "p_value": "share of reorderings of the outcome with a correlation at least as strong; all orders up to 7 points",
    "families": "over families: whole families left out, drawn and turned, since those of one are alike",
    "fisher": "95 % for r by Fisher's z, for reference: supposes normal, independent points",
}
"""One line on each number."""


@dataclass(frozen=True)
class LeftOut:
    """The correlations without one candidate or one family."""

    name: str
    n: int
    pearson: float
    spearman: float
    kendall: float


@dataclass(frozen=True)
class Correlation:
    """A predictor against an outcome over the candidates that have both."""

    pearson: Statistic
    spearman: Statistic
    kendall: Statistic
    fisher_low: float
    fisher_high: float
    n: int
    missing: tuple[str, ...]
    """Candidates that lack the predictor or the outcome."""
    note: str
    """What a reader must know before believing the numbers; empty where there is nothing."""
    leave_one_out: tuple[LeftOut, ...]
    leave_family_out: tuple[LeftOut, ...]

    @property
    def statistics(self) -> tuple[Statistic, Statistic, Statistic]:
        """Pearson, Spearman, Kendall."""
        return self.pearson, self.spearman, self.kendall


def correlate(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    names: Sequence[str],
    *,
    families: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = 10_000,
    level: float = 0.95,
    over: Over = "candidates",
) -> Correlation:
    """Correlate a predictor with an outcome.

    Args:
        x, y: (candidates,); NaN or infinite where not known.
        names: of the candidates.
        families: which candidates share a maker and a recipe, for leaving out a family at a time.
        over: what intervals and p take for independent.

    Raises:
        ValueError: lengths differ.
    """
    whole_x, whole_y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if not whole_x.shape == whole_y.shape == (len(names),) or (families is not None and len(families) != len(names)):
        raise ValueError("x, y, names and families need one entry per candidate")
    kept = np.isfinite(whole_x) & np.isfinite(whole_y)
    a, b = whole_x[kept], whole_y[kept]
    inside = [name for name, keep in zip(names, kept, strict=True) if keep]
    own_families = [f for f, keep in zip(families, kept, strict=True) if keep] if families is not None else []
    units = Units.of(len(names), families, over).kept(kept)
    statistics = [
        estimate(name, a, b, seed=seed, resamples=resamples, level=level, units=units) for name in STATISTICS
    ]  # fmt: skip
    low, high = fisher_interval(statistics[0].value, len(a), level)
    leave_one = _left_out(inside, jackknife_weights(len(a)), a, b) if len(a) > 2 else ()
    labels = sorted(set(own_families))
    leave_family: tuple[LeftOut, ...] = ()
    if len(labels) > 1:
        weights = np.array([[float(own != label) for own in own_families] for label in labels])
        leave_family = _left_out(labels, weights, a, b)
    return Correlation(
        pearson=statistics[0],
        spearman=statistics[1],
        kendall=statistics[2],
        fisher_low=low,
        fisher_high=high,
        n=len(a),
        missing=tuple(name for name, keep in zip(names, kept, strict=True) if not keep),
        note=_notes(a, b, own_families),
        leave_one_out=leave_one,
        leave_family_out=leave_family,
    )


def _left_out(names: Sequence[str], weights: FloatArray, x: FloatArray, y: FloatArray) -> tuple[LeftOut, ...]:
    # Two points always lie on a line, which says nothing.
    usable = np.where(weights.sum(axis=1, keepdims=True) > 2, weights, np.nan)
    values = [compute(usable, x, y) for compute in STATISTICS.values()]
    return tuple(
        LeftOut(name, int(weights[i].sum()), *(float(column[i]) for column in values)) for i, name in enumerate(names)
    )


def how_few(n: int, families: Sequence[str]) -> tuple[str, ...]:
    """What a correlation over so many candidates that have both numbers must be read with.

    Args:
        families: each candidate's.
    """
    notes = []
    if n < 2:
        notes.append(f"{'one candidate has' if n else 'no candidate has'} both numbers: nothing can be said")
    elif n == 2:
        notes.append("two candidates have both numbers: whether they stand in the same order, and no more")
    elif n < LEAST_INTERVAL:
        notes.append(f"only {n} candidates have both numbers: an order can be seen, its strength cannot")
    elif n < _ROUGH:
        notes.append(f"{n} candidates: intervals are rough")
    different = len(set(families)) or n
    if n > 2 and different <= n / 2:
        whose = f"{different} families" if different > 1 else "one family"
        notes.append(f"{n} candidates from {whose}: fewer independent points than it looks")
    return tuple(notes)


def _notes(x: FloatArray, y: FloatArray, families: Sequence[str]) -> str:
    n, notes = len(x), list(how_few(len(x), families))
    for column, what in ((x, "predictor"), (y, "outcome")):
        if n < 3:
            continue
        if (column == column[0]).all():
            notes.append(f"the {what} is the same for every candidate: there is nothing to correlate")
            continue
        top = int(np.count_nonzero(column == column.max()))
        tied = n - len(np.unique(column))
        if top > max(1, n // 4):
            notes.append(f"{top} of {n} share the highest {what}: a ceiling hides their order")
        elif tied > n // 4:
            notes.append(f"{tied} of {n} {what} values repeat another")
    return "; ".join(notes)
