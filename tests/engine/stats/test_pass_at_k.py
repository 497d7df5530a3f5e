"""pass@k against counting every choice of k answers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from engine.stats.pass_at_k import pass_at_k


@pytest.mark.parametrize("drawn, k", [(6, 1), (6, 3), (6, 6), (9, 4)])
def test_it_is_the_share_of_choices_of_k_that_hold_a_right_one(drawn: int, k: int) -> None:
    for right in range(drawn + 1):
        answers = [True] * right + [False] * (drawn - right)
        chosen = [any(some) for some in itertools.combinations(answers, k)]
        assert pass_at_k(np.array([float(right)]), drawn, k) == pytest.approx([sum(chosen) / len(chosen)])


def test_large_numbers_do_not_overflow() -> None:
    exact = 1 - math.comb(2000 - 3, 100) / math.comb(2000, 100)
    assert pass_at_k(np.array([3.0]), 2000, 100) == pytest.approx([exact])


def test_it_is_without_bias_where_taking_the_share_is_not() -> None:
    rng = np.random.default_rng(0)
    met = rng.binomial(10, 0.1, size=20_000).astype(float)
    true = 1 - 0.9**5
    assert pass_at_k(met, 10, 5).mean() == pytest.approx(true, abs=0.01)
    assert (1 - (1 - met / 10) ** 5).mean() < true - 0.03


def test_more_tries_than_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="pass@7 cannot be estimated from 6 answers"):
        pass_at_k(np.array([1.0]), 6, 7)
