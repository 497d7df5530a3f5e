"""How well the best of many useless predictors would do: what any chosen one has to beat.

Of a hundred predictors that know nothing the best reaches |ρ| = .66 with 16 candidates. Here the outcome is dealt out
anew to the candidates many times, and each time the best of the same predictors is noted (max-T: Westfall & Young
1993, Resampling-Based Multiple Testing, section 2.3). Predictors that say the same count once that way, as they should.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["BestOf", "best_of"]

FloatArray = npt.NDArray[np.float64]
_LEAST = 4
_CELLS = 1 << 22


@dataclass(frozen=True)
class BestOf:
    """The strongest rank correlation among several predictors, beside what chance gives the best of as many."""

    best: int
    """Which of them it is; −1 where none could be told."""
    value: float
    """Its Spearman's ρ."""
    tried: int
    """Predictors that could be told."""
    n: int
    """Candidates with the outcome."""
    chance: float
    """|ρ| that the best of as many useless ones exceeds in one of 20."""
    p_value: float
    """Share of deals whose best is as strong."""

    def __str__(self) -> str:
        if self.best < 0:
            return f"nothing to set beside chance: that takes {_LEAST} candidates over which predictor and outcome vary"
        return (
            f"the best of {self.tried} tried has |ρ| = {abs(self.value):.2f}; the best of as many useless ones reaches "
            f"{self.chance:.2f} in one of 20, and as much as this in {100 * self.p_value:.2g} % (n = {self.n}; "
            "permutation of the outcome, all predictors together)"
        )


def best_of(
    predictors: Sequence[npt.ArrayLike], outcome: npt.ArrayLike, *, seed: int = 0, deals: int = 5_000
) -> BestOf:
    """Set the best of several predictors beside the best that chance would give.

    Args:
        predictors: (candidates,) each, NaN where not known.
        outcome: (candidates,), NaN where not known; needs four.
    """
    y = np.asarray(outcome, dtype=np.float64)
    columns = np.array([np.asarray(column, dtype=np.float64) for column in predictors]).reshape(-1, len(y))
    columns, y = columns[:, np.isfinite(y)], y[np.isfinite(y)]
    n = len(y)
    kept = np.isfinite(columns)
    varied = np.array([
        present.sum() >= _LEAST and len(set(column[present].tolist())) > 1
        for column, present in zip(columns, kept, strict=True)
    ], dtype=bool)  # fmt: skip
    if n < _LEAST or not varied.any() or (y == y[0]).all():
        return BestOf(-1, math.nan, 0, n, math.nan, math.nan)
    rng = np.random.default_rng(seed)
    dealt = np.vstack([y, rng.permuted(np.tile(y, (deals, 1)), axis=1)])
    strongest = np.zeros(deals + 1)
    own = np.full(len(columns), math.nan)
    # Predictors known for the same candidates share the ranks of the outcome.
    shared = {present.tobytes(): present for present, varies in zip(kept, varied, strict=True) if varies}
    for present in shared.values():
        same = varied & (kept == present).all(axis=1)
        rho = _correlations(_ranks(dealt[:, present]), _ranks(columns[same][:, present]))
        own[same] = rho[0]
        strongest = np.maximum(strongest, np.abs(rho).max(axis=1))
    best = int(np.nanargmax(np.abs(own)))
    reached = int(np.count_nonzero(strongest[1:] >= abs(own[best]) - 1e-9))
    chance = float(np.quantile(strongest[1:], 0.95))
    return BestOf(best, float(own[best]), int(varied.sum()), n, chance, (1 + reached) / (1 + deals))


def _ranks(rows: FloatArray) -> FloatArray:
    """Midranks within each row, centred and of length 1; zero where a row is constant."""
    points = rows.shape[1]
    ranks = np.empty(rows.shape)
    step = max(1, _CELLS // points**2)
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        ranks[start : start + step] = np.sign(some[:, :, None] - some[:, None, :]).sum(axis=2)
    length = np.sqrt((ranks**2).sum(axis=1, keepdims=True))
    scaled: FloatArray = np.divide(ranks, length, out=np.zeros_like(ranks), where=length > 0)
    return scaled


def _correlations(dealt: FloatArray, columns: FloatArray) -> FloatArray:
    """(deals, predictors)."""
    rho: FloatArray = dealt @ columns.T
    return rho
