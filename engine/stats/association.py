"""Pearson, Spearman and Kendall of many weighted copies of the same points at once.

A bootstrap resample, a point left out and a family left out are all the same points with other whole-number weights,
so one weighted form of each statistic serves resampling, jackknife and the estimate itself. All are exact: weighted
midranks for Spearman's ρ, tau-b with ties for Kendall's τ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import permutations
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "STATISTICS",
    "bootstrap_weights",
    "jackknife_weights",
    "kendall",
    "midranks",
    "pearson",
    "permutation_null",
    "reordered",
    "shared_weights",
    "spearman",
    "unit",
]

FloatArray = npt.NDArray[np.float64]

_CELLS = 1 << 21
_KEPT_CELLS = 1 << 22
"""Signs that are kept, 16 MB."""
_EXACT_POINTS = 7
"""Up to so many points, every order is tried: 5,040."""


def pearson(weights: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Pearson's r under each row of weights.

    Args:
        weights: (rows, points), not negative.
        x, y: (points,), or (rows, points) where they differ by row.

    Returns:
        (rows,); NaN where either is constant.
    """
    total = weights.sum(axis=1)
    x, y = np.broadcast_to(x, weights.shape), np.broadcast_to(y, weights.shape)
    dx = x - ((weights * x).sum(axis=1) / total)[:, None]
    dy = y - ((weights * y).sum(axis=1) / total)[:, None]
    xx, yy, xy = ((weights * a * b).sum(axis=1) for a, b in ((dx, dx), (dy, dy), (dx, dy)))
    # A constant column leaves rounding, not zero; what is a trillionth of the values' size is nothing.
    still = (xx <= 1e-24 * (weights * x * x).sum(axis=1)) | (yy <= 1e-24 * (weights * y * y).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.clip(xy / np.sqrt(xx * yy), -1, 1)
    return np.where(still, math.nan, r)


def spearman(weights: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Spearman's ρ under each row of whole-number weights: Pearson's r of weighted midranks."""
    return pearson(weights, weights @ _order(x).T, weights @ _order(y).T)


def kendall(weights: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Kendall's τ-b under each row of whole-number weights."""
    sx, sy = _signs(x), _signs(y)
    both, in_x, in_y = (((weights @ table) * weights).sum(axis=1) for table in (sx * sy, sx * sx, sy * sy))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((in_x > 0) & (in_y > 0), both / np.sqrt(in_x * in_y), math.nan)


STATISTICS: Final[dict[str, Callable[[FloatArray, FloatArray, FloatArray], FloatArray]]] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall": kendall,
}


def bootstrap_weights(points: int, resamples: int, rng: np.random.Generator) -> FloatArray:
    """How often each point is drawn, (resamples, points)."""
    drawn = rng.integers(0, points, size=(resamples, points))
    drawn += np.arange(resamples)[:, None] * points
    return np.bincount(drawn.ravel(), minlength=resamples * points).reshape(resamples, points).astype(np.float64)


@lru_cache(maxsize=2)
def shared_weights(points: int, resamples: int, seed: int) -> FloatArray:
    """The same of a seed: candidates are few, and every predictor is resampled alike. Not to be written to."""
    weights = bootstrap_weights(points, resamples, np.random.default_rng(seed))
    weights.flags.writeable = False
    return weights


def jackknife_weights(points: int) -> FloatArray:
    """Each point left out in turn, (points, points)."""
    return np.ones((points, points)) - np.eye(points)


def permutation_null(name: str, x: FloatArray, y: FloatArray, permutations_: int, seed: int) -> tuple[FloatArray, bool]:
    """The statistic with y in every order (up to seven points), or in many random ones.

    Returns:
        The values, and whether they are all there are.
    """
    orders, exact = _orders(len(x), permutations_, seed)
    if name == "kendall":
        sx, sy = _signs(x), _signs(y)
        scale = math.sqrt(float((sx * sx).sum() * (sy * sy).sum()))
        own = sx[np.triu_indices(len(x), 1)].astype(np.float32)
        # Sums of so few signs are whole numbers in fp32 too; each pair of points stands in both tables twice.
        met = np.concatenate([dealt @ own for dealt in _dealt_signs(tuple(y.tolist()), permutations_, seed)])
        return 2 * met.astype(np.float64) / scale, exact
    if name == "spearman":
        x, y = midranks(x), midranks(y)
    dx, dy = x - x.mean(), y - y.mean()
    values: FloatArray = dy[orders] @ dx / math.sqrt(float(dx @ dx) * float(dy @ dy))
    return values, exact


def unit(name: str, values: FloatArray) -> FloatArray:
    """What a statistic is the inner product of: centred values, centred midranks or signs of all differences, each of
    length 1; for values that vary."""
    if name == "kendall":
        signs = _signs(values).ravel()
        return np.asarray(signs / math.sqrt(float(signs @ signs)), dtype=np.float64)
    centred = midranks(values) if name == "spearman" else values
    centred = centred - centred.mean()
    return np.asarray(centred / math.sqrt(float(centred @ centred)), dtype=np.float64)


def reordered(
    name: str, directions: FloatArray, outcomes: FloatArray, permutations_: int, seed: int
) -> tuple[FloatArray, bool]:
    """Sums of inner products with the outcomes dealt out anew to the candidates, all outcomes of one together.

    Args:
        directions: (outcomes, length of `unit`): sums and differences of predictors, each as `unit` gives it.
        outcomes: (outcomes, points), each of which varies.

    Returns:
        The sums, and whether they are all there are.
    """
    points = outcomes.shape[1]
    orders, exact = _orders(points, permutations_, seed)
    sums = np.zeros(len(orders))
    for direction, outcome in zip(directions, outcomes, strict=True):
        moved = unit(name, outcome)
        if name != "kendall":
            sums += moved[orders] @ direction
            continue
        signs, rows = moved.reshape(points, points), max(1, _CELLS // points**2)
        for start in range(0, len(orders), rows):
            some = orders[start : start + rows]
            dealt = signs[some[:, :, None], some[:, None, :]].reshape(len(some), -1)
            sums[start : start + rows] += dealt @ direction
    return sums, exact


@lru_cache(maxsize=4)
def _orders(points: int, permutations_: int, seed: int) -> tuple[npt.NDArray[np.int64], bool]:
    """Orders of so many points, (orders, points), the same for every predictor; and whether they are all there are."""
    exact = points <= _EXACT_POINTS
    if exact:
        orders = np.array(list(permutations(range(points))))
    else:
        rng = np.random.default_rng(seed)
        orders = rng.permuted(np.tile(np.arange(points), (permutations_, 1)), axis=1)
    orders.flags.writeable = False
    return orders, exact


def _dealt_signs(y: tuple[float, ...], permutations_: int, seed: int) -> Iterable[npt.NDArray[np.float32]]:
    """Signs of the differences of y in every order, in pieces of (orders, pairs of points)."""
    pairs = len(y) * (len(y) - 1) // 2
    orders, _ = _orders(len(y), permutations_, seed)
    if len(orders) * pairs <= _KEPT_CELLS:
        return _kept_signs(y, permutations_, seed)
    rows = max(1, _CELLS // pairs)
    return (_signs_of(y, orders[start : start + rows]) for start in range(0, len(orders), rows))


@lru_cache(maxsize=2)
def _kept_signs(y: tuple[float, ...], permutations_: int, seed: int) -> tuple[npt.NDArray[np.float32]]:
    """The same in one piece: one outcome is dealt out alike for every predictor."""
    signs = _signs_of(y, _orders(len(y), permutations_, seed)[0])
    signs.flags.writeable = False
    return (signs,)


def _signs_of(y: Sequence[float], orders: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    first, second = np.triu_indices(len(y), 1)
    signs = _signs(np.array(y)).astype(np.float32).ravel()
    return np.take(signs, orders[:, first] * len(y) + orders[:, second])


def midranks(values: FloatArray) -> FloatArray:
    """Ranks from ½, ties at their mean."""
    ranks: FloatArray = _order(values).sum(axis=1)
    return ranks


def _order(values: FloatArray) -> FloatArray:
    """(points, points): 1 where the column's value is below the row's, ½ where equal; times weights, midranks."""
    return (np.sign(values[:, None] - values[None, :]) + 1) / 2


def _signs(values: FloatArray) -> FloatArray:
    return np.sign(values[:, None] - values[None, :])
