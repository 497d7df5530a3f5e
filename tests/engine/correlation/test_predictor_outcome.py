"""What stands beside a correlation: size, families, left-outs, where an unknown candidate should land."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import data.ladder
from data.published import published
from engine.correlation.predictor_outcome import (
    CorrelationView,
    Point,
    best_view,
    correlation_view,
    correlation_views,
    expected,
    given_size,
    league_of,
)
from engine.results.board import Question
from engine.stats.correlation import correlate
from engine.store.connection import Store

PREDICTORS = ["RuDE (published)", "SuperGPQA", "log10 parameters"]


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> list[CorrelationView]:
    store = Store(tmp_path_factory.mktemp("views") / "x.duckdb")
    return correlation_views(store, Question(), PREDICTORS, ["HealthBench"], source="published")


def view(points: list[Point], predictor: str = "p") -> CorrelationView:
    known = [point for point in points if not math.isnan(point.x) and not math.isnan(point.y)]
    found = correlate([p.x for p in known], [p.y for p in known], [p.name for p in known], resamples=50)
    return CorrelationView(predictor, "o", "", math.nan, tuple(points), found, ())


def test_families_are_left_out_one_at_a_time(views: list[CorrelationView]) -> None:
    known = published().families
    points = views[0].points
    for left in views[0].statistics.leave_family_out:
        kept = [point for point in points if known[point.name] != left.name]
        assert left.n == len(kept)
        assert left.pearson == pytest.approx(stats.pearsonr([p.x for p in kept], [p.y for p in kept]).statistic)
    assert len(views[0].statistics.leave_family_out) == len(set(known.values()))
    assert "7 families" in views[0].statistics.note


def test_a_family_of_ones_own(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.duckdb")
    given = {name: "other" for name in published().candidates if not name.startswith("Qwen")}
    given |= {name: "Qwen" for name in published().candidates if name.startswith("Qwen")}
    (found,) = correlation_views(store, Question(), PREDICTORS[:1], ["PRBench"], source="published", families=given)
    assert {left.name for left in found.statistics.leave_family_out} == {"Qwen", "other"}


def test_given_size(views: list[CorrelationView]) -> None:
    points = views[0].points
    x, y, size = (np.array([getattr(point, name) for point in points]) for name in ("x", "y", "size"))
    left = [values - np.polyval(np.polyfit(size, values, 1), size) for values in (x, y)]
    assert given_size(views[0]).value == pytest.approx(stats.pearsonr(*left).statistic)
    assert "the control accounts for a column entirely" in given_size(views[2]).note or math.isnan(
        given_size(views[2]).value
    )


def test_the_league_of_the_views(views: list[CorrelationView]) -> None:
    found = league_of(views, statistic="spearman")
    assert found.reference == "RuDE (published)"
    by_name = {row.predictor: row for row in found.rows}
    for one in views:
        row = by_name[one.predictor]
        assert row.spearman.value == pytest.approx(one.statistics.spearman.value)
        without = [left.spearman for left in one.statistics.leave_family_out]
        assert row.weakest_family == pytest.approx(min(without, key=abs))
    rival = by_name["SuperGPQA"].versus
    assert rival is not None
    assert rival.spearman.first == pytest.approx(views[0].statistics.spearman.value)


def test_the_best_of_the_views(views: list[CorrelationView]) -> None:
    found = best_view(views)
    assert found.tried == 3
    assert abs(found.value) == pytest.approx(max(abs(one.statistics.spearman.value) for one in views))


def test_where_a_candidate_without_an_outcome_should_land() -> None:
    x, y = np.arange(6.0), np.array([0.1, 0.9, 2.2, 2.8, 4.1, 5.2])
    points = [Point(f"m{i}", a, math.nan, math.nan, b) for i, (a, b) in enumerate(zip(x, y, strict=True))]
    ahead = [Point("in", 2.5, math.nan, math.nan, math.nan), Point("out", 9.0, math.nan, math.nan, math.nan)]
    unknown = Point("none", math.nan, math.nan, math.nan, math.nan)
    inside, outside = expected(view([*points, *ahead, unknown]))
    fit = stats.linregress(x, y)
    residual = y - fit.intercept - fit.slope * x
    for one, at in ((inside, 2.5), (outside, 9.0)):
        error = math.sqrt(residual @ residual / 4 * (1 + 1 / 6 + (at - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum()))
        half = stats.t.ppf(0.975, 4) * error
        middle = fit.intercept + fit.slope * at
        assert (one.value, one.low, one.high) == pytest.approx((middle, middle - half, middle + half))
    assert (inside.outside, outside.outside) == (False, True)
    # The same scores as shares of five: the line leaves the scale, what can be expected does not.
    within, beyond = expected(replace(view([*points, *ahead, unknown]), outcome_scale=5.0))
    assert within == inside
    assert beyond == replace(outside, value=5.0, high=5.0, low=pytest.approx(min(outside.low, 5.0)))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_two_points_foretell_nothing(count: int) -> None:
    points = [Point(f"m{i}", float(i), math.nan, math.nan, float(i)) for i in range(count)]
    assert expected(view([*points, Point("x", 5.0, math.nan, math.nan, math.nan)])) == ()


def test_a_constant_predictor_foretells_nothing() -> None:
    points = [Point(f"m{i}", 1.0, math.nan, math.nan, float(i)) for i in range(6)]
    found = view([*points, Point("x", 5.0, math.nan, math.nan, math.nan)])
    assert expected(found) == ()
    assert "the predictor is the same" in found.statistics.pearson.note
    assert math.isnan(given_size(found).value)


@pytest.mark.long
def test_both_axes_have_their_intervals_where_they_are_known(tmp_path: Path) -> None:
    study = correlation_view(Store(tmp_path / "x.duckdb"), Question(), "RuDE accuracy", "rl_met", source="ladder")
    point = next(point for point in study.points if point.name == "llama-bare")
    # Wilson's interval for .57917 of 480 pairs, and at the size that the error in data/ladder/outcomes.csv speaks of.
    found = stats.binomtest(round(0.57917 * 480), 480).proportion_ci(method="wilson")
    assert (point.x_low, point.x_high) == pytest.approx((found.low, found.high), abs=1e-5)
    with (Path(data.ladder.__file__).with_suffix("") / "outcomes.csv").open(encoding="utf-8") as file:
        rows = {(row["candidate"], row["outcome"]): row for row in csv.DictReader(file)}
    row = rows["llama-bare", "rl_met"]
    share = float(row["score"])
    n, z = share * (1 - share) / float(row["stderr"]) ** 2, stats.norm.ppf(0.975)
    # Where the share is z errors of the true one away: (p − x)² = z² x (1 − x) / n.
    ends = sorted(np.roots([1 + z * z / n, -2 * share - z * z / n, share**2]))
    assert (point.y_low, point.y_high) == pytest.approx(ends, abs=1e-5)
    assert study.outcome_label == "criteria met after RL, held-out families"
    size = correlation_view(Store(tmp_path / "x.duckdb"), Question(), "log10 parameters", "rl_met", source="ladder")
    assert all(math.isnan(point.x_low) and not math.isnan(point.y_low) for point in size.points)
