"""Outcomes from criteria met: names, levels, gains and their errors, against sums by hand."""

from __future__ import annotations

import math

import pytest
from scipy.stats import binomtest

from engine.outcomes.exactness import interval_of
from engine.posttrain.outcomes import outcomes_of
from engine.store.posttrain import StageScore


def _seed(base: int, sft: int, rl: int) -> list[StageScore]:
    return [
        StageScore(stage, part, "greedy", family, subcategory, met, 10)
        for stage, met in (("base", base), ("sft", sft), ("rl", rl))
        for part, family, subcategory in (("held", "f", "Logic"), ("held", "g", "Scope"), ("seen", "h", "Logic"))
    ]


def test_levels_and_gains_over_two_seeds() -> None:
    found = {outcome.outcome: outcome for outcome in outcomes_of("m", [_seed(2, 4, 5), _seed(2, 4, 7)])}
    assert found["base_met"].score == pytest.approx(0.2)
    assert found["rl_met"].score == pytest.approx(0.6)
    assert found["rl_gain"].score == pytest.approx(0.4)
    assert found["rl_met_Logic"].score == pytest.approx(0.6)
    assert found["rl_seen_met"].score == pytest.approx(0.6)
    # Twenty criteria: .6 × .4 / 20; two seeds at .5 and .7: variance .02, halved.
    assert found["rl_met"].stderr == pytest.approx(math.sqrt(0.24 / 20 + 0.02 / 2))
    assert found["rl_met"].source == "post-trained by rude-tui, 2 seeds"
    assert all(name.startswith(("base_", "sft_", "rl_")) for name in found)
    assert "rl_sampled" not in found


def test_one_seed_has_the_error_of_its_prompts_alone() -> None:
    found = {outcome.outcome: outcome for outcome in outcomes_of("m", [_seed(2, 4, 5)])}
    assert found["rl_met"].stderr == pytest.approx(math.sqrt(0.25 / 20))


def test_a_stage_that_is_not_there_yet_has_no_outcome() -> None:
    base = [score for score in _seed(2, 4, 5) if score.stage == "base"]
    names = {outcome.outcome for outcome in outcomes_of("m", [base])}
    assert "base_met" in names
    assert not any(name.startswith(("sft", "rl")) for name in names)


def test_models_that_met_as_many_criteria_are_tied() -> None:
    def mean(*met: int) -> float:
        seeds = [[StageScore("rl", "held", "greedy", "f", "Logic", n, 10)] for n in met]
        return next(o.score for o in outcomes_of("m", seeds) if o.outcome == "rl_met")

    assert (0.1 + 0.2) / 2 != 0.15  # as sums of shares go
    assert mean(1, 2, 3) == mean(2, 2, 2) == mean(3, 2, 1)


def test_none_and_all_are_not_known_exactly() -> None:
    found = {outcome.outcome: outcome for outcome in outcomes_of("m", [_seed(0, 4, 10), _seed(0, 4, 10)])}
    # Wilson's ends for 0 and for 20 of the 20 criteria that both seeds were asked for: z²/(20 + z²) wide.
    half = 1.959964 / (20 + 1.959964**2) / 2
    for name in ("base_met", "rl_met"):
        assert found[name].stderr == pytest.approx(half, abs=1e-6)
        assert (found[name].scale, found[name].samples) == (1.0, 20)
    low, high = binomtest(20, 20).proportion_ci(method="wilson")
    assert interval_of(found["rl_met"]) == pytest.approx((low, high), abs=1e-9)
    assert found["rl_gain"].score == 1
    assert found["rl_gain"].stderr == pytest.approx(half * math.sqrt(2), abs=1e-6)
    assert found["rl_gain"].samples is None
