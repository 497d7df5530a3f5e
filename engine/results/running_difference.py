"""Two responses laid side by side by the words they share, and the running sum of their difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.results.tokens import TokenView
from engine.results.word_difference import compare_words

__all__ = ["RunningDifference", "running_difference"]

_UNDECIDED = 0.05
"""Nats within which the sum counts as even."""


@dataclass(frozen=True, eq=False)
class RunningDifference:
    """What has been read of each response at each point, and how far ahead the chosen one is by then.

    Shared words are passed together, so the sum moves there only by what came before them; words that one response
    has alone, or has instead of others, are passed in proportion. Arrays have shape (points,).
    """

    chosen: npt.NDArray[np.float64]
    """Characters of the chosen response read so far."""
    rejected: npt.NDArray[np.float64]
    sums: npt.NDArray[np.float64]
    """Log-likelihood of what is read of the chosen response, less that of the rejected one, nats."""

    @property
    def end(self) -> float:
        """The whole difference."""
        return float(self.sums[-1])

    @property
    def turn(self) -> int:
        """The point from which on the sum stays on the side where it ends; 0 where it never was elsewhere."""
        side = self.sums * np.sign(self.end) > min(_UNDECIDED, abs(self.end) / 2)
        elsewhere = np.flatnonzero(~side)
        return 0 if not len(elsewhere) else min(int(elsewhere[-1]) + 1, len(self.sums) - 1)

    def point(self, place: float, *, chosen: bool) -> int:
        """The first point at which more than so many characters of a response are read."""
        read = self.chosen if chosen else self.rejected
        return min(int(np.searchsorted(read, place, side="right")), len(read) - 1)


def running_difference(view: TokenView) -> RunningDifference:
    """The running difference of one pair; one point for each character of the longer side of every stretch."""
    difference = compare_words(view.chosen.text, view.rejected.text)
    left, right = [*difference.left, (len(view.chosen.text),) * 2], [*difference.right, (len(view.rejected.text),) * 2]
    a = b = 0
    places_a, places_b = [np.zeros(1)], [np.zeros(1)]
    while left or right:
        # Up to the next word that either has alone both read the same.
        shared = min(left[0][0] - a if left else right[0][0] - b, right[0][0] - b if right else left[0][0] - a)
        alone_a = left.pop(0)[1] if left and left[0][0] == a + shared else a + shared
        alone_b = right.pop(0)[1] if right and right[0][0] == b + shared else b + shared
        for to_a, to_b in ((a + shared, b + shared), (alone_a, alone_b)):
            steps = max(to_a - a, to_b - b)
            places_a.append(np.linspace(a, to_a, steps + 1)[1:])
            places_b.append(np.linspace(b, to_b, steps + 1)[1:])
            a, b = to_a, to_b
    chosen, rejected = np.concatenate(places_a), np.concatenate(places_b)
    return RunningDifference(chosen, rejected, view.chosen.sum_at(chosen) - view.rejected.sum_at(rejected))
