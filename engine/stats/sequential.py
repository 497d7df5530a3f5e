"""Deciding early: which candidate is best on this suite, or their order, by a test that holds whenever one stops.

Groups of pairs are read in random order without replacement. For two candidates the hypothesis "a is not ahead of b
on the whole suite" is bet against, group by group; the capital of a bettor is a non-negative supermartingale if the
hypothesis is true, so that it ever reaches 1/α has probability α at most, however often one looks (Ville). Bets and
capital: Waudby-Smith & Ramdas 2024, J. R. Stat. Soc. B 86(1), section 5 (sampling without replacement) and the mixture
over bets of its section 4. The claim is about this suite, not about others like it.

Holding for all candidates together: a wrong best needs the true best to lose to one of the k − 1 others, so each
comparison is tested at α / (k − 1); a wrong order may come from any of k(k − 1) directed comparisons.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from engine.stats.distributions import normal_quantile, normal_two_sided

__all__ = ["METHOD", "Decision", "Goal", "decide", "early_level", "log_capital"]

Goal = Literal["best", "order"]
FloatArray = npt.NDArray[np.float64]

METHOD: Final = "betting against each two candidates' order, groups drawn without replacement; holds at any stop"
_BETS: Final = 0.9 * 0.5 ** np.arange(7.0)
"""Shares of the largest bet that cannot ruin; the bettor divides the capital among them evenly."""


@dataclass(frozen=True)
class Decision:
    """Where the question stands after the groups read so far."""

    goal: Goal
    alpha: float
    state: Literal["decided", "running", "undecided"]
    """`undecided`: the suite is used up and the test has not come to an end."""
    order: tuple[str, ...]
    """By the mean over the pairs read, best first; where `decided`, the order (or the first place) that is claimed."""
    racing: tuple[str, ...]
    """Candidates that further pairs are needed of, in that order."""
    out_at: Mapping[str, int]
    """The others: groups read when they dropped out."""
    read: int
    """Groups that it took, or that have been read without a decision."""
    groups: int
    more_pairs: int | None
    """Without a decision: about how many more pairs like these it would take; None where none would do, or none need
    to. A guess from the smallest lead so far, not a promise."""


def log_capital(differences: FloatArray, groups: int) -> FloatArray:
    """Log of the capital won from betting that the total over all groups is above zero.

    Args:
        differences: (..., read), each between −1 and 1, in the order in which groups were drawn.
        groups: how many there are in all.

    Returns:
        (..., read): after each group; infinite once the rest cannot bring the total down to zero.
    """
    x = np.asarray(differences, dtype=np.float64)
    sums = np.cumsum(x, axis=-1)
    before = np.concatenate([np.zeros((*x.shape[:-1], 1)), sums[..., :-1]], axis=-1)
    left = groups - np.arange(x.shape[-1], dtype=np.float64)
    # What the next group would be on average if the total were zero.
    expected = -before / left
    floor = 1.0 + expected
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(floor > 1e-12, (x - expected) / floor, np.where(x > -1 + 1e-12, np.inf, 0.0))
        logs = np.log1p(np.maximum(_BETS[:, None] * gain[..., None, :], -1.0))
        paths = np.cumsum(logs, axis=-1)
    top = paths.max(axis=-2)
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(over="ignore"):
        mixed = np.log(np.mean(np.exp(paths - safe[..., None, :]), axis=-2)) + safe
    certain = np.maximum.accumulate(sums - (left - 1) > 1e-9, axis=-1)
    log_mixture: FloatArray = np.where(certain | np.isposinf(top), np.inf, mixed)
    return log_mixture


def decide(
    candidates: Sequence[str],
    sums: npt.ArrayLike,
    sizes: npt.ArrayLike,
    *,
    groups: int,
    largest: int,
    goal: Goal = "best",
    alpha: float = 0.05,
) -> Decision:
    """What can be claimed after the groups read so far; call it after any number of them, as often as one likes.

    Args:
        candidates: their names.
        sums: (candidates, read), each candidate's scores (0 to 1 a pair) summed over the pairs of each group, groups
            in the random order in which they were drawn; NaN from where a candidate was no longer scored.
        sizes: (read,), pairs in each of these groups.
        groups: groups in the whole suite, read or not.
        largest: pairs in the largest of them.
        goal: `best`, or the whole `order`.
        alpha: how often a claim may be wrong.

    Raises:
        ValueError: shapes disagree, a sum lies outside 0 to its group's size, or a candidate comes back after NaN.
    """
    values, counts = np.asarray(sums, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    names = tuple(candidates)
    _check(names, values, counts, groups, largest, alpha)
    number = len(names)
    family = max(1, number - 1 if goal == "best" else number * (number - 1))
    need = math.log(family / alpha)
    events = sorted(
        (time, ahead, behind)
        for ahead in range(number)
        for behind in range(number)
        if ahead != behind and (time := _crossing(values[ahead] - values[behind], largest, groups, need)) is not None
    )
    race = _Race(number, goal)
    for time, ahead, behind in events:
        if not race.over:
            race.take(time, ahead, behind)
    read = race.time if race.over else values.shape[1]
    ranked = sorted(range(number), key=lambda c: (race.place(c), -_mean(values[c, :read], counts[:read]), c))
    racing = () if race.over else tuple(names[c] for c in ranked if c not in race.out)
    state: Literal["decided", "running", "undecided"] = (
        "decided" if race.over else "undecided" if read >= groups else "running"
    )
    more = None if race.over else _more(values, counts, race, need)
    out = {names[c]: time for c, time in race.out.items()}
    return Decision(goal, alpha, state, tuple(names[c] for c in ranked), racing, out, read, groups, more)


def early_level(share: float, alpha: float = 0.05) -> float:
    """The level that the p of a test for one look must reach, where it is looked at on part of what will be read.

    The bound of O'Brien & Fleming (1979, Biometrics 35) for looking all the time: with z on a share t of the whole,
    z√t goes as a Brownian motion, which ever leaves ±c before t = 1 with probability at most 4(1 − Φ(c)) = α
    (reflection); so z must reach c/√t. It is the limit of the spending function of Lan & DeMets (1983, Biometrika 70).

    Args:
        share: of what will be read, 0 to 1.
        alpha: how often any of the looks may find what is not there.
    """
    return normal_two_sided(normal_quantile(1 - alpha / 4) / math.sqrt(share)) if share > 0 else 0.0


class _Race:
    """Who has dropped out, and when."""

    def __init__(self, number: int, goal: Goal) -> None:
        self.number, self.goal = number, goal
        self.out: dict[int, int] = {}
        self.beaten: set[tuple[int, int]] = set()
        self.time = 0

    @property
    def over(self) -> bool:
        """Whether the question is settled."""
        if self.goal == "best":
            return len(self.out) >= self.number - 1
        return len(self.out) == self.number or self.number < 2

    def take(self, time: int, ahead: int, behind: int) -> None:
        """One candidate has been found ahead of another, after so many groups."""
        if ahead in self.out or behind in self.out or (behind, ahead) in self.beaten:
            # Who has dropped out is no longer scored; of two contrary findings the first stands.
            return
        self.time = time
        self.beaten.add((ahead, behind))
        if self.goal == "best":
            self.out[behind] = time
            return
        for candidate in (ahead, behind):
            if sum(candidate in pair for pair in self.beaten) == self.number - 1:
                self.out[candidate] = time

    def place(self, candidate: int) -> int:
        """What is claimed of a candidate's place; smaller is better, equal where nothing is claimed."""
        if self.goal == "best":
            return int(candidate in self.out)
        return sum(behind == candidate for _, behind in self.beaten) if self.over else 0

    def open(self) -> list[tuple[int, int]]:
        """Comparisons that are still needed, the smaller number first."""
        racing = [c for c in range(self.number) if c not in self.out]
        return [
            (a, b) for a in racing for b in racing if a < b and (a, b) not in self.beaten and (b, a) not in self.beaten
        ]


def _crossing(difference: FloatArray, largest: int, groups: int, need: float) -> int | None:
    scored = difference[~np.isnan(difference)]
    if not len(scored):
        return None
    reached = np.flatnonzero(log_capital(scored / largest, groups) >= need)
    return int(reached[0]) + 1 if len(reached) else None


def _mean(values: FloatArray, counts: FloatArray) -> float:
    scored = ~np.isnan(values)
    total = float(counts[scored].sum())
    return float(values[scored].sum()) / total if total else 0.0


def _more(values: FloatArray, counts: FloatArray, race: _Race, need: float) -> int | None:
    """Pairs beyond those read until the slowest open comparison ends, if leads and spread stay as they are.

    The best bet gains mean² / (2 · mean square) a group, to second order.
    """
    slowest = 0.0
    for a, b in race.open():
        difference = values[a] - values[b]
        difference = difference[~np.isnan(difference)]
        mean = float(difference.mean()) if len(difference) else 0.0
        if abs(mean) < 1e-12:
            return None
        slowest = max(slowest, 2 * need * float(np.mean(difference**2)) / mean**2 - len(difference))
    per_group = float(counts.mean()) if len(counts) else 1.0
    return math.ceil(max(slowest, 1.0) * per_group) if slowest < 1e12 else None


def _check(
    names: tuple[str, ...], values: FloatArray, counts: FloatArray, groups: int, largest: int, alpha: float
) -> None:
    if values.shape != (len(names), len(counts)):
        raise ValueError(f"sums are {values.shape}, not {(len(names), len(counts))}")
    if not names or len(set(names)) != len(names):
        raise ValueError("candidates must be named, each once")
    if len(counts) > groups or (len(counts) and not 1 <= counts.min() <= counts.max() <= largest):
        raise ValueError("more groups than there are, or one that is empty or larger than the largest")
    if not 0 < alpha < 1:
        raise ValueError("alpha must lie between 0 and 1")
    missing = np.isnan(values)
    if (missing[:, :-1] & ~missing[:, 1:]).any():
        raise ValueError("a candidate that was no longer scored came back")
    if ((values < 0) | (values > counts + 1e-6)).any():
        raise ValueError("a sum lies outside 0 to the pairs of its group")
