"""How exactly a post-training score is known: its 95 % interval, and a standard error that is never 0."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any, Final

from engine.outcomes.outcome import Outcome
from engine.stats.distributions import normal_quantile
from engine.stats.intervals import Spread, wilson

__all__ = ["error_of", "interval_of", "possible", "share_ends", "told"]

_REACH: Final = normal_quantile(0.975)


def share_ends(share: float, samples: int, error: float = 0.0) -> tuple[float, float]:
    """Wilson's interval of a share of so many samples, at the number of independent ones that its error speaks of.

    Where it does not speak, as of none or all of them, each counts.
    """
    n = share * (1 - share) / error**2 if 0 < share < 1 and error > 0 else float(samples)
    found = wilson(Spread(share, 0.0, 0.0, math.inf, samples, n, n))
    return found.ci_low, found.ci_high


def possible(value: float, scale: float | None) -> float:
    """What is said of a score, as far as scores reach: from 0 to the scale; as it is where no scale is known."""
    return value if scale is None else min(max(value, 0.0), scale)


def interval_of(outcome: Outcome) -> tuple[float, float]:
    """The 95 % interval of a score, on its own scale; NaN where its error or, at either edge, its samples are unknown.

    A share of known samples has Wilson's; of any other score nothing but the standard error is known, and how far any
    score can reach.
    """
    score, error, scale = outcome.score, outcome.stderr, outcome.scale
    if error is None:
        return math.nan, math.nan
    if scale and outcome.samples and 0 <= score <= scale:
        low, high = share_ends(score / scale, outcome.samples, error / scale)
        return low * scale, high * scale
    half = _REACH * error if error > 0 else math.nan
    bound = scale if scale and 0 <= score <= scale else None
    return possible(score - half, bound), possible(score + half, bound)


def error_of(outcome: Outcome) -> float:
    """The standard error of a score; where it came as 0, that of its interval, NaN where there is none."""
    low, high = interval_of(outcome)
    return outcome.stderr or (high - low) / (2 * _REACH)


def told(outcome: Outcome) -> dict[str, Any]:
    """Everything that is known of a score, by name, and its interval."""
    low, high = interval_of(outcome)
    return {**asdict(outcome), "ci_low": low, "ci_high": high}
