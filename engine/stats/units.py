"""What is drawn, left out and turned as one: each candidate by itself, or a whole family of them.

Candidates of a family share a maker and a recipe, so that they are fewer independent points than they look. Intervals
over families draw, or leave out, all of a family at a time, and p turns the sign of what a whole family adds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from engine.stats.association import STATISTICS, midranks, shared_weights
from rubrics.counted import count

__all__ = ["Over", "Units", "family_shares", "flipped"]

FloatArray = npt.NDArray[np.float64]
Over = Literal["candidates", "families"]

_ALL_FLIPS: Final = 14
"""Up to so many families every choice of signs is tried: 16,384."""


@dataclass(frozen=True, eq=False)
class Units:
    """Which points go together."""

    code: npt.NDArray[np.intp]
    """(points,): each point's unit, counted from 0."""
    over: Over

    @classmethod
    def of(cls, points: int, families: Sequence[str] | None, over: Over) -> Units:
        """Every point by itself, or by the families, which need one entry a point."""
        if over == "candidates" or families is None:
            return cls(np.arange(points), "candidates")
        code = np.unique(np.asarray(families, dtype=object).astype(str), return_inverse=True)[1]
        return cls(code.astype(np.intp), "families")

    def kept(self, kept: npt.NDArray[np.bool_]) -> Units:
        """Of some of the points."""
        return Units(np.unique(self.code[kept], return_inverse=True)[1].astype(np.intp), self.over)

    @cached_property
    def count(self) -> int:
        """How many units there are."""
        return int(self.code.max()) + 1 if len(self.code) else 0

    @property
    def counted(self) -> str:
        """The same in words: `1 family`."""
        singular = "family" if self.over == "families" else "candidate"
        return count(self.count, singular, self.over)

    @property
    def sizes(self) -> FloatArray:
        """(units,): points in each."""
        return np.bincount(self.code, minlength=self.count).astype(np.float64)

    def drawn(self, resamples: int, seed: int) -> FloatArray:
        """(resamples, points): how often each point is drawn, all of a unit alike."""
        weights = shared_weights(self.count, resamples, seed)
        return weights if self.over == "candidates" else weights[:, self.code]

    def without(self) -> FloatArray:
        """(units, points): each unit left out in turn."""
        left: FloatArray = 1.0 - (self.code[None, :] == np.arange(self.count)[:, None])
        return left

    def sums(self, values: FloatArray) -> FloatArray:
        """(units,): sums by unit."""
        return np.bincount(self.code, weights=values, minlength=self.count).astype(np.float64)


def family_shares(name: str, units: Units, x: FloatArray, y: FloatArray) -> FloatArray:
    """(units,): what each unit adds to a correlation: sums of products of centred values; of midranks, for both rank
    statistics, since where nothing is associated a point adds to Kendall's τ what it adds to Spearman's ρ.

    Args:
        name: of STATISTICS.
    """
    assert name in STATISTICS
    a, b = (column if name == "pearson" else midranks(column) for column in (x, y))
    return units.sums((a - a.mean()) * (b - b.mean()))


def flipped(shares: FloatArray, flips: int, seed: int) -> tuple[float, str]:
    """Two-sided p that what units add has no common direction, by turning the sign of each (Canay, Romano & Shaikh
    2017, Econometrica 85(3), section 2): independent units without an association add with either sign alike.

    Returns:
        p, and how it was found.
    """
    count = len(shares)
    exact = count <= _ALL_FLIPS
    if exact:
        signs = 1.0 - 2.0 * ((np.arange(2**count)[:, None] >> np.arange(count)[None, :]) & 1)
    else:
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(flips, count))
    reached = int(np.count_nonzero(np.abs(signs @ shares) >= abs(float(shares.sum())) * (1 - 1e-9) - 1e-12))
    how = f"sign flips of {count} families, {'all ' if exact else ''}{len(signs):,}"
    if not count:
        return math.nan, how
    return reached / len(signs) if exact else (1 + reached) / (1 + len(signs)), how
