"""Everything that follows from verdicts and clusters alone, fitted once for the same ones."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.stats.irt.rasch import Rasch, fit_rasch
from engine.stats.irt.trial import item_rest, negative_by_chance, reversed_p
from engine.stats.irt.twopl import TwoPL, fit_twopl

__all__ = ["ItemFit", "fit_verdicts"]

FloatArray = npt.NDArray[np.float64]

_KEPT: Final = 2
"""Fits kept: one of 30,000 pairs takes a second to make and 15 MB to keep."""


class ItemFit(NamedTuple):
    """What the verdicts say of candidates and pairs."""

    rasch: Rasch
    twopl: TwoPL | None
    rest: FloatArray
    """(pairs,): item-rest correlations."""
    p_values: FloatArray
    """(pairs,): see `reversed_p`."""
    by_chance: float
    """See `negative_by_chance`."""


class _Made(NamedTuple):
    """What a fit is made of, told apart by its hash alone."""

    digest: bytes
    scores: FloatArray
    clusters: npt.NDArray[np.int32]

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Made) and self.digest == other.digest

    def __ne__(self, other: object) -> bool:
        return not self == other


def fit_verdicts(scores: FloatArray, clusters: npt.NDArray[np.int32], *, slopes: bool) -> ItemFit:
    """Fit, or give back what was fitted to the very same: a flag or another order costs no second fit.

    Args:
        scores: (candidates, pairs): 1 right, 0 wrong, between for ties, NaN not scored.
        clusters: (pairs,): the unit of resampling, any integer.
        slopes: whether 2PL is wanted beside Rasch; it is left out where all abilities are equal.

    Raises:
        ValueError: no verdict at all.
    """
    digest = blake2b(str(scores.shape).encode())
    digest.update(scores.tobytes())
    digest.update(clusters.tobytes())
    return _fit(_Made(digest.digest(), scores, clusters), slopes)


@lru_cache(maxsize=_KEPT)
def _fit(made: _Made, slopes: bool) -> ItemFit:
    scores = made.scores
    rasch = fit_rasch(scores, made.clusters)
    two = fit_twopl(scores, rasch.ability) if slopes and np.ptp(rasch.ability) > 0 else None
    return ItemFit(rasch, two, item_rest(scores), reversed_p(scores, rasch.ability), negative_by_chance(rasch, scores))
