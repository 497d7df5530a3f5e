"""All predictors of one outcome side by side, and whether the one that leads really does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from engine.stats.association import STATISTICS, jackknife_weights
from engine.stats.estimates import LEAST_INTERVAL, Statistic, estimate, partial
from engine.stats.holm import holm
from engine.stats.rivals import Rivalry, RivalStatistic, compare_predictors
from engine.stats.units import Over, Units

__all__ = ["HELP", "League", "LeagueRow", "league"]

HELP: Final = {
    "p_holm": "p adjusted for having tried all predictors of the table (Holm)",
    "given_control": "the same correlation once the control, log10 parameters, is accounted for",
    "weakest": "the correlation nearest to none when one candidate is left out",
    "weakest_family": "the same when one family is left out",
    "versus": "the reference's correlation minus this one's, resampled together",
}
"""One line on each column."""


@dataclass(frozen=True)
class LeagueRow:
    """One predictor of the outcome."""

    predictor: str
    pearson: Statistic
    spearman: Statistic
    kendall: Statistic
    n: int
    p_holm: float
    weakest: float
    given_control: Statistic | None
    versus: Rivalry | None
    """The reference against this predictor; none for the reference itself."""
    weakest_family: float = math.nan

    def by(self, statistic: str) -> Statistic:
        """The statistic of that name."""
        return {"pearson": self.pearson, "spearman": self.spearman, "kendall": self.kendall}[statistic]


@dataclass(frozen=True)
class League:
    """Rows from the strongest correlation to the weakest, whatever its sign."""

    rows: tuple[LeagueRow, ...]
    statistic: Literal["pearson", "spearman", "kendall"]
    reference: str
    verdict: str
    """What may be said of the reference against its rivals, in one sentence."""


def league(
    predictors: Mapping[str, npt.ArrayLike],
    outcome: npt.ArrayLike,
    *,
    reference: str = "",
    control: npt.ArrayLike | None = None,
    families: Sequence[str] | None = None,
    statistic: Literal["pearson", "spearman", "kendall"] = "spearman",
    seed: int = 0,
    resamples: int = 10_000,
    alpha: float = 0.05,
    over: Over = "candidates",
) -> League:
    """Correlate every predictor with the outcome, and the reference predictor with each rival.

    Args:
        predictors: by name, (candidates,) each, NaN where not known; turned so that higher is better.
        outcome: (candidates,), NaN where not known.
        reference: the predictor on trial; default: the first.
        control: (candidates,), usually log10 parameters.
        families: of the candidates, for leaving out one at a time.
        statistic: orders the table, and is what Holm and the verdict speak of.
        over: what intervals and p take for independent.

    Raises:
        ValueError: lengths differ, there are no predictors, or no such reference.
    """
    reference = reference or next(iter(predictors), "")
    if reference not in predictors:
        raise ValueError(f"no predictor named {reference!r}")
    y = np.asarray(outcome, dtype=np.float64)
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in predictors.items()}
    if any(column.shape != y.shape for column in columns.values()) or (
        families is not None and len(families) != len(y)
    ):
        raise ValueError("predictors and outcome need one entry per candidate")
    held = None if control is None else np.asarray(control, dtype=np.float64)
    units = Units.of(len(y), families, over)
    drawn: dict[str, Any] = {"seed": seed, "resamples": resamples}
    together: dict[str, Any] = {**drawn, "families": families and tuple(families), "over": over}
    unadjusted = []
    for name, x in columns.items():
        kept = np.isfinite(x) & np.isfinite(y)
        a, b = x[kept], y[kept]
        r, rho, tau = (estimate(kind, a, b, units=units.kept(kept), **drawn) for kind in STATISTICS)
        given = None
        # A control cannot be controlled for itself.
        if held is not None and not np.array_equal(held, x, equal_nan=True) and statistic != "kendall":
            given = partial(x, y, held, ranks=statistic == "spearman", **together)
        versus = None
        if name != reference:
            versus = compare_predictors(columns[reference], x, y, **together)
        weakest = _weakest(statistic, a, b, jackknife_weights(len(a)))
        family = math.nan
        if families is not None:
            own = np.array(families, dtype=object)[kept]
            without = [own != label for label in sorted(set(own.tolist()))]
            if len(without) > 1:
                family = _weakest(statistic, a, b, np.array(without, dtype=np.float64))
        unadjusted.append(LeagueRow(name, r, rho, tau, len(a), math.nan, weakest, given, versus, family))
    tested = [row for row in unadjusted if not math.isnan(row.by(statistic).p_value)]
    adjusted = dict(zip((r.predictor for r in tested), holm([r.by(statistic).p_value for r in tested]), strict=True))
    rows = [replace(row, p_holm=float(adjusted.get(row.predictor, math.nan))) for row in unadjusted]
    rows.sort(key=lambda row: (math.isnan(row.by(statistic).value), -abs(row.by(statistic).value), row.predictor))
    return League(tuple(rows), statistic, reference, _verdict(rows, reference, statistic, alpha, over))


def _weakest(
    statistic: str, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> float:
    """Of the correlations under weights that leave three candidates or more."""
    weights = weights[weights.sum(axis=1) >= 3]
    values = STATISTICS[statistic](weights, x, y) if len(weights) else np.full(1, math.nan)
    if np.isnan(values).all():
        return math.nan
    return float(values[np.nanargmin(np.abs(values))])


def _verdict(rows: list[LeagueRow], reference: str, statistic: str, alpha: float, over: Over) -> str:
    """Which rivals the reference beats, loses to, and cannot be told from, Holm over the rivals."""
    rivals: list[tuple[str, float, float]] = []
    wrong = {row.predictor for row in rows if row.by(statistic).value < 0}
    for row in rows:
        if row.versus is None:
            continue
        versus: RivalStatistic = getattr(row.versus, statistic)
        # For r of few points the bootstrap rejects 8 % of true nulls (benchmarks/stats/errors.py), Williams 5 %.
        two_tests = statistic == "pearson" and over == "candidates"
        p = max(versus.p_value, row.versus.williams_p) if two_tests else versus.p_value
        if not math.isnan(p):
            rivals.append((row.predictor, versus.difference, p))
    if not rivals:
        most = max(row.n for row in rows)
        if len(rows) > 1 and most < LEAST_INTERVAL:
            return f"{reference}: {most} with both numbers cannot compare predictors; {LEAST_INTERVAL} are needed"
        if len(rows) > 1 and over == "families" and (note := next((r.versus.note for r in rows if r.versus), "")):
            return f"{reference}: {note}"
        return f"{reference}: no rival to compare with" + (", since a column does not vary" if len(rows) > 1 else "")
    ahead: list[str] = []
    astray: list[str] = []
    behind: list[str] = []
    level: list[str] = []
    for (name, difference, _), p in zip(rivals, holm([p for *_, p in rivals]), strict=True):
        # Nobody would choose by a number that puts the worst first, as far as it goes: to beat it says nothing.
        (level if p > alpha else behind if difference < 0 else astray if name in wrong else ahead).append(name)
    test = "Williams and paired bootstrap" if statistic == "pearson" else "paired bootstrap"
    test = "paired bootstrap over families" if over == "families" else test
    parts = [
        f"{words} {', '.join(names)}"
        for words, names in (
            ("predicts better than", ahead),
            ("predicts worse than", behind),
            ("cannot be told from", level),
        )
        if names
    ] or ["has no rival"]
    if astray:
        own = "correlates below zero and is no rival" if len(astray) == 1 else "correlate below zero and are no rivals"
        parts.append(f"{', '.join(astray)} {own}")
    return f"{reference} {'; '.join(parts)} ({statistic}, {test}, Holm over {len(rivals)} rivals, {alpha:g})"
