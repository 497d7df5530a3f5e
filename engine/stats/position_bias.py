"""Position bias: what a candidate prefers for standing first, whatever stands there (`choice` only)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.stats.intervals import Estimate, mean, proportion
from engine.stats.metrics import win

__all__ = ["HELP", "PositionBias", "position_bias"]

HELP: Final = {
    "label_a": "mean log-odds for label A over both orders, in nats; 0 is no liking for a place",
    "flip_rate": "share of pairs whose verdict changes with the order; a tie is a fair coin in its order",
    "strict_baseline": "strict accuracy of a candidate that cannot tell but is as consistent: (1 − flip rate)/2",
}


@dataclass(frozen=True)
class PositionBias:
    """Each with its interval over clusters."""

    label_a: Estimate
    flip_rate: Estimate
    strict_baseline: Estimate
    n_pairs: int


def position_bias(
    log_odds_chosen_first: npt.NDArray[np.float64],
    log_odds_rejected_first: npt.NDArray[np.float64],
    clusters: npt.NDArray[np.int32] | None = None,
    *,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = 10_000,
) -> PositionBias:
    """How far order sways a candidate.

    Args:
        log_odds_chosen_first: (pairs,), log p(label of chosen) − log p(label of rejected), chosen shown first as A.
        log_odds_rejected_first: the same with rejected shown first as A.
        clusters: (pairs,), the unit of resampling; by default each pair by itself.

    Pairs that lack either order are left out.
    """
    kept = ~np.isnan(log_odds_chosen_first) & ~np.isnan(log_odds_rejected_first)
    first, second = log_odds_chosen_first[kept], log_odds_rejected_first[kept]
    if clusters is None:
        clusters = np.arange(len(kept), dtype=np.int32)
    inside = clusters[kept]
    right, right_too = win(first).astype(np.float64), win(second).astype(np.float64)
    flips = right * (1 - right_too) + right_too * (1 - right)
    flip_rate = proportion(flips, inside, level=level, seed=seed, resamples=resamples)
    baseline = Estimate(
        value=(1 - flip_rate.value) / 2,
        ci_low=(1 - flip_rate.ci_high) / 2,
        ci_high=(1 - flip_rate.ci_low) / 2,
        method=flip_rate.method,
    )
    # With rejected first, A is the label of rejected, so its log-odds have the other sign.
    label_a = mean((first - second) / 2, inside, level=level)
    return PositionBias(label_a, flip_rate, baseline, len(first))
