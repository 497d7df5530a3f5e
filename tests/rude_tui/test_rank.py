"""The table of `rude-tui rank`."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from engine.stats.intervals import Estimate
from rude_tui.commands.rank import print_rankings
from rude_tui.commands.upsets import _how_sure
from rude_tui.output import points, points_between


def standing(name: str, p_best: float) -> Any:
    return SimpleNamespace(
        candidate=name, rank=1, rank_low=1, rank_high=1, value=0.6, ci_low=0.5, ci_high=0.7, p_best=p_best,
        tied_with=(), p_value=0.2, p_adjusted=0.4, n_pairs=40, n_clusters=10, method="Wilson",
    )  # fmt: skip


def table_of(*rows: Any) -> Any:
    return SimpleNamespace(
        overall=SimpleNamespace(rows=rows), scopes={"overall": SimpleNamespace(rows=rows)}, by="overall", notes=(),
        entrants={row.candidate: SimpleNamespace(parameters=1000, precision="fp32") for row in rows}, suite="garden",
        suite_hash="abc", protocol="likelihood", metric="per_byte", chance=0.5, excluded=0,
        left_out=0, parts=[], weighted=False,
    )  # fmt: skip


def printed(capsys: pytest.CaptureFixture[str], *rows: Any, **controls: Any) -> str:
    print_rankings(table_of(*rows), SimpleNamespace(by_label=controls))
    return capsys.readouterr().out


def test_only_among_others_is_a_candidate_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    assert "100 %" not in printed(capsys, standing("oak", 1.0))
    assert "100 %" in printed(capsys, standing("oak", 1.0), standing("elm", 0.0))


def test_what_the_prompt_takes_away_has_a_true_minus(capsys: pytest.CaptureFixture[str]) -> None:
    gained = SimpleNamespace(difference=-0.031, ci_low=-0.102, ci_high=0.04)
    control = SimpleNamespace(without=SimpleNamespace(value=0.55), gained=gained)
    assert "−3.1 (−10.2 to +4.0)" in printed(capsys, standing("oak", 1.0), oak={"none": control})


def test_a_difference_nobody_knows_is_a_dash() -> None:
    assert (points(math.nan), points_between(math.nan, 0.1)) == ("–", "–")


def test_few_upsets_have_no_interval_and_say_why() -> None:
    assert _how_sure(Estimate(1.0, math.nan, math.nan, "none: 4 points")) == "no interval: 4 candidates"
    assert _how_sure(Estimate(0.5, 0.25, 0.75, "BCa over points")) == "95 % 25.0–75.0; BCa over points"
