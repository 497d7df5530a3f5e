"""One post-training score, and what several of one outcome must have in common to be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rubrics.errors import OutcomeError

__all__ = ["LOWER", "Outcome", "check_together", "lower_is_better", "mixed_scales", "unsaid_directions"]

LOWER: Final = frozenset({
    "bits_per_byte", "bpb", "brier", "brier_score", "byte_perplexity", "cer", "ece", "error", "loss", "mae", "mse",
    "nll", "perplexity", "ppl", "rmse", "ter", "wer", "word_perplexity",
})  # fmt: skip
"""Metrics that are better when lower, as harnesses and people call them."""

_SHOWN: Final = 5
"""Scores named of each group in one message."""
_APART: Final = 4.0
"""Where the least percent is so many times the largest fraction, no scale has a reason to hold both."""


@dataclass(frozen=True)
class Outcome:
    """One measured post-training score of one candidate."""

    candidate: str
    outcome: str
    score: float
    stderr: float | None = None
    source: str | None = None
    lower_is_better: bool | None = None
    """As for a perplexity; None where nobody has said."""


def lower_is_better(scores: Iterable[Outcome]) -> bool:
    """Whether the better candidate has the lower score in these scores of one outcome; one that says so suffices."""
    return any(score.lower_is_better for score in scores)


def mixed_scales(scores: Sequence[Outcome]) -> str:
    """What looks like fractions and percents among scores of one outcome, both groups named; empty where nothing does.

    Fractions lie between 0 and 1, percents between 1 and 100, with nothing in between that could belong to either.
    """
    low = [score for score in scores if 0 < abs(score.score) < 1]
    high = [score for score in scores if abs(score.score) > 1]
    if not low or not high or max(abs(score.score) for score in high) > 100:
        return ""
    if min(abs(score.score) for score in high) < _APART * max(abs(score.score) for score in low):
        return ""
    return f"fractions ({_named(low)}) and percents ({_named(high)})"


def _named(scores: Sequence[Outcome]) -> str:
    more = f", … {len(scores) - _SHOWN} more" if len(scores) > _SHOWN else ""
    return ", ".join(f"{score.candidate} {score.score:g}" for score in scores[:_SHOWN]) + more


def check_together(scores: Sequence[Outcome], *, one_scale: bool = False) -> None:
    """Whether the scores of each outcome, new and stored, can be compared at all.

    Args:
        one_scale: a person has said that what looks like two scales is one.

    Raises:
        OutcomeError: fractions beside percents, or two opinions on which end is the better one.
    """
    by_outcome: dict[str, list[Outcome]] = {}
    for score in scores:
        by_outcome.setdefault(score.outcome, []).append(score)
    for name, held in by_outcome.items():
        if len({score.lower_is_better for score in held} - {None}) > 1:
            sides = {score.lower_is_better: score for score in held}
            raise OutcomeError(
                f"{name!r}: lower is better by {_whence(sides[True])}, higher by {_whence(sides[False])}",
                where="outcomes", fix="correct one of them, or remove what was added before",
                shell="rude-tui outcomes remove NAME",
            )  # fmt: skip
        if not one_scale and (both := mixed_scales(held)):
            raise OutcomeError(
                f"{name!r} looks like two scales: {both}", where="outcomes",
                fix="bring them to one scale, or say that they are on one already",
                shell="rude-tui outcomes add FILE --one-scale",
            )  # fmt: skip


def unsaid_directions(scores: Sequence[Outcome]) -> list[str]:
    """What must be said of outcomes that are called like a loss while nobody has said which end is the better one."""
    said = {score.outcome for score in scores if score.lower_is_better is not None}
    names = dict.fromkeys(score.outcome for score in scores if score.outcome not in said)
    return [
        f"{name}: taken as higher is better; if lower is, say so in a column direction"
        for name in names
        if not LOWER.isdisjoint(re.split(r"[^a-z]+", name.casefold())) or name.casefold() in LOWER
    ]


def _whence(score: Outcome) -> str:
    return score.source or f"the score of {score.candidate}"
