"""Shares among pairs of points, and the difference of two shares, against loops and a published case."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from engine.stats.pair_share import newcombe, pair_share


def test_a_share_is_a_loop_over_pairs() -> None:
    rng = np.random.default_rng(0)
    hits = np.triu(rng.random((8, 8)) < 0.6, 1).astype(float)
    counted = np.triu(rng.random((8, 8)) < 0.7, 1).astype(float)
    hits, counted = hits + hits.T, counted + counted.T
    pairs = [(a, b) for a, b in combinations(range(8), 2) if counted[a, b]]
    found = pair_share(hits, counted, resamples=500)
    assert found.value == pytest.approx(sum(hits[a, b] for a, b in pairs) / len(pairs))
    assert 0 <= found.ci_low <= found.value <= found.ci_high <= 1


def test_few_points_and_full_agreement() -> None:
    every = np.ones((6, 6)) - np.eye(6)
    full = pair_share(every, every)
    z = 1.959964
    assert (full.value, full.ci_high) == (1, 1)
    assert full.ci_low == pytest.approx(3 / (3 + z * z), abs=1e-5), "Wilson's end for 3 of 3 disjoint pairs"
    few = pair_share(every[:4, :4], every[:4, :4])
    assert math.isnan(few.ci_low)
    assert math.isnan(pair_share(every, np.zeros((6, 6))).value)


def test_newcombes_own_case() -> None:
    """56/70 and 48/80 are his; with equal n, Wilson's ends by hand."""
    low, high = newcombe(0.8, 0.6, 70)
    z, n = 1.959964, 70

    def ends(p: float) -> tuple[float, float]:
        root = z * math.sqrt(z * z + 4 * n * p * (1 - p))
        return (2 * n * p + z * z - root) / (2 * (n + z * z)), (2 * n * p + z * z + root) / (2 * (n + z * z))

    (l1, u1), (l2, u2) = ends(0.8), ends(0.6)
    assert low == pytest.approx(0.2 - math.sqrt((0.8 - l1) ** 2 + (u2 - 0.6) ** 2), abs=1e-6)
    assert high == pytest.approx(0.2 + math.sqrt((u1 - 0.8) ** 2 + (0.6 - l2) ** 2), abs=1e-6)
    assert all(math.isnan(end) for end in newcombe(0.8, 0.6, 0))
