"""The proxy metrics against a solution worked by hand, and what they must never do."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.predictors.proxy import FEATURES, STATISTICS, WEIGHTINGS, Constants, Solution, solution_features

# Three tokens with p = 1/2 (first), 1/4 (third, behind 2/5), 1/8 (fifth, behind 1/2), of a vocabulary of 16.
P = (0.5, 0.25, 0.125)
LOG2 = math.log(2)
HAND = Solution(
    logprob=np.log(P), rank=np.array([1, 3, 5]), entropy=np.array([1.0, 2.0, 0.5]),
    margin=np.array([0.0, 0.15, 0.375]), frequency=np.array([0.5, 0.25, 0.2]), vocabulary=16,
)  # fmt: skip

VALUES = {
    "cross-entropy": [LOG2, 2 * LOG2, 3 * LOG2],
    "top-1": [1, 0, 0],
    "top-2": [1, 0, 0],
    "top-3": [1, 1, 0],
    "top-5": [1, 1, 1],
    "entropy": [1 / (4 * LOG2), 2 / (4 * LOG2), 0.5 / (4 * LOG2)],
    "rank": [1, 3, 5],
    "reciprocal rank": [1, 1 / 3, 1 / 5],
    "margin": [0, 0.15, 0.375],
    "wrong-confidence": [0, 0.4, 0.5],
}
WEIGHTS = {
    "uniform": [1, 1, 1],
    "p": [0.5, 0.25, 0.125],
    "1 − p": [0.5, 0.75, 0.875],
    "entropy": [1, 2, 0.5],
    "inverse entropy": [1 / 1.01, 1 / 2.01, 1 / 0.51],
    "frequency": [0.5, 0.25, 0.2],
    "inverse frequency": [2, 4, 5],
    "Gaussian on NLL": [math.exp(-((k * LOG2 - 1) ** 2) / 2) for k in (1, 2, 3)],
}


@pytest.mark.parametrize("statistic", STATISTICS)
def test_each_statistic_by_hand(statistic: str) -> None:
    found = dict(zip(FEATURES, solution_features(HAND), strict=True))
    for weighting, weights in WEIGHTS.items():
        expected = sum(v * w for v, w in zip(VALUES[statistic], weights, strict=True)) / sum(weights)
        assert found[f"{statistic}, {weighting}"] == pytest.approx(expected), weighting


def test_ten_by_eight() -> None:
    assert (len(STATISTICS), len(WEIGHTINGS), len(FEATURES)) == (10, 8, 80)
    assert list(STATISTICS) == list(VALUES)
    assert list(WEIGHTINGS) == list(WEIGHTS)


def test_only_the_last_tokens_count() -> None:
    found = dict(zip(FEATURES, solution_features(HAND, Constants(last=1)), strict=True))
    assert found["rank, uniform"] == 5
    assert found["cross-entropy, p"] == pytest.approx(3 * LOG2)


def test_constants_can_be_set() -> None:
    def of(name: str, constants: Constants) -> float:
        return float(solution_features(HAND, constants)[FEATURES.index(name)])

    assert of("wrong-confidence, uniform", Constants(wrong_over_all=False)) == pytest.approx(0.45)
    # A narrow kernel on 2·ln 2 leaves the second token alone.
    narrow = Constants(centre=2 * LOG2, width=0.01)
    assert of("rank, Gaussian on NLL", narrow) == pytest.approx(3)
    assert of("rank, inverse entropy", Constants(least_entropy=1e9)) == pytest.approx(3)


def test_what_no_token_of_weight_says_is_not_known() -> None:
    sure = replace(
        HAND, logprob=np.zeros(1), rank=np.ones(1, int), entropy=np.zeros(1), margin=np.zeros(1),
        frequency=np.ones(1),
    )  # fmt: skip
    found = dict(zip(FEATURES, solution_features(sure), strict=True))
    assert found["rank, uniform"] == 1
    # A token of probability one weighs nothing under 1 − p, nor by its entropy.
    assert math.isnan(found["rank, 1 − p"])
    assert math.isnan(found["rank, entropy"])


@given(st.lists(st.tuples(st.floats(-20, -1e-6), st.integers(1, 99), st.floats(0, 4)), min_size=1, max_size=30))
def test_a_weighted_mean_lies_among_its_values(rows: list[tuple[float, int, float]]) -> None:
    logprob, rank, entropy = (np.array(column) for column in zip(*rows, strict=True))
    solution = Solution(logprob, rank, entropy, np.where(rank > 1, 0.1, 0.0), np.full(len(rows), 0.01), 100)
    found = solution_features(solution).reshape(10, 8)
    for row, compute in zip(found, STATISTICS.values(), strict=True):
        values = compute(solution, Constants())
        known = row[~np.isnan(row)]
        assert (known >= values.min() - 1e-9).all()
        assert (known <= values.max() + 1e-9).all()
