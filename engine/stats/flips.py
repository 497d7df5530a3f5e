"""Whether one candidate is ahead of another: the one test of it, everywhere."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.stats.distributions import binomial_two_sided, normal_two_sided

__all__ = ["ALPHA", "EXACT", "NORMAL", "FlipTest", "flip_test"]

ALPHA: Final = 0.05
"""At which adjusted p two candidates are told apart."""
EXACT: Final = "sign flip by cluster, exact"
NORMAL: Final = "sign flip by cluster, normal limit"

_ENUMERATE = 12
"""Up to so many clusters that differ, every pattern of signs is tried, whatever the differences are."""
_GRID = 40
"""Up to so many, differences without a common step are put on a grid fine enough to change nothing that is shown."""
_CELLS = 1 << 14
_MOST_WORK = 1 << 17
"""Above so many additions the normal limit is taken: clusters are many then, and it is a little above the exact p."""
_STEPS = (1, 2, 4, 6, 12, 24, 60, 120)
"""A pair counts a whole or a half, shared between up to so many subcategories: differences are whole multiples."""
_WHOLE = 1e-3
"""Differences are sums in single precision."""


class FlipTest(NamedTuple):
    """Under the null, a cluster's difference is as likely to be the other way round."""

    p_value: float
    """Two-sided."""
    method: str


def flip_test(differences: npt.NDArray[np.floating]) -> FlipTest:
    """The chance of a sum as far from 0 as this one, with every cluster's sign drawn anew.

    For single pairs that are right or wrong this is McNemar's exact test. Where clusters are many, ΣD over √ΣD² is
    normal (Durkalski et al. 2003, Stat. Med. 22(15)), here with a correction for continuity.

    Args:
        differences: (clusters,), Σ weight·(a's score - b's).
    """
    differing = np.abs(differences[np.abs(differences) > 1e-9]).astype(np.float64)
    total = abs(float(np.sum(differences, dtype=np.float64)))
    count = len(differing)
    if not count:
        return FlipTest(1.0, EXACT)
    if count <= _ENUMERATE:
        patterns = np.arange(1 << count)[:, None] >> np.arange(count) & 1
        reached = np.abs((2 * patterns - 1) @ differing) >= total - 1e-6
        return FlipTest(float(reached.mean()), EXACT)
    steps = _in_steps(differing)
    between = 0.0
    if steps is not None:
        between = float(differing.sum()) / float(steps.sum())
        net = round(total / between)
        if steps.min() == steps.max():
            return FlipTest(binomial_two_sided((count + net // int(steps[0])) // 2, count), EXACT)
        if count * int(steps.sum()) <= _MOST_WORK:
            return FlipTest(_tail(steps, net - 0.5), EXACT)
    if count <= _GRID:
        cells = differing * (_CELLS / float(differing.sum()))
        nearest = np.rint(cells).astype(np.int64)
        wrong = float(np.abs(cells - nearest).sum())
        return FlipTest(_tail(nearest, total * _CELLS / float(differing.sum()) - 2 * wrong - 1), EXACT)
    # Sums lie two steps apart: half of that is the correction for continuity.
    reach = max(total - between, 0.0) / math.sqrt(float(differing @ differing))
    return FlipTest(normal_two_sided(reach), NORMAL)


def _in_steps(differing: npt.NDArray[np.float64]) -> npt.NDArray[np.int64] | None:
    """The differences as whole numbers of a common step, if they have one."""
    for each in _STEPS:
        many = differing * each
        whole = np.rint(many).astype(np.int64)
        if np.abs(many - whole).max() < _WHOLE:
            return whole // np.int64(np.gcd.reduce(whole))
    return None


def _tail(steps: npt.NDArray[np.int64], least: float) -> float:
    """P(|Σ ±steps| ≥ least), sign by sign."""
    # Σ ±s = 2·Σ_plus s - Σs: the sum over the pluses, from 0 to Σs, says all.
    reach = 0
    mass = np.ones(1)
    for step in np.sort(steps).tolist():
        longer = np.zeros(reach + step + 1)
        longer[: reach + 1] = mass
        longer[step:] += mass
        mass, reach = longer / 2, reach + step
    inside = np.abs(2 * np.arange(reach + 1) - reach) >= least
    return min(1.0, float(mass[inside].sum()))
