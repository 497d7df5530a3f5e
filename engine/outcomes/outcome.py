"""One post-training score, and what several of one outcome must have in common to be compared."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

from rubrics.errors import OutcomeError

__all__ = [
    "LOWER",
    "SHARES",
    "Outcome",
    "check_together",
    "domain_of",
    "lower_is_better",
    "mixed_conditions",
    "mixed_scales",
    "other_lengths",
    "scale_of",
    "traces_of",
    "unsaid_directions",
    "unsaid_scales",
]

LOWER: Final = frozenset({
    "bits_per_byte", "bpb", "brier", "brier_score", "byte_perplexity", "cer", "ece", "error", "loss", "mae", "mse",
    "nll", "perplexity", "ppl", "rmse", "ter", "wer", "word_perplexity",
})  # fmt: skip
"""Metrics that are better when lower, as harnesses and people call them."""

SHARES: Final = frozenset({"acc", "acc_all", "acc_norm", "accuracies", "accuracy", "mc1", "mc2", "pass@1"})
"""Metrics that are shares of right answers, where they lie between 0 and 1."""
_SHOWN: Final = 5
"""Scores named of each group in one message."""
_APART: Final = 4.0
"""Where the least percent is so many times the largest fraction, no scale has a reason to hold both."""
_COIN: Final = 0.5
_WHOLE: Final = 0.95
"""Of the longest: a test that is shorter has lost more than what could not be read."""
_SAME_LENGTH: Final = 5.0
"""Tests whose lengths differ by no more are taken for the same test, some items left out."""


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
    domain: str | None = None
    """What it is the outcome of: a domain of a suite, a category or a subcategory; None where nobody has said."""
    scale: float | None = None
    """The largest score there can be: 1 of a share, 100 of percents; None where nobody has said."""
    samples: int | None = None
    """How many it was measured on; None where nobody has said."""
    measured: str | None = None
    """When, as ISO 8601, to the day or to the second; None where nobody has said."""
    traces: str | None = None
    """The trace file whose traces are its expert solutions, by name; None where nobody has said."""
    conditions: str | None = None
    """What makes it the same test as another's: shots, version of the task, template; None where nobody has said."""


def domain_of(scores: Iterable[Outcome]) -> str | None:
    """What these scores of one outcome are tied to; one that says so suffices."""
    return next((score.domain for score in scores if score.domain), None)


def traces_of(scores: Iterable[Outcome]) -> str | None:
    """The expert traces of these scores of one outcome; one that says so suffices."""
    return next((score.traces for score in scores if score.traces), None)


def scale_of(scores: Iterable[Outcome]) -> float | None:
    """The largest score that these of one outcome can be, from 0 on; None where one has not said, or they differ."""
    said = {score.scale for score in scores}
    return said.pop() if len(said) == 1 else None


def lower_is_better(scores: Iterable[Outcome]) -> bool:
    """Whether the better candidate has the lower score in these scores of one outcome; one that says so suffices."""
    return any(score.lower_is_better for score in scores)


def mixed_scales(scores: Sequence[Outcome]) -> str:
    """What looks like fractions and percents among scores of one outcome, both groups named; empty where nothing does.

    Fractions lie between 0 and 1, percents between 1 and 100, and either nothing lies in between that could belong to
    both, or the standard errors tell them apart. Where every score says its scale, nothing is left to be told.
    """
    if all(score.scale for score in scores):
        return ""
    low, high = _sides(scores)
    if not low or not high:
        return ""
    apart = min(abs(score.score) for score in high) >= _APART * max(abs(score.score) for score in low)
    told = _told_by_errors(low, high)
    if told is False or (told is None and not apart):
        return ""
    return f"fractions ({_named(low)}) and percents ({_named(high)})"


def _sides(scores: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """Scores that may be fractions, and those that may be percents beside them; none where some can be neither."""
    if any(abs(score.score) > 100 for score in scores):
        return [], []
    return [s for s in scores if 0 < abs(s.score) < 1], [s for s in scores if abs(s.score) > 1]


def _told_by_errors(low: Sequence[Outcome], high: Sequence[Outcome]) -> bool | None:
    """Whether the low scores are fractions, by their standard errors; None where these do not tell.

    The error of an accuracy p out of n is √(p(1 − p)/n): whoever took the same test has the same n, and a fraction
    that is taken for a percent seems to come from a test a hundred times as long.
    """

    def items(scores: Sequence[Outcome], whole: float) -> float:
        found = [s.score * (whole - s.score) / s.stderr**2 for s in scores if s.stderr and 0 < s.score < whole]
        return median(found) if found else math.nan

    percents = items(high, 100.0)
    as_fractions, as_percents = (abs(math.log(items(low, whole) / percents)) for whole in (1.0, 100.0))
    nearer = min(as_fractions, as_percents)
    # NaN is nearer to nothing; tests of other lengths are no measure.
    return as_fractions < as_percents if nearer < math.log(_SAME_LENGTH) else None


def unsaid_scales(scores: Sequence[Outcome]) -> list[str]:
    """What must be said of outcomes with scores on both sides of 1, where nothing tells fractions from percents."""
    notes = []
    for name, held in _by_outcome(scores).items():
        low, high = _sides(held) if not all(score.scale for score in held) else ([], [])
        if low and high and not lower_is_better(held) and not _is_loss(name) and _told_by_errors(low, high) is None:
            both = f"some below 1 ({_named(low)}), some above ({_named(high)})"
            notes.append(
                f"{name}: taken as one scale, {both}; bring them to one if some are fractions, others percents"
            )
    return notes


def other_lengths(scores: Sequence[Outcome]) -> list[str]:
    """What must be said where the scores of one outcome come from tests of other lengths."""
    notes = []
    for name, held in _by_outcome(scores).items():
        known = sorted((score for score in held if score.samples), key=lambda score: score.samples or 0)
        if known and (known[0].samples or 0) < _WHOLE * (known[-1].samples or 0):
            least, most = known[0], known[-1]
            notes.append(
                f"{name}: measured on {least.samples:,} samples of {least.candidate}, on {most.samples:,} of "
                f"{most.candidate}; a part of a test is another test"
            )
    return notes


def _by_outcome(scores: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    by_outcome: dict[str, list[Outcome]] = {}
    for score in scores:
        by_outcome.setdefault(score.outcome, []).append(score)
    return by_outcome


def _named(scores: Sequence[Outcome]) -> str:
    more = f", … {len(scores) - _SHOWN} more" if len(scores) > _SHOWN else ""
    return ", ".join(f"{score.candidate} {score.score:g}" for score in scores[:_SHOWN]) + more


def mixed_conditions(scores: Sequence[Outcome]) -> str:
    """The several conditions under which scores of one outcome were measured, each with whose; empty for one.

    Scores of which nobody has said how they were measured tell nothing.
    """
    by_condition: dict[str, list[Outcome]] = {}
    for score in scores:
        if score.conditions:
            by_condition.setdefault(score.conditions, []).append(score)
    if len(by_condition) < 2:
        return ""
    return "; ".join(f"{said} ({_named(held)})" for said, held in list(by_condition.items())[:_SHOWN])


def check_together(scores: Sequence[Outcome], *, one_scale: bool = False, one_test: bool = False) -> None:
    """Whether the scores of each outcome, new and stored, can be compared at all.

    Args:
        one_scale: a person has said that what looks like two scales is one.
        one_test: a person has said that what was measured under several conditions can be compared.

    Raises:
        OutcomeError: fractions beside percents, several conditions, or two opinions on which end is the better one, on
            its domain or on its expert traces.
    """
    for name, held in _by_outcome(scores).items():
        if not one_test and (several := mixed_conditions(held)):
            raise _apart(
                f"{name!r} was measured under several conditions: {several}",
                "give scores of one test, or say that these can be compared",
                shell="rude-tui outcomes add FILE --one-test",
            )  # fmt: skip
        if several := _several(held, "domain"):
            raise _apart(
                f"{name!r} is tied to several domains: {several}",
                "give all its scores one domain, or say anew what it is tied to",
                shell="rude-tui outcomes tie OUTCOME DOMAIN",
            )  # fmt: skip
        if several := _several(held, "traces"):
            raise _apart(
                f"{name!r} has several files of expert traces: {several}",
                "give all its scores one, or say anew which it is", shell="rude-tui outcomes tie OUTCOME --traces NAME",
            )  # fmt: skip
        if len({score.lower_is_better for score in held} - {None}) > 1:
            sides = {score.lower_is_better: score for score in held}
            raise _apart(
                f"{name!r}: lower is better by {_whence(sides[True])}, higher by {_whence(sides[False])}",
                "correct one of them, or remove what was added before", shell="rude-tui outcomes remove NAME",
            )  # fmt: skip
        if not one_scale and (wrong := _scales(held)):
            raise _apart(
                f"{name!r} {wrong}",
                "bring scores and standard errors to one scale, or say that they are on one already",
                shell="rude-tui outcomes add FILE --one-scale",
            )  # fmt: skip


def _apart(what: str, fix: str, *, shell: str) -> OutcomeError:
    return OutcomeError(what, where="outcomes", fix=fix, shell=shell)


def _several(scores: Sequence[Outcome], said: Literal["domain", "traces", "scale"]) -> str:
    """The several things that scores say of themselves, each with whose; empty where there is one at most."""
    first = {value: score for score in scores if (value := getattr(score, said))}
    shown = ((f"{value:g}" if said == "scale" else repr(value), score) for value, score in first.items())
    named = [f"{value} by {_whence(score)}" for value, score in shown]
    return ", ".join(named[:_SHOWN]) if len(named) > 1 else ""


def _scales(scores: Sequence[Outcome]) -> str:
    """What speaks against one scale; empty where nothing does."""
    if several := _several(scores, "scale"):
        return f"is on several scales, of which the largest score is {several}"
    if wide := _too_wide(scores):
        return f"has standard errors that no share can have: {wide}"
    return f"looks like two scales: {both}" if (both := mixed_scales(scores)) else ""


def _too_wide(scores: Sequence[Outcome]) -> str:
    """Scores between 0 and 1 whose standard errors are above a half, which is the deviation of a fair coin; named."""
    if any(not 0 <= score.score <= 1 for score in scores):
        return ""
    return ", ".join(
        f"{score.candidate} {score.score:g} ± {score.stderr:g}" for score in scores if (score.stderr or 0) > _COIN
    )


def unsaid_directions(scores: Sequence[Outcome]) -> list[str]:
    """What must be said of outcomes that are called like a loss while nobody has said which end is the better one."""
    said = {score.outcome for score in scores if score.lower_is_better is not None}
    names = dict.fromkeys(score.outcome for score in scores if score.outcome not in said)
    return [
        f"{name}: taken as higher is better; if lower is, say so in a column direction"
        for name in names
        if _is_loss(name)
    ]


def _is_loss(name: str) -> bool:
    return not LOWER.isdisjoint(re.split(r"[^a-z]+", name.casefold())) or name.casefold() in LOWER


def _whence(score: Outcome) -> str:
    return score.source or f"the score of {score.candidate}"
