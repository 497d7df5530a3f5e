"""The proxy metrics: ten statistics of an expert solution's tokens under eight weightings (arXiv 2605.18607).

Each of the 80 features is a weighted mean over the tokens of a solution, then a mean over solutions. Where the source
leaves a constant open it is a field of `Constants`. They are predictors to be validated, not truths.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["FEATURES", "HELP", "STATISTICS", "WEIGHTINGS", "Constants", "Solution", "solution_features"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Constants:
    """What the source does not state, or states and a person may want otherwise."""

    last: int = 1000
    """Tokens at the end of a solution that count (stated)."""
    centre: float = 1.0
    """Of the Gaussian kernel, nats of NLL: halfway between what is known and what is news (not stated)."""
    width: float = 1.0
    """Standard deviation of that kernel, nats (not stated)."""
    least_entropy: float = 0.01
    """Added to the entropy before it is inverted, nats, so that a certain token does not count without bound
    (not stated)."""
    wrong_over_all: bool = True
    """Wrong-confidence as a mean over all tokens, 0 where the expert token comes first; else over the others only
    (the exact form is not stated)."""


@dataclass(frozen=True, eq=False)
class Solution:
    """One expert solution as a candidate read it; arrays have shape (tokens,)."""

    logprob: FloatArray
    """log p(token | everything before it), nats."""
    rank: npt.NDArray[np.int64]
    """1 + how many tokens are strictly more probable."""
    entropy: FloatArray
    """Of the distribution the token was drawn from, nats."""
    margin: FloatArray
    """Largest probability less the token's."""
    frequency: FloatArray
    """Share of this token among all tokens of the reference text; above 0."""
    vocabulary: int
    """How many tokens there are to choose from; above 1."""

    def tail(self, last: int) -> Solution:
        """Its last tokens."""
        kept = slice(max(0, len(self.logprob) - last), None)
        return Solution(
            self.logprob[kept], self.rank[kept], self.entropy[kept], self.margin[kept], self.frequency[kept],
            self.vocabulary,
        )  # fmt: skip


def _top(k: int) -> Callable[[Solution, Constants], FloatArray]:
    return lambda s, _: (s.rank <= k).astype(np.float64)


def _wrong(s: Solution, constants: Constants) -> FloatArray:
    confidence = np.where(s.rank > 1, s.margin + np.exp(s.logprob), 0.0)
    return confidence if constants.wrong_over_all else np.where(s.rank > 1, confidence, np.nan)


STATISTICS: Final[Mapping[str, Callable[[Solution, Constants], FloatArray]]] = {
    "cross-entropy": lambda s, _: -s.logprob,
    "top-1": _top(1),
    "top-2": _top(2),
    "top-3": _top(3),
    "top-5": _top(5),
    "entropy": lambda s, _: s.entropy / math.log(s.vocabulary),
    "rank": lambda s, _: s.rank.astype(np.float64),
    "reciprocal rank": lambda s, _: 1.0 / s.rank,
    "margin": lambda s, _: s.margin,
    "wrong-confidence": _wrong,
}
"""Per token, (tokens,); NaN for a token that does not count."""

WEIGHTINGS: Final[Mapping[str, Callable[[Solution, Constants], FloatArray]]] = {
    "uniform": lambda s, _: np.ones(len(s.logprob)),
    "p": lambda s, _: np.exp(s.logprob),
    "1 − p": lambda s, _: -np.expm1(s.logprob),
    "entropy": lambda s, _: s.entropy,
    "inverse entropy": lambda s, c: 1.0 / (s.entropy + c.least_entropy),
    "frequency": lambda s, _: s.frequency,
    "inverse frequency": lambda s, _: 1.0 / s.frequency,
    "Gaussian on NLL": lambda s, c: np.exp(-0.5 * ((-s.logprob - c.centre) / c.width) ** 2),
}
"""How much each token counts, (tokens,), not negative."""

HELP: Final[Mapping[str, str]] = {
    "cross-entropy": "−log p of the token, nats",
    **{f"top-{k}": f"whether the token is among the {k} likeliest" for k in (1, 2, 3, 5)},
    "entropy": "entropy of the distribution, as a share of log vocabulary",
    "rank": "1 + the tokens that are likelier",
    "reciprocal rank": "1/(1 + the tokens that are likelier)",
    "margin": "largest probability less the token's",
    "wrong-confidence": "largest probability where the token is not the likeliest, else 0",
    "uniform": "each token counts alike",
    "p": "each weighs as its probability",
    "1 − p": "each weighs as 1 less its probability",
    "weight entropy": "each weighs as the entropy at its place",
    "inverse entropy": "each weighs as 1/(entropy + 0.01 nats)",
    "frequency": "each weighs as its share of all tokens",
    "inverse frequency": "each weighs as 1/its share of all tokens",
    "Gaussian on NLL": "each weighs as a Gaussian of its NLL about 1 nat, sd 1",
}
"""How each statistic and each weighting is made; the weighting by entropy stands apart from the statistic."""

FEATURES: Final = tuple(f"{statistic}, {weighting}" for statistic in STATISTICS for weighting in WEIGHTINGS)
"""The 80 names, in the order of `solution_features`."""


def solution_features(solution: Solution, constants: Constants | None = None) -> FloatArray:
    """(80,) for one solution; NaN where no token of weight counts."""
    constants = constants or Constants()
    tail = solution.tail(constants.last)
    weights = np.stack([weigh(tail, constants) for weigh in WEIGHTINGS.values()])
    values = np.stack([compute(tail, constants) for compute in STATISTICS.values()])
    counted = ~np.isnan(values)
    top = np.where(counted, values, 0.0) @ weights.T
    bottom = counted.astype(np.float64) @ weights.T
    with np.errstate(invalid="ignore", divide="ignore"):
        features: FloatArray = np.where(bottom > 0, top / bottom, np.nan).ravel()
    return features
