"""Whom a ranking lets one take: states by hand, the reckoning against scipy, wrong picks counted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from engine.stats.matrix import Scope, ScoreMatrix
from engine.stats.pick import Pick, least_p, pick, times_as_many
from engine.stats.ranking import Ranking, rank


def _ranked(*rows: list[float], names: str = "abcdefgh") -> Ranking:
    scores = np.array(rows, dtype=np.float32)
    labels = np.arange(scores.shape[1], dtype=np.int32)
    matrix = ScoreMatrix(tuple(names[: len(rows)]), tuple(f"p{i}" for i in labels), labels, labels, scores)
    return rank(matrix, Scope("overall", np.ones(len(labels), dtype=np.float32)), chance=0.5, resamples=200)


def _right(first: int, last: int, of: int = 200) -> list[float]:
    """Right on the pairs from `first` up to `last`."""
    return [float(first <= i < last) for i in range(of)]


def test_the_one_ahead_of_all_is_taken() -> None:
    ranking = _ranked(_right(0, 120), _right(0, 170), _right(0, 140))
    assert pick(ranking, "abc") == Pick("take", ("b",))
    assert pick(ranking, "ac") == Pick("take", ("c",))
    assert pick(ranking, "a") == Pick("alone", ("a",))
    assert pick(ranking, "") == Pick("nobody", ())


def test_a_lead_that_is_not_told_apart_is_a_tie() -> None:
    # b is ahead of c by 4 discordant pairs of 200 one way: p = .125, and more after Holm.
    ranking = _ranked(_right(0, 100), _right(0, 154), _right(0, 150))
    assert pick(ranking, "abc") == Pick("tie", ("b", "c"))


def test_the_tests_decide_and_not_the_values() -> None:
    # a beats c by 30 pairs to none; b, in between, is told apart from neither: it belongs to the tie.
    a = np.array(_right(0, 160))
    b = np.where(np.arange(200) % 2, a, 1 - a) * 0 + np.array(_right(8, 165))
    ranking = _ranked(a.tolist(), b.tolist(), _right(0, 130))
    picked = pick(ranking, "abc")
    assert picked.state == "tie"
    assert set(picked.leaders) >= {"a", "b"}


def test_at_and_below_chance_nobody_is_taken() -> None:
    assert pick(_ranked(_right(0, 104), _right(0, 60)), "ab") == Pick("chance", ("a", "b"))
    assert pick(_ranked(_right(0, 60), _right(0, 20)), "ab") == Pick("below", ("a", "b"))
    # A lone one below chance says nothing of the suite; it is not above chance all the same.
    assert pick(_ranked(_right(0, 20)), "a") == Pick("chance", ("a",))


def test_whom_nothing_is_known_of_is_left_out() -> None:
    ranking = _ranked(_right(0, 170), [math.nan] * 200)
    assert pick(ranking, "b") == Pick("nobody", ())


def test_least_p_is_what_flips_can_give() -> None:
    # Four clusters, all one way: 2 of the 16 patterns of signs reach as far; three comparisons among three.
    assert least_p(4, 2) == pytest.approx(2 / 16)
    assert least_p(4, 3) == pytest.approx(6 / 16)
    assert least_p(1, 2) == 1.0


def test_as_many_clusters_as_told_do_tell_them_apart() -> None:
    rng = np.random.default_rng(3)
    lead, spread, comparisons = 0.1, 0.6, 6
    pilot = rng.normal(lead, spread, 4_000)
    times = times_as_many(pilot, comparisons)
    clusters = round(times * len(pilot))
    # By simulation, with the same normal limit that the test has where clusters are many.
    sums = rng.normal(pilot.mean(), spread, (20_000, clusters))
    z = np.abs(sums.sum(axis=1)) / np.sqrt((sums**2).sum(axis=1))
    assert np.mean(2 * norm.sf(z) * comparisons < 0.05) == pytest.approx(0.8, abs=0.02)


def test_no_number_tells_equals_apart() -> None:
    assert times_as_many(np.array([1.0, -1.0, 0.0]), 1) == math.inf
    assert times_as_many(np.zeros(3), 1) == math.inf
