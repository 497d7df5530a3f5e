"""What candidates did on pairs, as abilities on them make it likely: wins and losses, or margins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from engine.stats.irt.difficulties import Verdicts
from engine.stats.irt.rasch import LEAST_SPREAD, PRIOR_SD

__all__ = ["Margins", "Responses", "SomeResponses", "Wins"]

FloatArray = npt.NDArray[np.float64]
Rows = Sequence[npt.NDArray[np.intp]]

_WIDEST: Final = 4 * PRIOR_SD


class SomeResponses(Protocol):
    """Pairs on which each candidate has one ability."""

    def at(self, ability: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Log-likelihood of abilities (candidates,), its slope (candidates,), and minus its curvature (candidates,
        candidates).
        """

    def slopes(self, ability: FloatArray) -> FloatArray:
        """(pairs, candidates): the slope pair by pair."""


class Responses(Protocol):
    """Responses of all candidates to all pairs."""

    @property
    def candidates(self) -> int:
        """How many."""

    def parts(self, pairs: Rows) -> Sequence[SomeResponses]:
        """The responses to some pairs each."""

    def refit(self, parts: Sequence[SomeResponses], abilities: FloatArray) -> bool:
        """Fit to abilities (parts, candidates) whatever else there is to fit; whether that stands still."""


class Wins:
    """Wins and losses by the Rasch model, difficulties integrated out."""

    def __init__(self, scores: FloatArray, spread: float) -> None:
        """Args:
        scores: (candidates, pairs): 1 right, 0 wrong, between for ties, NaN not scored.
        spread: standard deviation of difficulties to begin from, in logits.
        """
        self._scores, self.spread = scores, max(spread, LEAST_SPREAD)

    @property
    def candidates(self) -> int:
        """See `Responses`."""
        return len(self._scores)

    def parts(self, pairs: Rows) -> list[_Won]:
        """See `Responses`."""
        return [_Won(self, Verdicts.of(self._scores[:, rows])) for rows in pairs]

    def refit(self, parts: Sequence[SomeResponses], abilities: FloatArray) -> bool:
        """One step of the spread, which is the same in all topics, towards its likeliest."""
        slope, square = -(self.spread**2) / PRIOR_SD**2, 2 * self.spread**2 / PRIOR_SD**2
        for part, ability in zip(parts, abilities, strict=True):
            assert isinstance(part, _Won)
            verdicts = part.verdicts
            lean = verdicts.likelihood(ability, self.spread).lean
            slope += float(verdicts.pairs @ lean)
            square += float(verdicts.pairs @ lean**2)
        step = float(np.clip(slope / max(square, 1e-9), -0.5, 0.5))
        before = self.spread
        self.spread = min(max(before * math.exp(step), LEAST_SPREAD), _WIDEST)
        return abs(self.spread - before) < 1e-5 * before


class _Won:
    def __init__(self, response: Wins, verdicts: Verdicts) -> None:
        self._response, self.verdicts = response, verdicts

    def at(self, ability: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """See `SomeResponses`."""
        verdicts = self.verdicts
        found = verdicts.likelihood(ability, self._response.spread)
        slope = verdicts.won.sum(axis=0) - verdicts.pairs @ found.expected
        return found.value, slope, verdicts.information(found)

    def slopes(self, ability: FloatArray) -> FloatArray:
        """See `SomeResponses`."""
        return self.verdicts.slopes(self.verdicts.likelihood(ability, self._response.spread))


class Margins:
    """Margins as a continuous response: z = η − b + e, with difficulties b ~ N(0, s²) and errors e ~ N(0, σ²).

    The linear model of item response (Mellenbergh 1994, Multivar. Behav. Res. 29(3)). Margins are taken in units of the
    candidate's own root mean square: what is won by far counts for more than what is won by a hair, and candidates of
    unlike sharpness can be compared.
    """

    def __init__(self, margins: FloatArray) -> None:
        """Args:
        margins: (candidates, pairs), in any unit of the candidate's; NaN where not scored.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            unit = np.sqrt(np.nanmean(margins**2, axis=1, keepdims=True))
        self._margins: FloatArray = margins / np.where(unit > 0, unit, 1.0)
        self.noise, self.difficulty = 0.5, 0.5
        """σ² and s²."""

    @property
    def candidates(self) -> int:
        """See `Responses`."""
        return len(self._margins)

    def parts(self, pairs: Rows) -> list[_Margin]:
        """See `Responses`."""
        return [_Margin(self, self._margins[:, rows].T) for rows in pairs]

    def refit(self, parts: Sequence[SomeResponses], abilities: FloatArray) -> bool:
        """Both variances from what abilities leave of the margins: within pairs, and between their means."""
        before = self.noise, self.difficulty
        within = freedom = between = correction = 0.0
        pairs = 0
        for part, ability in zip(parts, abilities, strict=True):
            assert isinstance(part, _Margin)
            left, seen = part.left(ability), part.seen
            count = np.maximum(seen.sum(axis=1), 1)
            mean = left.sum(axis=1) / count
            within += float((((left - mean[:, None]) * seen) ** 2).sum())
            freedom += float((count - 1).sum())
            between += float((mean**2).sum())
            correction += float((1 / count).sum())
            pairs += len(left)
        self.noise = max(within / max(freedom, 1.0), 1e-9)
        self.difficulty = max((between - correction * self.noise) / pairs, 0.0)
        return all(abs(new - old) < 1e-6 for new, old in zip((self.noise, self.difficulty), before, strict=True))


class _Margin:
    def __init__(self, response: Margins, margins: FloatArray) -> None:
        """Args:
        margins: (pairs, candidates).
        """
        self._response = response
        self.seen = (~np.isnan(margins)).astype(np.float64)
        self._margins: FloatArray = np.nan_to_num(margins)

    def left(self, ability: FloatArray) -> FloatArray:
        """(pairs, candidates): what the abilities leave of the margins; 0 where not scored."""
        left: FloatArray = (self._margins - ability) * self.seen
        return left

    def _shared(self) -> FloatArray:
        """(pairs,): how much of the sum over its candidates is the pair's own difficulty."""
        noise, difficulty = self._response.noise, self._response.difficulty
        shared: FloatArray = difficulty / (noise + difficulty * self.seen.sum(axis=1))
        return shared

    def at(self, ability: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """See `SomeResponses`."""
        noise, shared = self._response.noise, self._shared()
        left = self.left(ability)
        together = left.sum(axis=1)
        value = -(float((left**2).sum()) - float(shared @ together**2)) / (2 * noise)
        slope = (left.sum(axis=0) - (shared * together) @ self.seen) / noise
        information = (np.diag(self.seen.sum(axis=0)) - self.seen.T @ (shared[:, None] * self.seen)) / noise
        return value, slope, information

    def slopes(self, ability: FloatArray) -> FloatArray:
        """See `SomeResponses`."""
        left = self.left(ability)
        slopes: FloatArray = (left - (self._shared() * left.sum(axis=1))[:, None] * self.seen) / self._response.noise
        return slopes
