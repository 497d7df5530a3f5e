"""Two candidates on one pair, token by token: both running differences, and where the two part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.results.running_difference import RunningDifference, running_difference
from engine.results.tokens import ResponseTokens, TokenView

__all__ = ["SideBySide", "Step", "Wanted", "side_by_side"]


@dataclass(frozen=True)
class Wanted:
    """The token a candidate held likeliest in place of the one given."""

    text: str
    logprob: float


@dataclass(frozen=True)
class Step:
    """A stretch of a response that both candidates read in whole tokens: one token each, mostly."""

    side: Literal["chosen", "rejected"]
    start: int
    """Characters before it."""
    text: str
    a: float
    """Log-probability by the first candidate, nats; `b` by the second."""
    b: float
    swing: float
    """What it adds to the first one's lead for the chosen response over the second one's: a − b, of the rejected
    response b − a."""
    wanted_a: Wanted | None
    """What the first wanted in place of its first token here; None where that is what is given, or was not kept."""
    wanted_b: Wanted | None


@dataclass(frozen=True, eq=False)
class SideBySide:
    """Both running differences have the same points: these follow from the texts alone."""

    a: TokenView
    b: TokenView
    curve_a: RunningDifference
    curve_b: RunningDifference
    steps: tuple[Step, ...]
    """Largest swing first; together they swing by the difference of both curves' ends."""

    @property
    def gap(self) -> float:
        """How much further the first is for the chosen response, nats."""
        return self.curve_a.end - self.curve_b.end

    def point_of(self, step: Step) -> int:
        """The point of the curves at the end of a step."""
        return self.curve_a.point(step.start + len(step.text) - 1e-9, chosen=step.side == "chosen")


def side_by_side(a: TokenView, b: TokenView) -> SideBySide:
    """Lay two candidates' readings of one pair side by side.

    Raises:
        ValueError: they are of different texts.
    """
    if (a.chosen.text, a.rejected.text) != (b.chosen.text, b.rejected.text):
        raise ValueError("two readings of different texts")
    steps = [*_steps("chosen", a.chosen, b.chosen), *_steps("rejected", a.rejected, b.rejected)]
    steps.sort(key=lambda step: (-abs(step.swing), step.side, step.start))
    return SideBySide(a, b, running_difference(a), running_difference(b), tuple(steps))


def _steps(side: Literal["chosen", "rejected"], a: ResponseTokens, b: ResponseTokens) -> list[Step]:
    ends = np.intersect1d(a.ends, b.ends)
    ends = ends[ends > 0]
    (sums_a, first_a), (sums_b, first_b) = _at(a, ends), _at(b, ends)
    sign = 1 if side == "chosen" else -1
    steps = []
    start = 0
    before = (0.0, 0.0)
    for number, end in enumerate(ends.tolist()):
        by_a, by_b = float(sums_a[number]) - before[0], float(sums_b[number]) - before[1]
        wanted = _wanted(a, first_a[number]), _wanted(b, first_b[number])
        steps.append(Step(side, start, a.text[start:end], by_a, by_b, sign * (by_a - by_b), *wanted))
        start, before = end, (float(sums_a[number]), float(sums_b[number]))
    return steps


def _at(tokens: ResponseTokens, ends: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], list[int]]:
    """The sum up to each place, and the token that is read first after the place before it."""
    last = np.searchsorted(tokens.ends, ends, side="right") - 1
    return tokens.sums[last], [0, *(last[:-1] + 1).tolist()]


def _wanted(tokens: ResponseTokens, token: int) -> Wanted | None:
    scores = tokens.scores
    if not scores.wanted or not scores.wanted[token]:
        return None
    share = float(scores.margin[token]) + float(np.exp(scores.logprob[token]))
    return Wanted(scores.wanted[token], float(np.log(min(1.0, share))))
