"""From criteria met to outcomes: levels and gains, with standard errors, over prompts and seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from engine.outcomes.exactness import error_of
from engine.outcomes.outcome import Outcome
from engine.posttrain.recipe import STAGES
from engine.store.posttrain import StageScore
from rubrics.counted import count

__all__ = ["SOURCE", "Level", "level", "outcomes_of"]

SOURCE = "post-trained by rude-tui"
_PARTS = {"held": "", "seen": "seen_"}
_HOW = {"greedy": "met", "sampled": "sampled"}


def outcomes_of(candidate: str, seeds: Sequence[Sequence[StageScore]]) -> list[Outcome]:
    """Outcomes of one candidate.

    Names: `rl_met` (share of criteria met by greedy answers after RL, on families that post-training never saw),
    `rl_sampled` (by sampled ones), `rl_seen_met` (fresh prompts of families it was trained on), `rl_met_Logic` (one
    subcategory, to which it is tied), `rl_gain` (over the base), and the same for `sft` and, without gains, `base`.

    Args:
        seeds: the scores of each seed.
    """
    source = f"{SOURCE}, {count(len(seeds), 'seed')}"
    values: dict[str, Level] = {}
    domains: dict[str, str] = {}
    for stage in STAGES:
        for part, mark in _PARTS.items():
            for how, name in _HOW.items():
                value = level(seeds, _selector(stage, part, how))
                if value is not None:
                    values[f"{stage}_{mark}{name}"] = value
        for subcategory in sorted({s.subcategory for scores in seeds for s in scores}):
            value = level(seeds, _selector(stage, "held", "greedy", subcategory))
            if value is not None:
                values[f"{stage}_met_{subcategory}"] = value
                domains[f"{stage}_met_{subcategory}"] = subcategory
    for stage in STAGES[1:]:
        for name, met in (("gain", "met"), ("seen_gain", "seen_met"), ("sampled_gain", "sampled")):
            before, after = values.get(f"base_{met}"), values.get(f"{stage}_{met}")
            if before and after:
                values[f"{stage}_{name}"] = Level(after.score - before.score, math.hypot(before.stderr, after.stderr))
    return [
        Outcome(
            candidate, name, value.score, value.stderr, source, None, domains.get(name),
            1.0 if value.judged else None, value.judged,
        )
        for name, value in values.items()
    ]  # fmt: skip


def _selector(stage: str, part: str, how: str, subcategory: str = "") -> Callable[[StageScore], bool]:
    """Picks the scores of one stage, part and way to answer; of one subcategory where one is named."""

    def selects(score: StageScore) -> bool:
        same = (score.stage, score.part, score.how) == (stage, part, how)
        return same and subcategory in ("", score.subcategory)

    return selects


class Level(NamedTuple):
    """A share of criteria met, or what one is above another."""

    score: float
    stderr: float
    judged: int | None = None
    """Criteria of one seed; None of a difference."""


def level(seeds: Sequence[Sequence[StageScore]], selects: Callable[[StageScore], bool]) -> Level | None:
    """Share of criteria met, each seed counting alike, and its standard error; None where nothing was judged.

    Prompts are the same for all seeds, so their share of the error (binomial) does not shrink with seeds, while that of
    training (the spread between seeds) does. Where none or all are met it is half of Wilson's interval over 1.96.
    """
    counts = [_counted(filter(selects, scores)) for scores in seeds]
    counts = [(met, judged) for met, judged in counts if judged]
    if not counts:
        return None
    shares = [met / judged for met, judged in counts]
    mean = sum(shares) / len(shares)
    most = max(judged for _, judged in counts)
    prompts = mean * (1 - mean) / most
    spread = sum((share - mean) ** 2 for share in shares) / (len(shares) - 1) if len(shares) > 1 else 0.0
    # Models that met as many criteria are tied, whatever order their seeds are added up in.
    mean = round(mean, 12)
    stderr = error_of(Outcome("", "", mean, math.sqrt(prompts + spread / len(shares)), scale=1.0, samples=most))
    return Level(mean, stderr, most)


def _counted(scores: Iterable[StageScore]) -> tuple[int, int]:
    met = judged = 0
    for score in scores:
        met += score.met
        judged += score.judged
    return met, judged
