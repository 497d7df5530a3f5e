"""Shares of variance in a table of means: by plain sums, and right on average where the truth is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from engine.stats.variance_shares import variance_shares


def test_without_noise_by_plain_sums() -> None:
    table = [[0.9, 0.7, 0.8], [0.5, 0.6, 0.1]]
    # Every cluster says the same, so that nothing is left to chance.
    sums = np.repeat(np.array(table)[:, :, None], 5, axis=2) * 4
    found = variance_shares(sums, np.full(5, 4.0))
    grand = sum(map(sum, table)) / 6
    by_row = [sum(row) / 3 - grand for row in table]
    by_column = [(table[0][j] + table[1][j]) / 2 - grand for j in range(3)]
    total = sum((value - grand) ** 2 for row in table for value in row)
    both = sum((table[i][j] - grand - by_row[i] - by_column[j]) ** 2 for i, j in itertools.product(range(2), range(3)))
    assert found.rows == pytest.approx(3 * sum(e * e for e in by_row) / total)
    assert found.columns == pytest.approx(2 * sum(e * e for e in by_column) / total)
    assert found.both == pytest.approx(both / total)
    assert found.chance == pytest.approx(0, abs=1e-12)


def test_nothing_differs() -> None:
    assert math.isnan(variance_shares(np.ones((2, 2, 4)), np.ones(4)).rows)
    assert math.isnan(variance_shares(np.random.default_rng(0).random((2, 2, 1)), np.ones(1)).both)


def test_what_is_chance_is_called_that() -> None:
    """Candidates differ, wordings do not, pairs are shared: on average the corrected sums are the true ones."""
    rng = np.random.default_rng(1)
    effects = np.array([-0.04, 0.0, 0.04])
    found, total = np.zeros(3), []
    for _ in range(300):
        pairs = rng.normal(size=(1, 1, 80, 3)) * 0.3
        own = rng.normal(size=(3, 4, 80, 3)) * 0.4
        sums = (effects[:, None, None, None] + pairs + own).sum(axis=3)
        shares = variance_shares(sums, np.full(80, 3.0))
        means = sums.sum(axis=2) / 240
        squares = float(((means - means.mean()) ** 2).sum())
        found += np.array([shares.rows, shares.columns, shares.both]) * squares
        total.append(squares)
    rows, columns, both = found / 300
    assert rows == pytest.approx(4 * float((effects**2).sum()), rel=0.1)
    # Cut off at 0, they lie a little above it, and far below what is seen: (4-1) and (3-1)(4-1) cells of noise.
    noise = 0.16 / 240
    assert columns < 0.5 * 3 * noise
    assert both < 0.3 * 6 * noise
    assert np.mean(total) > 4 * float((effects**2).sum()) + 8 * noise
