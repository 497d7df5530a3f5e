"""Early decisions: the capital is fair by exact enumeration, and claims are right, final and explained."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.stats.sequential import decide, early_level, log_capital

BETS = [0.9 / 2**k for k in range(7)]


def test_capital_by_hand() -> None:
    # Four groups. First bet against a mean of 0; after +1 the rest would have to average −1/3.
    found = np.exp(log_capital(np.array([1.0, 0.5]), 4))
    first = [1 + b for b in BETS]
    second = [f * (1 + b * (0.5 + 1 / 3) / (1 - 1 / 3)) for f, b in zip(first, BETS, strict=True)]
    assert found == pytest.approx([np.mean(first), np.mean(second)])


def test_it_is_certain_once_the_rest_cannot_turn_it() -> None:
    found = log_capital(np.array([1.0, 1.0, 1.0, -1.0]), 5)
    assert np.isinf(found).tolist() == [False, False, True, True]
    assert not np.isinf(log_capital(np.array([1.0, 1.0, -1.0, -1.0]), 4)).any()


@settings(max_examples=60)
@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=5))
def test_capital_cannot_be_expected_to_grow_where_the_claim_is_false(values: list[float]) -> None:
    if sum(values) > 0:
        values = [-value for value in values]
    with np.errstate(over="ignore"):
        paths = np.exp(log_capital(np.array(list(permutations(values))), len(values)))
    assert (paths >= 0).all()
    assert (paths.mean(axis=0) <= 1 + 1e-9).all()


def suite(rng: np.random.Generator, rates: list[float], groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Sums by candidate and group, and sizes of one to three pairs."""
    sizes = rng.integers(1, 4, groups)
    return np.stack([rng.binomial(sizes, rate) for rate in rates]).astype(float), sizes


def test_a_clear_best_is_found_early_and_losers_drop_out() -> None:
    sums, sizes = suite(np.random.default_rng(0), [0.5, 0.9, 0.55], 600)
    found = decide("abc", sums, sizes, groups=600, largest=3)
    assert (found.state, found.order[0], found.racing, found.more_pairs) == ("decided", "b", (), None)
    assert set(found.out_at) == {"a", "c"}
    assert max(found.out_at.values()) == found.read < 200


def test_the_order_takes_longer_than_the_best() -> None:
    sums, sizes = suite(np.random.default_rng(1), [0.3, 0.9, 0.6], 900)
    best = decide("abc", sums, sizes, groups=900, largest=3)
    order = decide("abc", sums, sizes, groups=900, largest=3, goal="order")
    assert order.state == "decided"
    assert order.order == ("b", "c", "a")
    assert order.read >= best.read


def test_who_dropped_out_needs_no_more_scores() -> None:
    sums, sizes = suite(np.random.default_rng(2), [0.2, 0.9, 0.8], 900)
    whole = decide("abc", sums, sizes, groups=900, largest=3)
    assert whole.out_at["a"] < whole.out_at["c"]
    sums[0, whole.out_at["a"] :] = np.nan
    assert decide("abc", sums, sizes, groups=900, largest=3) == whole


@pytest.mark.long
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["best", "order"]), st.floats(0.4, 0.9))
def test_a_decision_stands(seed: int, goal: str, rate: float) -> None:
    sums, sizes = suite(np.random.default_rng(seed), [0.5, rate], 120)
    whole = decide("ab", sums, sizes, groups=120, largest=3, goal=goal)  # type: ignore[arg-type]
    for read in (1, 30, 60, 119):
        part = decide("ab", sums[:, :read], sizes[:read], groups=120, largest=3, goal=goal)  # type: ignore[arg-type]
        assert (part.state == "decided") == (whole.state == "decided" and whole.read <= read)
        if part.state == "decided":
            assert part == whole


def test_a_tie_ends_undecided_and_no_more_pairs_would_help() -> None:
    sums = np.array([[1.0, 0.0] * 20, [0.0, 1.0] * 20])
    found = decide("ab", sums, np.ones(40), groups=40, largest=1)
    assert (found.state, found.more_pairs, found.racing) == ("undecided", None, ("a", "b"))


def test_how_many_more_pairs() -> None:
    # 20 groups of 2 pairs, a lead of 1 in every fourth: 2·ln(1/α)·¼ / (¼)² groups in all.
    sums = np.array([[2.0, 1.0, 1.0, 1.0] * 5, [1.0] * 20])
    found = decide("ab", sums, np.full(20, 2), groups=10_000, largest=2, alpha=0.01)
    assert found.state == "running"
    assert found.more_pairs == math.ceil((8 * math.log(100) - 20) * 2)


def test_one_candidate_is_the_best_and_none_read_is_no_claim() -> None:
    assert decide(["a"], np.zeros((1, 0)), [], groups=5, largest=1).state == "decided"
    found = decide("ab", np.zeros((2, 0)), [], groups=5, largest=1)
    assert (found.state, found.read, found.more_pairs) == ("running", 0, None)


@pytest.mark.parametrize("goal", ["best", "order"])
def test_wrong_claims_are_rare(goal: str) -> None:
    rng = np.random.default_rng(3)
    trials, wrong = 150, 0
    for _ in range(trials):
        sums, sizes = suite(rng, [0.6, 0.6, 0.6], 80)
        found = decide("abc", sums, sizes, groups=80, largest=3, goal=goal, alpha=0.1)  # type: ignore[arg-type]
        if found.state == "decided":
            totals = [sums["abc".index(name)].sum() for name in found.order]
            wrong += totals[0] < max(totals) or (goal == "order" and totals != sorted(set(totals), reverse=True))
    # Binomial(150, .1): more than 23 in one run of a thousand.
    assert wrong <= 23


def test_the_level_of_an_early_look_is_that_of_a_bound_looked_at_all_the_time() -> None:
    # 4(1 − Φ(c)) = .05 for c = 2.2414: the two-sided p of it, and of twice it where a quarter is read.
    assert early_level(1.0) == pytest.approx(0.025)
    assert early_level(0.25) == pytest.approx(2 * (1 - scipy.stats.norm.cdf(2 * 2.241403)), rel=1e-4)
    assert early_level(0.0) == 0.0
    rng = np.random.default_rng(3)
    shares = np.arange(1, 201) / 200
    z = rng.normal(size=(3_000, 200)).cumsum(axis=1) / np.sqrt(200 * shares)
    p = 2 * scipy.stats.norm.sf(np.abs(z))
    found = (p <= [early_level(share) for share in shares]).any(axis=1).mean()
    # Steps are seldomer than all the time: a little below .05, whose standard error is .004.
    assert 0.03 < found < 0.058


def test_what_does_not_fit_is_refused() -> None:
    good = np.ones((2, 3))
    for match, sums, sizes, changes in (
        ("sums are", good[:, :2], [1, 1, 1], {}),
        ("more groups", good, [1, 1, 1], {"groups": 2}),
        ("more groups", good, [1, 1, 4], {}),
        ("outside", good * 2, [1, 1, 1], {}),
        ("came back", np.array([[1, np.nan, 1], [1, 1, 1]]), [1, 1, 1], {}),
        ("alpha", good, [1, 1, 1], {"alpha": 1.0}),
    ):
        with pytest.raises(ValueError, match=match):
            decide("ab", sums, sizes, **{"groups": 9, "largest": 3, **changes})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="each once"):
        decide("aa", good, [1, 1, 1], groups=9, largest=3)
