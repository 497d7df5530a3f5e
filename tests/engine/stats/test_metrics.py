"""The six accuracies, ties and gaps included."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.stats.metrics import HEADLINE, METRICS, single_order

_NAN = math.nan
_FIELDS = (
    "log_odds_chosen_first", "log_odds_rejected_first", "ll_chosen", "ll_rejected",
    "tokens_chosen", "tokens_rejected", "bytes_chosen", "bytes_rejected",
)  # fmt: skip


def _columns(**given: list[float]) -> Any:
    count = len(next(iter(given.values())))
    values = {name: np.array(given.get(name, [_NAN] * count)) for name in _FIELDS}
    order = np.array(given.get("single_chosen_first", [True] * count), dtype=bool)
    return SimpleNamespace(**values, single_chosen_first=order)


_CHOICE = _columns(
    log_odds_chosen_first=[2, 2, -1, 0, 0, -3, _NAN],
    log_odds_rejected_first=[1, -3, 1, 0, 1, -1, 1],
    single_chosen_first=[1, 0, 1, 0, 1, 1, 0],
)
_LIKELIHOOD = _columns(
    ll_chosen=[-10, -10, -6, -1, _NAN],
    ll_rejected=[-12, -9, -6, -3, -1],
    tokens_chosen=[5, 10, 3, 1, 1],
    tokens_rejected=[8, 6, 3, 3, 1],
    bytes_chosen=[20, 40, 12, 2, 1],
    bytes_rejected=[24, 30, 10, 2, 1],
)


@pytest.mark.parametrize(
    ("metric", "columns", "expected"),
    [
        ("averaged", _CHOICE, [1, 0, 0.5, 0.5, 1, 0, _NAN]),
        ("single", _CHOICE, [1, 0, 0, 0.5, 0.5, 0, 1]),
        ("strict", _CHOICE, [1, 0, 0, 0.25, 0.5, 0, _NAN]),
        ("sum", _LIKELIHOOD, [1, 0, 0.5, 1, _NAN]),
        ("per_token", _LIKELIHOOD, [0, 1, 0.5, 0.5, _NAN]),
        ("per_byte", _LIKELIHOOD, [0.5, 1, 1, 1, _NAN]),
        ("sum", _CHOICE, [_NAN] * 7),
        ("averaged", _LIKELIHOOD, [_NAN] * 5),
    ],
)
def test_scores(metric: str, columns: Any, expected: list[float]) -> None:
    np.testing.assert_array_equal(METRICS[metric].score(columns), expected)


@pytest.mark.parametrize(
    ("metric", "columns", "expected"),
    [
        ("averaged", _CHOICE, [1.5, -0.5, 0, 0, 0.5, -2, _NAN]),
        ("strict", _CHOICE, [1, -3, -1, 0, 0, -3, _NAN]),
        ("sum", _LIKELIHOOD, [2, -1, 0, 2, _NAN]),
        ("per_token", _LIKELIHOOD, [-0.5, 0.5, 0, 0, _NAN]),
    ],
)
def test_margins(metric: str, columns: Any, expected: list[float]) -> None:
    np.testing.assert_allclose(METRICS[metric].margin(columns), expected)


def test_the_draw_is_fair_fixed_and_seeded() -> None:
    drawn = [single_order(f"p{i}") for i in range(4_000)]
    assert 0.47 < np.mean(drawn) < 0.53
    assert 0.47 < np.mean([single_order(f"p{i}", 1) == first for i, first in enumerate(drawn)]) < 0.53
    # Fixed for good: stored verdicts must not change their meaning with a release.
    assert "".join(str(int(first)) for first in drawn[:16]) == "1100111001010110"


def test_the_table_of_metrics() -> None:
    assert set(METRICS) == {"single", "averaged", "strict", "sum", "per_token", "per_byte"}
    assert {name: metric.chance for name, metric in METRICS.items() if metric.chance != 0.5} == {"strict": 0.25}
    assert all(METRICS[name].protocol == protocol for protocol, name in HEADLINE.items())
    assert all(metric.help and "\n" not in metric.help for metric in METRICS.values())


def test_a_candidate_that_only_likes_a_place_is_at_chance() -> None:
    drawn = [single_order(str(i)) for i in range(2_000)]
    always_a = _columns(
        log_odds_chosen_first=[3] * 2_000, log_odds_rejected_first=[-3] * 2_000, single_chosen_first=drawn
    )
    assert METRICS["averaged"].score(always_a).mean() == 0.5
    assert METRICS["strict"].score(always_a).mean() == 0
    assert METRICS["single"].score(always_a).mean() == pytest.approx(0.5, abs=0.03)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=30))
def test_strict_is_never_above_averaged(pairs: list[tuple[float, float]]) -> None:
    first, second = zip(*pairs, strict=True)
    columns = _columns(log_odds_chosen_first=list(first), log_odds_rejected_first=list(second))
    assert (METRICS["strict"].score(columns) <= METRICS["averaged"].score(columns)).all()
