"""Whom a ranking lets one take: the one rule behind every recommendation.

A candidate is taken only if paired tests, adjusted by Holm for every two candidates of the ranking, put it ahead of
each of its rivals. Holm bounds the chance of any wrong verdict among those tests by α, and so that of a wrong pick
(`benchmarks/stats/picks.py` counts them).
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from engine.stats.distributions import normal_quantile
from engine.stats.flips import ALPHA
from engine.stats.ranking import Duel, Ranking

__all__ = ["POWER", "Pick", "State", "least_p", "pick", "times_as_many"]

State = Literal["take", "tie", "chance", "below", "alone", "nobody"]
"""`take`: one is ahead of all; `tie`: some lead that cannot be told apart; `chance`: nobody is surely above chance;
`below`: all are surely below it; `alone`: there is one candidate only; `nobody`: nobody may be taken."""

POWER: Final = 0.8
"""Chance of telling two candidates apart that "as many as it takes" is reckoned for."""


@dataclass(frozen=True)
class Pick:
    """What the tests of a ranking carry."""

    state: State
    leaders: tuple[str, ...]
    """By value, best first: the one to take, or those that cannot be told apart at the top."""


def pick(ranking: Ranking, eligible: Collection[str]) -> Pick:
    """Whom to take among the eligible candidates, if anybody.

    Args:
        ranking: of all candidates, the eligible and the others, for whose number the tests are adjusted.
        eligible: those that may be taken.
    """
    scored = [row for row in ranking.rows if not math.isnan(row.value)]
    rows = [row for row in scored if row.candidate in eligible]
    if not rows:
        return Pick("nobody", ())
    names = tuple(row.candidate for row in rows)
    # Of a lone candidate surely below chance nothing can be said of the suite, so all of several have to be.
    if len(scored) > 1 and all(row.ci_high < row.chance for row in scored):
        return Pick("below", names)
    if not any(row.ci_low > row.chance for row in rows):
        return Pick("chance", names)
    if len(names) == 1:
        return Pick("alone", names)
    ahead = _ahead(ranking.duels, set(names), 1 - ranking.level)
    first = next((name for name in names if all((name, other) in ahead for other in names if other != name)), None)
    if first is not None:
        above = next(row for row in rows if row.candidate == first)
        return Pick("take" if above.ci_low > above.chance else "chance", (first,))
    unbeaten = {name for name in names if not any((other, name) in ahead for other in names)}
    top = next(name for name in names if name in unbeaten)
    level_with_top = {name for name in names if (top, name) not in ahead and (name, top) not in ahead}
    return Pick("tie", tuple(name for name in names if name in unbeaten | level_with_top))


def _ahead(duels: Collection[Duel], names: set[str], alpha: float) -> set[tuple[str, str]]:
    """(better, worse) of those told apart."""
    told = [duel for duel in duels if {duel.a, duel.b} <= names and duel.p_adjusted <= alpha]
    return {(duel.a, duel.b) if duel.ahead > 0 else (duel.b, duel.a) for duel in told}


def least_p(clusters: int, candidates: int) -> float:
    """The smallest adjusted p that so many clusters can give: all of them for one side, by sign flips, under Holm."""
    comparisons = candidates * (candidates - 1) // 2
    return min(1.0, comparisons * 2.0 ** (1 - clusters))


def times_as_many(differences: npt.NDArray[np.floating], comparisons: int, *, alpha: float = ALPHA) -> float:
    """How many times as many clusters it would take to tell two candidates apart, if their lead is what it seems.

    n' / n = ((z_(1 - α/2m) + z_power) / z)², z being the lead over its standard error: the usual reckoning for a
    two-sided test on means (e.g. Chow, Shao & Wang 2008, Sample Size Calculations in Clinical Research, section 3.1),
    at the level of Holm's first step among m comparisons.

    Args:
        differences: (clusters,), Σ weight·(a's score - b's).
        comparisons: m.

    Returns:
        1 or less where those there are should do; infinite where the lead is nil.
    """
    total = float(np.sum(differences, dtype=np.float64))
    spread = math.sqrt(float(np.square(differences, dtype=np.float64).sum()))
    if abs(total) < 1e-9 or not spread:
        return math.inf
    wanted = normal_quantile(1 - alpha / (2 * max(1, comparisons))) + normal_quantile(POWER)
    return (wanted * spread / abs(total)) ** 2
