"""The short suite against every other choice, and its promised precision against verdicts drawn anew."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from engine.stats.irt.difficulties import logistic
from engine.stats.irt.rasch import fit_rasch
from engine.stats.irt.short_form import most_informative, short_form_errors


def variance(information: np.ndarray, chosen: np.ndarray) -> float:
    return float((1 / information[:, chosen].sum(axis=1)).mean())


def test_no_other_choice_is_much_better() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        right = logistic(rng.normal(0, 1, 4)[:, None] - rng.normal(0, 1.5, 12))
        information = right * (1 - right)
        chosen = most_informative(information, np.arange(12), 5)
        assert len(chosen) == 5
        best = min(variance(information, np.array(some)) for some in combinations(range(12), 5))
        assert variance(information, chosen) <= 1.02 * best


def test_units_stay_whole_and_fit() -> None:
    rng = np.random.default_rng(1)
    units = rng.integers(0, 40, 200)
    information = rng.random((5, 200))
    chosen = most_informative(information, units, 60)
    assert 50 <= len(chosen) <= 60
    kept = np.isin(units, units[chosen])
    assert (np.flatnonzero(kept) == chosen).all()
    assert len(most_informative(information, np.zeros(200, dtype=int), 60)) == 0


def test_the_promised_error_is_what_fresh_verdicts_show() -> None:
    rng = np.random.default_rng(2)
    ability, difficulty = rng.normal(0.3, 0.8, 6), rng.normal(0, 1.3, 600)
    right = logistic(ability[:, None] - difficulty)
    information = right * (1 - right)
    chosen = most_informative(information, np.arange(600), 150)
    promised = short_form_errors(information, chosen)
    assert (promised.se_all < promised.se_short).all()
    assert np.mean(promised.se_short**2) < np.mean(promised.se_random**2)
    # Whole verdicts again and again; difficulties known, ability by maximum likelihood of the short suite alone.
    found = []
    grid = np.linspace(-4, 5, 1801)
    curve = logistic(grid[:, None] - difficulty[chosen])
    expected = curve.sum(axis=1)
    for _ in range(400):
        won = (rng.random((6, len(chosen))) < right[:, chosen]).sum(axis=1)
        found.append(np.interp(won, expected, grid))
    assert np.std(found, axis=0) == pytest.approx(promised.se_short, rel=0.15)
    assert promised.worth == pytest.approx(
        600 * float((information[:, chosen].sum(axis=1) / information.sum(axis=1)).mean())
    )


def test_the_choice_does_not_lean_on_few_candidates_luck() -> None:
    """Chosen by fitted difficulties of 8 candidates, the pairs are still better than random for a ninth."""
    rng = np.random.default_rng(3)
    ability, difficulty = rng.normal(0, 0.8, 9), rng.normal(0, 2.0, 1500)
    right = logistic(ability[:, None] - difficulty)
    scores = (rng.random(right.shape) < right).astype(np.float64)
    fitted = fit_rasch(scores[:8], np.arange(1500, dtype=np.int32))
    chosen = most_informative(fitted.information(), np.arange(1500), 200)
    truly = right * (1 - right)
    assert truly[8, chosen].mean() > 1.2 * truly[8].mean()
