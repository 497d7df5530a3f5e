"""What every statistic over verdicts starts from: scores by candidate and pair, and the pairs that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Scope", "ScoreMatrix", "mean_scope"]


@dataclass(frozen=True, eq=False)
class ScoreMatrix:
    """One metric of one protocol on one suite.

    Raises:
        ValueError: shapes disagree, a candidate or pair is named twice, or a score lies outside 0 to 1.
    """

    candidates: tuple[str, ...]
    pair_ids: tuple[str, ...]
    group: npt.NDArray[np.int32]
    """Per pair: the prompt it belongs to, as any integer."""
    cluster: npt.NDArray[np.int32]
    """Per pair: the unit of resampling, as any integer."""
    scores: npt.NDArray[np.float32]
    """(candidates, pairs): 1 right, 0 wrong, ½ a tie (¼ a tie in both orders of `strict`), NaN not scored."""

    def __post_init__(self) -> None:
        pairs = len(self.pair_ids)
        if self.scores.shape != (len(self.candidates), pairs):
            raise ValueError(f"scores are {self.scores.shape}, not {(len(self.candidates), pairs)}")
        if self.group.shape != (pairs,) or self.cluster.shape != (pairs,):
            raise ValueError("group and cluster need one entry per pair")
        if len(set(self.candidates)) != len(self.candidates) or len(set(self.pair_ids)) != pairs:
            raise ValueError("candidates and pair ids must each be distinct")
        scored = self.scores[~np.isnan(self.scores)]
        if scored.size and not (scored.min() >= 0 and scored.max() <= 1):
            raise ValueError("scores must lie in 0 to 1, or be NaN")

    def index(self, candidate: str) -> int:
        """The row of one candidate.

        Raises:
            ValueError: no such candidate.
        """
        if candidate not in self.candidates:
            raise ValueError(f"no candidate named {candidate!r}")
        return self.candidates.index(candidate)


@dataclass(frozen=True, eq=False)
class Scope:
    """The pairs that count for one number, and how much each counts; 0 is outside."""

    name: str
    weight: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        if not np.isfinite(self.weight).all() or (self.weight < 0).any():
            raise ValueError(f"weights of scope {self.name!r} must be finite and not negative")


def mean_scope(name: str, parts: Sequence[Scope], counted: npt.NDArray[np.bool_]) -> Scope:
    """The scope whose value is the plain mean of the values in several parts, on the pairs that count.

    An interval takes the mix of parts for drawn as well as the pairs, and so is a little wide where parts differ.

    Args:
        counted: (pairs,): those that every candidate has scored; a part without any is left out.
    """
    weight = np.zeros(len(counted))
    for part in parts:
        size = float(part.weight[counted].sum(dtype=np.float64))
        if size:
            weight += part.weight / size
    # Of the size of single pairs' weights, so that a test in whole steps finds its step where parts are alike.
    largest = float(weight.max(initial=0.0))
    return Scope(name, (weight / largest if largest else weight).astype(np.float32))
