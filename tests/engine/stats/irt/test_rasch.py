"""The Rasch fit against girth, simulation, and what must hold whatever the data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from engine.stats.irt.difficulties import logistic
from engine.stats.irt.rasch import fit_rasch

GIRTH: dict[str, Any] = json.loads((Path(__file__).parent / "girth.json").read_text())
"""Made by benchmarks/stats/girth_golden.py."""


def singles(scores: np.ndarray) -> np.ndarray:
    return np.arange(scores.shape[1], dtype=np.int32)


def drawn(candidates: int, pairs: int, spread: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    ability, difficulty = rng.normal(0.4, 0.7, candidates), rng.normal(0, spread, pairs)
    right = logistic(ability[:, None] - difficulty)
    return (rng.random(right.shape) < right).astype(np.float32), ability, difficulty


@pytest.mark.parametrize("case", GIRTH["rasch"], ids=["10 × 1,500", "6 × 400"])
def test_equals_girth(case: dict[str, Any]) -> None:
    scores = np.array([[float(cell) for cell in row] for row in case["verdicts"]])
    found = fit_rasch(scores, singles(scores))
    assert found.converged
    assert found.spread == pytest.approx(case["spread"], abs=1e-3)
    assert found.ability == pytest.approx(np.array(case["ability"]), abs=3e-3)
    assert found.difficulty == pytest.approx(np.array(case["difficulty"]), abs=2e-3)
    # Conditional likelihood supposes no normal population of pairs; only differences between candidates compare.
    conditional = np.array(case["conditional_ability"])
    assert found.ability - found.ability.mean() == pytest.approx(conditional - conditional.mean(), abs=0.01)


def test_errors_are_as_large_as_the_abilities_are_wrong() -> None:
    z = []
    for seed in range(60):
        scores, ability, _ = drawn(6, 250, 1.2, seed)
        found = fit_rasch(scores, singles(scores))
        z.append((found.ability - ability) / found.ability_se)
    assert np.std(z) == pytest.approx(1, abs=0.12)
    assert abs(np.mean(z)) < 0.15


def test_errors_count_clusters_and_not_copies() -> None:
    scores, _, _ = drawn(8, 300, 1.0, 0)
    once = fit_rasch(scores, singles(scores))
    copies = np.repeat(scores, 4, axis=1)
    together = fit_rasch(copies, np.repeat(singles(scores), 4).astype(np.int32))
    apart = fit_rasch(copies, singles(copies))
    assert together.ability_se == pytest.approx(once.ability_se, rel=0.05)
    assert apart.ability_se == pytest.approx(once.ability_se / 2, rel=0.05)
    assert np.isnan(fit_rasch(scores, np.zeros(300, np.int32)).ability_se).all()


def test_missing_verdicts_leave_the_scale_as_it_is() -> None:
    scores, ability, _ = drawn(10, 4000, 1.2, 3)
    scores[np.ix_(ability < np.median(ability), np.arange(4000) % 3 > 0)] = np.nan
    found = fit_rasch(scores, singles(scores))
    assert np.abs(found.ability - ability).max() < 0.15
    seen_by_all = found.difficulty_se[np.arange(4000) % 3 == 0].mean()
    assert seen_by_all < found.difficulty_se[np.arange(4000) % 3 > 0].mean()


def test_difficulties_are_shrunk_by_as_much_as_they_are_uncertain() -> None:
    scores, _, difficulty = drawn(6, 5000, 1.2, 4)
    found = fit_rasch(scores, singles(scores))
    slope = np.polyfit(found.difficulty, difficulty, 1)[0]
    assert slope == pytest.approx(1, abs=0.05), "a posterior mean needs no further shrinking"
    assert np.sqrt(np.mean((found.difficulty - difficulty) ** 2)) == pytest.approx(found.difficulty_se.mean(), rel=0.05)


@pytest.mark.long
@settings(max_examples=60)
@given(
    st.integers(2, 6).flatmap(
        lambda n: st.lists(
            st.lists(st.sampled_from([0.0, 1.0, 0.5, 0.25, float("nan")]), min_size=n, max_size=n),
            min_size=2,
            max_size=30,
        )
    )
)
def test_anything_gives_finite_numbers(rows: list[list[float]]) -> None:
    scores = np.array(rows).T
    if np.isnan(scores).all():
        with pytest.raises(ValueError, match="no verdicts"):
            fit_rasch(scores, singles(scores))
        return
    found = fit_rasch(scores, singles(scores))
    assert np.isfinite(found.ability).all()
    assert np.isfinite(found.difficulty).all()
    assert (found.difficulty_se >= 0).all()
    information = found.information()
    assert ((information >= 0) & (information <= 0.25 + 1e-12)).all()


def test_always_right_and_always_wrong_stay_finite_and_in_order() -> None:
    scores, _, _ = drawn(4, 200, 1.0, 5)
    scores[0], scores[3] = 1, 0
    found = fit_rasch(scores, singles(scores))
    assert found.ability.argmax() == 0
    assert found.ability.argmin() == 3
    assert np.abs(found.ability).max() < 40


def alike(turned: int) -> np.ndarray:
    """Five candidates that agree on 36 pairs but for as many, on each of which one goes its own way."""
    scores = np.tile((np.arange(36) % 3 > 0).astype(float), (5, 1))
    for pair in range(turned):
        scores[pair % 5, pair] = 1 - scores[pair % 5, pair]
    return scores


@pytest.mark.parametrize(("turned", "known"), [(1, False), (2, False), (30, True)])
def test_candidates_that_agree_set_difficulties_no_bound_and_are_said_not_to(turned: int, known: bool) -> None:
    scores = alike(turned)
    found = fit_rasch(scores, singles(scores))
    assert found.spread_known == known
    assert found.converged
    assert np.abs(found.difficulty).max() < 20
    assert found.difficulty_se.max() < 15


def marginal(scores: np.ndarray, spread: float) -> float:
    """The likelihood of verdicts for one spread at its likeliest abilities, by quadrature and scipy."""
    points = np.linspace(-6, 6, 1201)
    weights = np.exp(-(points**2) / 2) / np.exp(-(points**2) / 2).sum()

    def minus(ability: np.ndarray) -> float:
        ahead = ability[:, None] - spread * points
        right, wrong = -np.logaddexp(0, -ahead), -np.logaddexp(0, ahead)
        each = np.exp(scores.T @ right + (1 - scores.T) @ wrong) @ weights
        return -float(np.log(each).sum()) + float(ability @ ability) / 50

    return -float(optimize.minimize(minus, np.zeros(len(scores)), method="BFGS").fun)


@pytest.mark.long
def test_the_spread_is_known_where_four_times_it_is_ruled_out() -> None:
    for turned in (1, 4, 8, 12, 20):
        scores = alike(turned)
        found = fit_rasch(scores, singles(scores))
        fallen = marginal(scores, found.spread) - marginal(scores, 4 * found.spread)
        if abs(fallen - 1.92) > 0.5:
            assert found.spread_known == (found.spread < 2 or fallen > 1.92), (turned, found.spread, fallen)


@pytest.mark.long
def test_the_fit_is_the_highest_posterior() -> None:
    scores = alike(12)
    found = fit_rasch(scores, singles(scores))
    spreads = found.spread * np.array([0.9, 1.0, 1.1])
    posterior = [marginal(scores, spread) - spread**2 / 50 for spread in spreads]
    assert posterior[1] == max(posterior)
