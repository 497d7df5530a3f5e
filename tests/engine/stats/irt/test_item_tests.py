"""Verdicts on pairs against scipy, plain loops and planted faults."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.stats.irt.difficulties import logistic
from engine.stats.irt.item_tests import (
    benjamini_hochberg,
    item_rest,
    least_flagged,
    negative_by_chance,
    reversed_p,
    smallest_p,
)
from engine.stats.irt.rasch import fit_rasch


def verdicts(candidates: int, pairs: int, seed: int, *, missing: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    ability = rng.normal(0.3, 0.7, candidates)
    right = logistic(ability[:, None] - rng.normal(0, 1.2, pairs))
    scores = (rng.random(right.shape) < right).astype(np.float64)
    scores[rng.random(scores.shape) < missing] = np.nan
    return scores, ability


@pytest.mark.parametrize("candidates", [9, 80])
def test_p_is_mann_whitneys(candidates: int) -> None:
    scores, ability = verdicts(candidates, 60, 1, missing=0.1)
    scores[0, :5] = 0.5
    found = reversed_p(scores, ability)
    for i in range(60):
        passed, failed = ability[scores[:, i] == 1], ability[scores[:, i] == 0]
        if not len(passed) or not len(failed):
            assert math.isnan(found[i])
            continue
        if candidates == 9:
            expected = stats.mannwhitneyu(passed, failed, alternative="less", method="exact").pvalue
            assert found[i] == pytest.approx(expected, abs=1e-12)
        else:
            expected = stats.mannwhitneyu(passed, failed, alternative="less", method="asymptotic").pvalue
            assert found[i] == pytest.approx(expected, abs=1e-9)


def test_the_normal_approximation_meets_the_exact_one() -> None:
    scores, ability = verdicts(60, 40, 2)
    exact = reversed_p(scores, ability)
    for i in range(40):
        passed, failed = ability[scores[:, i] == 1], ability[scores[:, i] == 0]
        if len(passed) and len(failed):
            near = stats.mannwhitneyu(passed, failed, alternative="less", method="asymptotic").pvalue
            assert exact[i] == pytest.approx(near, abs=0.01)


def test_tied_abilities_never_make_p_smaller_than_any_order_of_them_would() -> None:
    scores = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    tied = reversed_p(scores, [0.0, 0.0, 1.0, 2.0])
    orders = [reversed_p(scores, [a, b, 1.0, 2.0]) for a, b in ((-0.1, 0.1), (0.1, -0.1))]
    assert (tied >= np.minimum(*orders)).all()


@given(st.lists(st.one_of(st.floats(0, 1), st.just(math.nan)), max_size=40))
def test_q_is_scipys(p_values: list[float]) -> None:
    p = np.array(p_values, dtype=np.float64)
    found = benjamini_hochberg(p)
    known = ~np.isnan(p)
    assert np.isnan(found[~known]).all()
    if known.any():
        assert found[known] == pytest.approx(stats.false_discovery_control(p[known], method="bh"))


def test_item_rest_is_the_correlation_with_the_other_pairs() -> None:
    scores, _ = verdicts(12, 30, 3, missing=0.15)
    scores[:, 4] = 1
    found = item_rest(scores)
    for i in range(30):
        known = ~np.isnan(scores[:, i])
        rest = np.nanmean(np.delete(scores, i, axis=1), axis=1)
        if np.ptp(scores[known, i]) == 0:
            assert math.isnan(found[i])
        else:
            assert found[i] == pytest.approx(np.corrcoef(scores[known, i], rest[known])[0, 1])


def test_the_share_below_zero_is_what_chance_gives_where_all_pairs_are_sound() -> None:
    scores, _ = verdicts(16, 6000, 4)
    fitted = fit_rasch(scores, np.arange(6000, dtype=np.int32))
    rest = item_rest(scores)
    assert negative_by_chance(fitted, scores) == pytest.approx(float((rest[~np.isnan(rest)] < 0).mean()), abs=0.02)


def test_planted_reversals_are_found_and_sound_pairs_are_not() -> None:
    scores, _ = verdicts(40, 1000, 5)
    fitted = fit_rasch(scores, np.arange(1000, dtype=np.int32))
    sound = benjamini_hochberg(reversed_p(scores, fitted.ability)) <= 0.05
    assert sound.sum() == 0
    order = np.argsort(fitted.ability)
    for i in range(20):
        scores[order, i] = (np.arange(40) < 20).astype(float)
    found = benjamini_hochberg(reversed_p(scores, fitted.ability)) <= 0.05
    assert found[:20].all()
    assert found[20:].sum() <= 3


def test_what_few_candidates_can_show() -> None:
    assert smallest_p(16) == pytest.approx(1 / 12870)
    assert least_flagged(16, 30_000, 0.05) == 47
    # 46 pairs at the least p are not enough, 47 are.
    p = np.full(30_000, 0.5)
    for reversed_, called in ((46, 0), (47, 47)):
        p[:] = 0.5
        p[:reversed_] = smallest_p(16)
        assert (benjamini_hochberg(p) <= 0.05).sum() == called
