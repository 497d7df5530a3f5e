"""What is held out as training goes: the share of criteria met over steps, from the store or as it is told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.outcomes.exactness import share_ends
from engine.posttrain.recipe import STAGES, stage_steps
from engine.store.connection import Store
from engine.store.posttrain import PostTrainRun, held_out_criteria, steps_with
from rubrics.counted import count

__all__ = ["HELD", "HeldOutCurve", "held_out_words", "steps_before", "stored_curves"]

HELD = "held_out_met"
"""Its name among the metrics of a step."""


@dataclass(frozen=True)
class HeldOutCurve:
    """Share of criteria that greedy answers met, after so many steps of all stages together."""

    points: tuple[tuple[int, float], ...] = ()
    """Steps, share; by steps, each number once."""
    judged: int = 0
    """Criteria that each share is of; 0 where that is not known yet."""

    def with_point(self, step: int, share: float, judged: int = 0) -> HeldOutCurve:
        """With one more point, or another share at a step that is there."""
        return HeldOutCurve(tuple(sorted({**dict(self.points), step: share}.items())), judged or self.judged)

    @property
    def ends(self) -> tuple[float, float]:
        """95 % of the last share, over prompts; NaN where they are not known."""
        return share_ends(self.points[-1][1], self.judged) if self.points and self.judged else (math.nan, math.nan)


def held_out_words(met: int, judged: int) -> str:
    """How many criteria were met, with 95 % over prompts."""
    low, high = share_ends(met / judged, judged)
    asked = count(judged, "criterion", "criteria")
    return f"{met} of {asked} met on what is held out ({100 * low:.0f}–{100 * high:.0f} %)"


def steps_before(steps: Mapping[str, int]) -> dict[str, int]:
    """By stage, how many steps come before it."""
    before, total = {}, 0
    for stage in STAGES:
        before[stage] = total
        total += steps.get(stage, 0)
    return before


def stored_curves(store: Store, runs: Sequence[PostTrainRun]) -> dict[str, HeldOutCurve]:
    """By run: what was measured before, between and after its stages, and on the way."""
    with store.snapshot():
        looks, criteria = steps_with(store, HELD), held_out_criteria(store)
    curves = {}
    for run in runs:
        steps = stage_steps(run.settings)
        before = steps_before(steps)
        points = {
            before[stage] + step: share for stage, told in looks.get(run.run_id, {}).items() for step, share in told
        }
        for stage, (met, judged) in criteria.get(run.run_id, {}).items():
            if judged:
                points[before[stage] + steps.get(stage, 0)] = met / judged
        most = max((judged for _, judged in criteria.get(run.run_id, {}).values()), default=0)
        curves[run.run_id] = HeldOutCurve(tuple(sorted(points.items())), most)
    return curves
