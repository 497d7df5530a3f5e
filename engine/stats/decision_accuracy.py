"""How often a number decides rightly between two candidates."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.stats.distributions import student_quantile
from engine.stats.intervals import Estimate
from engine.stats.units import Units

__all__ = ["decision_accuracy", "ordered_rightly"]

FloatArray = npt.NDArray[np.float64]


def ordered_rightly(predictor: FloatArray, outcome: FloatArray) -> FloatArray:
    """For every two candidates with unlike outcomes, 1 where the predictor puts them in that order, ½ where it cannot
    tell, else 0; (candidates, candidates), NaN where two outcomes are alike and on the diagonal.

    Args:
        predictor: (candidates,), higher is better.
        outcome: (candidates,), higher is better.
    """
    told = np.sign(predictor[:, None] - predictor[None, :])
    true = np.sign(outcome[:, None] - outcome[None, :])
    ordered: FloatArray = np.where(true == 0, math.nan, (1 + told * true) / 2)
    return ordered


def decision_accuracy(
    predictor: FloatArray, outcome: FloatArray, *, level: float = 0.95, units: Units | None = None
) -> Estimate:
    """Share of pairs of candidates that are ordered rightly, “decision accuracy” in arXiv 2504.11393; chance is ½.

    Pairs share candidates, so the error is from leaving out one candidate at a time. The interval is Wilson's with
    Student's t, at the number of independent decisions that this error stands for, but no more than there are
    candidates: where few are all ordered alike, leaving one out shows no error at all. Candidates that lack either
    number are passed over.

    Args:
        predictor: (candidates,), higher is better.
        outcome: (candidates,), higher is better.
        units: what is left out at a time, and counts as one; each candidate by itself unless said otherwise.
    """
    known = ~(np.isnan(predictor) | np.isnan(outcome))
    ordered = ordered_rightly(predictor[known], outcome[known])
    size = len(ordered)
    if size < 2 or np.isnan(ordered).all():
        return Estimate(math.nan, math.nan, math.nan, "none: no two candidates with unlike outcomes")
    value = float(np.nanmean(ordered))
    units = (units or Units.of(len(known), None, "candidates")).kept(known)
    size = units.count
    if size < 4:
        return Estimate(value, math.nan, math.nan, f"none: fewer than four {units.over}")
    left = []
    for inside in units.without().astype(bool):
        kept = ordered[np.ix_(inside, inside)]
        if not np.isnan(kept).all():
            left.append(float(np.nanmean(kept)))
    square = (len(left) - 1) / len(left) * float(np.sum((np.array(left) - np.mean(left)) ** 2))
    number = min(value * (1 - value) / square, size) if square > 0 and 0 < value < 1 else float(size)
    t = student_quantile((1 + level) / 2, size - 1)
    middle = (value + t * t / (2 * number)) / (1 + t * t / number)
    half = t / (1 + t * t / number) * math.sqrt(value * (1 - value) / number + t * t / (4 * number * number))
    # At either end of the scale the formula gives that end, but for rounding.
    low, high = 0.0 if value == 0 else max(0.0, middle - half), 1.0 if value == 1 else min(1.0, middle + half)
    return Estimate(value, low, high, f"Wilson, left-out {units.over}")
