"""Reliabilities and noise against loops, scipy and numbers that were put in."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from engine.stats.reliability import (
    TwoWay,
    cronbach_alpha,
    noise_by_prompt,
    noise_of,
    random_halves,
    resampled_ends,
    split_half,
)


def test_alpha_is_what_an_analysis_of_variance_leaves() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(9, 5)) + rng.normal(size=(9, 1))
    rows, columns, whole = scores.mean(axis=1), scores.mean(axis=0), scores.mean()
    between = sum(5 * (row - whole) ** 2 for row in rows) / 8
    left = sum((scores[m, f] - rows[m] - columns[f] + whole) ** 2 for m in range(9) for f in range(5)) / (8 * 4)
    assert cronbach_alpha(scores) == pytest.approx(1 - left / between)


def test_alpha_of_two_items_by_hand() -> None:
    # Sums 0, 2, 4 (variance 4); items 0 1 2 and 0 1 2 (variance 1 each): 2 · (1 − 2/4) = 1.
    assert cronbach_alpha(np.array([[0.0, 0], [1, 1], [2, 2]])) == pytest.approx(1)
    assert cronbach_alpha(np.array([[0.0, 2], [1, 1], [2, 0.5]])) < 0
    assert math.isnan(cronbach_alpha(np.ones((3, 2))))
    assert math.isnan(cronbach_alpha(np.ones((3, 1))))


def test_halves_and_what_they_are_stepped_up_to_are_those_of_a_loop() -> None:
    scores = np.random.default_rng(2).normal(size=(8, 6)) + np.arange(8)[:, None] / 3
    first, second = random_halves(scores, scores, np.random.default_rng(3), splits=20)
    rng, stepped = np.random.default_rng(3), []
    for n in range(20):
        order = rng.permutation(6)
        a, b = scores[:, order[:3]].mean(axis=1), scores[:, order[3:]].mean(axis=1)
        assert first[n] == pytest.approx(a)
        r = pearsonr(a, b).statistic
        stepped.append(2 * r / (1 + r) if r > 0 else r)
    assert split_half((first, second))[0] == pytest.approx(np.mean(stepped))


def test_weights_are_candidates_said_again() -> None:
    scores = np.random.default_rng(4).normal(size=(6, 8)) + np.arange(6)[:, None]
    halves = random_halves(scores, scores, np.random.default_rng(5), splits=10)
    times = np.array([[1.0, 2, 0, 1, 1, 1]])
    again = tuple(np.repeat(side, times[0].astype(int), axis=1) for side in halves)
    assert split_half(halves, times)[0] == pytest.approx(split_half((again[0], again[1]))[0])


@pytest.mark.parametrize("difficulty", [0.0, 0.25])
def test_noise_is_found_where_it_was_put(difficulty: float) -> None:
    rng = np.random.default_rng(6)
    candidates, items, prompts = 400, 30, 10
    chance = 0.5 + 0.1 * rng.normal(size=(candidates, 1)) + 0.1 * rng.normal(size=(candidates, items))
    hard = difficulty * rng.choice([-1, 1], size=(1, items, prompts))
    shares = (rng.random((candidates, items, prompts)) < chance[:, :, None].clip(0.3, 0.7) + hard).mean(axis=2)
    found = noise_of(shares, prompts)
    skill = chance.clip(0.3, 0.7).mean(axis=1).var(ddof=1)
    assert found.whole == pytest.approx(1 - (skill - 0.01 / 30) / shares.mean(axis=1).var(ddof=1), abs=0.06)
    within = np.mean([p * (1 - p) / prompts / items for p in chance.clip(0.3, 0.7)]) / shares.mean(axis=1).var(ddof=1)
    # Prompts that are hard for everybody make less noise than the binomial allows for: a bound, then.
    true = within if not difficulty else within - difficulty**2 / prompts / items / shares.mean(axis=1).var(ddof=1)
    assert found.within >= true - 0.01
    assert found.within == pytest.approx(within, abs=0.02)
    assert found.between == pytest.approx(found.whole - found.within)
    assert math.isnan(noise_of(np.ones((4, 3)), 10).whole)


@pytest.mark.long
def test_noise_of_prompts_is_exact_where_every_answer_is_known() -> None:
    rng = np.random.default_rng(9)
    candidates, items, prompts = 300, 12, 8
    skill = rng.normal(size=(candidates, 1, 1))
    taste = 0.5 * rng.normal(size=(candidates, items, 1))
    # Prompts are of unlike difficulty, which is no noise between candidates; what is left is, of variance 4.
    hard = 3 * rng.normal(size=(1, items, prompts))
    answers = skill + taste + hard + 2 * rng.normal(size=(candidates, items, prompts))
    variance = answers.mean(axis=(1, 2)).var(ddof=1)
    found = noise_by_prompt(answers)
    assert found.within == pytest.approx(4 / (items * prompts) / variance, rel=0.05)
    assert found.between == pytest.approx(0.25 / items / variance, abs=0.01)
    loop = sum(
        (
            answers[m, f, p] - answers[m, f].mean() - answers[:, f, p].mean() + answers[:, f].mean()
        ) ** 2 for m in range(candidates) for f in range(items) for p in range(prompts)
    ) / ((candidates - 1) * items * (prompts - 1))  # fmt: skip
    assert found.within == pytest.approx(loop / (items * prompts) / variance)
    assert math.isnan(noise_by_prompt(np.ones((4, 3, 5))).whole)


def test_two_ways_at_once_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(7)
    items, x = rng.integers(0, 4, size=(9, 5)) / 4, rng.integers(0, 6, size=9).astype(float)
    both = TwoWay(items, resamples=30, seed=8)
    found = both.spearman(x)
    assert found[0] == pytest.approx(spearmanr(x, items.mean(axis=1)).statistic)
    draws = np.random.default_rng(8)
    candidates = [draws.integers(0, 9, size=(30, 9))][0]
    chosen = [draws.integers(0, 5, size=(30, 5))][0]
    for n in range(30):
        outcome = items[:, chosen[n]].mean(axis=1).round(12)
        rho = spearmanr(x[candidates[n]], outcome[candidates[n]]).statistic
        assert found[1 + n] == pytest.approx(rho, nan_ok=True)


def test_ends_of_what_was_resampled_are_of_what_exists() -> None:
    drawn = np.r_[np.nan, np.arange(41.0)]
    assert resampled_ends(drawn) == pytest.approx((1.0, 39.0))
    assert all(map(math.isnan, resampled_ends(np.full(5, np.nan))))
