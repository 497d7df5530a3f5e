"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from rubrics.counted import count
from screens.shell.formats import duration, parameters, percent, probability, signed, size


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "–"), (None, "–"), (900, "900"), (20_000, "20K"), (264_000, "0.3M"), (27_000_000, "27M"),
     (4_020_000_000, "4.0B"), (600_000_000, "0.6B"), (1_000_000_000_000, "1.0T")],
)  # fmt: skip
def test_parameters(number: int | None, text: str) -> None:
    assert parameters(number) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (812_000, "812 KB"), (1_234_000_000, "1.2 GB"), (None, "–"), (math.nan, "–")]
)
def test_size(number: float | None, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(7.6, "8 s"), (125, "2 m 05 s"), (12_000, "3 h 20 m"), (None, "–"), (math.inf, "–")]
)
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_shares_signs_and_counts() -> None:
    assert percent(0.7123) == "71.2"
    assert percent(math.nan) == "–"
    assert signed(-0.1) == "−0.10"
    assert signed(0.4321, 3) == "+0.432"
    assert count(1, "pair") == "1 pair"
    assert count(1200, "pair") == "1,200 pairs"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100.0 %"),
        (0.712, "71.2 %"),
        (0.0015, "0.15 %"),
        (1 / 10_990, "1 in 11,000"),
        (1 / 13_257_000, "1 in 13,000,000"),
        (1e-13, "below 10⁻¹²"),
    ],
)
def test_probability(share: float, text: str) -> None:
    assert probability(math.log(share)) == text
