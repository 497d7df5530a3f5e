"""What the differences in a two-way table of means are made of: rows, columns, both together, and chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["VarianceShares", "variance_shares"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class VarianceShares:
    """Shares of the sum of squares of a table about its mean; they sum to 1, or are all NaN where nothing differs."""

    rows: float
    columns: float
    both: float
    """Of the interaction: what a row has in one column beyond its own mean and the column's."""
    chance: float
    """What sampling clusters would leave of each of the three, taken off them."""


def variance_shares(sums: FloatArray, sizes: FloatArray) -> VarianceShares:
    """Decompose means over clustered units.

    The sums of squares are those of a two-way table with one value a cell. From each its expectation under sampling is
    taken, which is the sum of the variances of its effects; these are linearised ratios of sums over clusters, as for
    any ratio estimator (Cochran 1977, "Sampling Techniques", §6.3 and §9A), so that what the units have in common in
    all cells, and cancels in an effect, is no noise in it. A share cannot be below 0.

    Args:
        sums: (rows, columns, clusters), sums of the scores.
        sizes: (clusters,), how many units each sum is over.
    """
    clusters = sums.shape[2]
    whole = sizes.sum()
    means = sums.sum(axis=2) / whole
    influence = (sums - means[:, :, None] * sizes) / whole
    squares = _squares(means[:, :, None])[:, 0]
    total = float(squares.sum())
    if total <= 1e-24 or clusters < 2:
        return VarianceShares(*[float("nan")] * 4)
    noise = _squares(influence).sum(axis=1) * clusters / (clusters - 1)
    kept = np.maximum(0.0, squares - noise) / total
    return VarianceShares(float(kept[0]), float(kept[1]), float(kept[2]), float(1 - kept.sum()))


def _squares(table: FloatArray) -> FloatArray:
    """(3, layers): sums of squares of the effects of rows, of columns, and of both, in each layer of a table."""
    grand = table.mean(axis=(0, 1), keepdims=True)
    by_row = table.mean(axis=1, keepdims=True) - grand
    by_column = table.mean(axis=0, keepdims=True) - grand
    both = table - grand - by_row - by_column
    return np.stack(
        [
            table.shape[1] * (by_row**2).sum(axis=(0, 1)),
            table.shape[0] * (by_column**2).sum(axis=(0, 1)),
            (both**2).sum(axis=(0, 1)),
        ]
    )
