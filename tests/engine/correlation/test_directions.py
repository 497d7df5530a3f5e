"""An outcome that is better when lower counts downwards wherever it is used."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from scipy import stats

from engine.correlation.predictor_outcome import correlation_views, league_of
from engine.correlation.proxies import stand_ins, stored_proxies
from engine.correlation.scaling import StandIn
from engine.export.tables import table
from engine.outcomes.outcome import Outcome
from engine.results.board import Question
from engine.results.rankings import rankings
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes

PREDICTORS = ["RuDE accuracy"]
PAIRS = [StandIn("a", "c"), StandIn("b", "d"), StandIn("c", "e")]


@pytest.fixture
def measured(store: Store, add_run: Callable[..., object]) -> Store:
    for name in "abcde":
        add_run(name)
    values = {row.candidate: row.value for row in rankings(store, Question()).overall.rows}
    # One file says so, the others say nothing.
    add_outcomes(store, [Outcome(n, "ppl", 50 - 30 * v, None, None, n == "a" or None) for n, v in values.items()])
    add_outcomes(store, [Outcome(name, "acc", value) for name, value in values.items()])
    return store


@pytest.mark.long
def test_the_league_turns_it_and_the_scatter_says_so(measured: Store) -> None:
    ppl, acc = correlation_views(measured, Question(), PREDICTORS, ["ppl", "acc"])
    x, y = ([getattr(point, axis) for point in ppl.points] for axis in ("x", "y"))
    assert ppl.statistics.pearson.value == pytest.approx(stats.pearsonr(x, y).statistic) == pytest.approx(-1)
    assert "ppl: lower is better, so a good predictor correlates below zero" in ppl.notes
    assert ppl.outcome_label == "ppl (lower is better)"
    assert acc.outcome_label == "acc"
    assert league_of([ppl]).rows[0].pearson.value == pytest.approx(1)
    assert league_of([acc]).rows[0].pearson.value == pytest.approx(1)


@pytest.mark.long
def test_decisions_about_proxies_turn_it(measured: Store) -> None:
    assert stored_proxies(measured, Question(), "RuDE accuracy", "ppl").decision.accuracy == 1
    by_ppl = stand_ins(measured, Question(), PAIRS, "RuDE accuracy", "ppl").decision.accuracy
    assert by_ppl == stand_ins(measured, Question(), PAIRS, "RuDE accuracy", "acc").decision.accuracy


@pytest.mark.long
def test_the_table_of_correlations_says_so(measured: Store) -> None:
    rows = [row for row in table(measured, "correlations", Question()).records() if "RuDE a" in row["predictor"]]
    assert {(row["outcome"], row["predictor_better"], row["outcome_better"]) for row in rows} == {
        ("ppl", "higher", "lower"),
        ("acc", "higher", "higher"),
    }


@pytest.mark.long
def test_two_scales_in_what_is_stored_are_said(measured: Store) -> None:
    add_outcomes(measured, [Outcome(name, "mixed", score) for name, score in zip("abc", (0.3, 44, 0.5), strict=True)])
    (view,) = correlation_views(measured, Question(), PREDICTORS, ["mixed"])
    assert "mixed looks like two scales: fractions (a 0.3, c 0.5) and percents (b 44)" in view.notes
