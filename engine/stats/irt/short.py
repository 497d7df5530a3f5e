"""A shorter suite that tells the candidates' abilities nearly as well: which pairs to keep, and what is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["HELP", "Precision", "most_informative", "precision"]

FloatArray = npt.NDArray[np.float64]

HELP: Final = {
    "se_all": "standard error of ability from all pairs: 1/√(Fisher information), pairs taken as independent",
    "se_short": "the same from the short suite",
    "se_random": "the same from as many pairs drawn at random",
    "worth": "how many pairs drawn at random would be as informative, on average over candidates",
}
"""One line on each number."""

_ROUNDS: Final = 30


@dataclass(frozen=True, eq=False)
class Precision:
    """What a subset of pairs tells, in logits; (candidates,) each."""

    se_all: FloatArray
    se_short: FloatArray
    se_random: FloatArray
    worth: float
    """Pairs drawn at random that would tell as much."""


def most_informative(information: FloatArray, units: npt.NDArray[np.integer], at_most: int) -> npt.NDArray[np.intp]:
    """Pairs, ascending, that keep the mean variance of the abilities low (A-optimality), whole units at a time.

    The variance of a candidate's ability is 1/(sum of information), so what a pair adds weighs as the square of the
    candidate's variance so far: choose the best by the present weights, weigh anew, until the choice stands (exchange
    by the gradient; Fedorov 1972, Theory of Optimal Experiments). Where the choice goes in circles the best one counts.

    Args:
        information: (candidates, pairs), Fisher information.
        units: (pairs,): pairs of equal number are taken together or not at all.
        at_most: pairs.

    Returns:
        (chosen,); none where no unit is small enough.
    """
    _, code = np.unique(units, return_inverse=True)
    size = np.bincount(code)
    by_unit = np.stack([np.bincount(code, weights=row) for row in information])
    total = by_unit.sum(axis=1)
    weight = 1 / np.maximum(total, 1e-12) ** 2
    best, least, seen = np.zeros(0, np.intp), np.inf, set()
    for _ in range(_ROUNDS):
        chosen = _fill((weight @ by_unit) / size, size, at_most)
        gathered = by_unit[:, chosen].sum(axis=1)
        variance = float((1 / np.maximum(gathered, 1e-12)).mean())
        if variance < least:
            best, least = chosen, variance
        key = chosen.tobytes()
        if key in seen:
            break
        seen.add(key)
        # Half way to the new weights: whole steps swing between two choices.
        new = 1 / np.maximum(gathered, 1e-12) ** 2
        weight = weight / weight.sum() + new / new.sum()
    return np.flatnonzero(np.isin(code, best))


def _fill(worth: FloatArray, size: npt.NDArray[np.intp], at_most: int) -> npt.NDArray[np.intp]:
    """Units, the most worthy (per pair) first, as long as they fit."""
    order = np.argsort(-worth, kind="stable")
    room, taken = at_most, []
    for unit in order.tolist():
        if size[unit] <= room:
            taken.append(unit)
            room -= int(size[unit])
            if not room:
                break
    return np.sort(np.array(taken, dtype=np.intp))


def precision(information: FloatArray, chosen: npt.NDArray[np.intp]) -> Precision:
    """Expected standard errors of the abilities with all pairs, with the chosen ones, and with as many at random."""
    pairs = information.shape[1]
    whole, part = information.sum(axis=1), information[:, chosen].sum(axis=1)
    with np.errstate(divide="ignore"):
        errors = [1 / np.sqrt(amount) for amount in (whole, part, whole * len(chosen) / pairs)]
    worth = float((part / np.maximum(whole, 1e-12)).mean()) * pairs
    return Precision(errors[0], errors[1], errors[2], worth)
