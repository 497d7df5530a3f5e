"""The 2PL fit against girth and against what is known of shrinkage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.stats.irt.difficulties import logistic
from engine.stats.irt.rasch import fit_rasch
from engine.stats.irt.twopl import fit_twopl


@pytest.mark.long
def test_slopes_and_difficulties_agree_with_girth() -> None:
    made = json.loads((Path(__file__).parent / "girth.json").read_text())["two_parameters"]
    scores = np.array([[float(cell) for cell in row] for row in made["verdicts"]])
    start = fit_rasch(scores, np.arange(scores.shape[1], dtype=np.int32)).ability
    found = fit_twopl(scores, start)
    theirs, truth = np.array(made["slope"]), np.array(made["true_slope"])
    assert found.converged
    assert np.corrcoef(found.slope, theirs)[0, 1] > 0.99
    # Ours are drawn towards their mean, theirs are not; neither is nearer to the truth by much.
    assert found.slope.std() < theirs.std()
    errors = [np.sqrt(np.mean((slope - truth) ** 2)) for slope in (found.slope, theirs)]
    assert errors[0] < 1.1 * errors[1]
    difficulty = -found.intercept / found.slope
    assert np.corrcoef(difficulty, made["difficulty"])[0, 1] > 0.995


@pytest.mark.long
@pytest.mark.parametrize("candidates", [16, 100])
def test_reliability_is_the_share_of_the_slopes_that_is_real(candidates: int) -> None:
    rng = np.random.default_rng(candidates)
    ability, difficulty = rng.normal(size=candidates), rng.normal(size=2500)
    slope = rng.lognormal(-0.1, 0.5, 2500)
    right = logistic(slope * (ability[:, None] - difficulty))
    scores = (rng.random(right.shape) < right).astype(np.float64)
    scores[rng.random(scores.shape) < 0.1] = np.nan
    found = fit_twopl(scores, ability)
    assert found.reliability == pytest.approx(np.corrcoef(found.slope, slope)[0, 1] ** 2, abs=0.08)
    assert np.corrcoef(found.ability, ability)[0, 1] > 0.99
    information = found.information()
    assert information.shape == scores.shape
    assert (information >= 0).all()
