"""The interval for where an accuracy will end: it holds at every look, closes at the end, and is sane at the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.stats.confidence_sequence import confidence_sequence


@pytest.mark.long
@pytest.mark.parametrize(("most", "likeness"), [(1, 0.0), (3, 0.9)])
def test_it_holds_at_all_looks_together(most: int, likeness: float) -> None:
    rng = np.random.default_rng(7)
    missed = 0
    for _ in range(300):
        sizes = rng.integers(1, most + 1, 150)
        wins = np.array([k * (rng.random() < 0.6) if rng.random() < likeness else rng.binomial(k, 0.6) for k in sizes])
        order = rng.permutation(150)
        right, judged = np.cumsum(wins[order]), np.cumsum(sizes[order])
        truth = right[-1] / judged[-1]
        looks = [
            confidence_sequence(float(r), int(j), int(judged[-1]), 150, most)
            for r, j in zip(right, judged, strict=True)
        ]
        missed += any(not low - 1e-12 <= truth <= high + 1e-12 for low, high in looks)
    assert missed / 300 <= 0.05


def test_it_is_the_bound_of_the_paper() -> None:
    # 100 single pairs, 50 of them scored, 30 won: worked out from the formula, term by term.
    variance = sum(1 / (100 - i) ** 2 for i in range(1, 51)) / 4
    mixing = variance / (2 * math.log(20) + math.log(1 + 2 * math.log(20)))
    bound = math.sqrt((variance + mixing) * math.log((variance + mixing) / (mixing * 0.0025)))
    low, high = confidence_sequence(30, 50, 100, 100, 1)
    assert (low, high) == pytest.approx((0.6 - bound, 0.6 + bound))


@given(
    total=st.integers(1, 400), scored=st.floats(0, 1), won=st.floats(0, 1), prompts=st.floats(0, 1),
    largest=st.integers(1, 6),
)  # fmt: skip
def test_it_holds_the_value_and_what_is_possible(
    total: int, scored: float, won: float, prompts: float, largest: int
) -> None:
    judged = round(scored * total)
    right = round(won * judged * 2) / 2
    low, high = confidence_sequence(right, judged, total, max(1, round(prompts * total)), largest)
    assert 0 <= low <= high <= 1
    if judged:
        assert low - 1e-9 <= right / judged <= high + 1e-9
        assert low >= right / total - 1e-9 or judged == total
    if judged == total:
        assert low == high == right / total
