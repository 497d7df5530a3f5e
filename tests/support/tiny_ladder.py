"""The second ladder in small: its first models with one narrow layer each, and so little done that seconds suffice."""

from __future__ import annotations

from dataclasses import replace

from engine.posttrain.ladder2.design import Planned, design
from engine.posttrain.ladder2.regimen import Regimen

TINY = Regimen(
    outcome_pool="held", outcome_families=8, per_family=6, sampled_per_family=2, samples=2, beside_per_family=2,
    mirror_sets=12, texts=6, traces=6, answer_tokens=12, demonstrations=80, sft_steps=4, rounds=2, round_per_family=1,
    drawn=4,
)  # fmt: skip


def tiny_models(number: int) -> list[Planned]:
    """The first of the design."""
    small = {
        "layers": 1, "hidden": 32, "heads": 2, "feed_forward": 64, "vocabulary": 400, "tokens": 20 * 1024, "rote": 4000,
    }  # fmt: skip
    return [replace(planned, recipe=replace(planned.recipe, **small)) for planned in design()[:number]]
