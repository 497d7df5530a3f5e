"""What is held out as training goes: the share of criteria met over steps, from the store or as it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.posttrain.recipe import STAGES, stage_steps
from engine.store.connection import Store
from engine.store.posttrain import PostTrainRun, held_out_criteria, steps_with

__all__ = ["HELD", "HeldOutCurve", "steps_before", "stored_curves"]

HELD = "held_out_met"
"""Its name among the metrics of a step."""


@dataclass(frozen=True)
class HeldOutCurve:
    """Share of criteria that greedy answers met, after so many steps of all stages together."""

    points: tuple[tuple[int, float], ...] = ()
    """Steps, share; by steps, each number once."""

    def with_point(self, step: int, share: float) -> HeldOutCurve:
        """With one more point, or another share at a step that is there."""
        return HeldOutCurve(tuple(sorted({**dict(self.points), step: share}.items())))


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
        curves[run.run_id] = HeldOutCurve(tuple(sorted(points.items())))
    return curves
