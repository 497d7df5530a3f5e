"""What the ladder shipped: files that agree with each other, with the recipes, and with the claim."""

from __future__ import annotations

import csv

import pytest

from data.bundled import bundled_models
from engine.outcomes import read_outcomes
from engine.posttrain.ladder import LADDER
from engine.posttrain.pretrain import read_recipes
from engine.posttrain.verdict import CLAIM, LEAST
from engine.results.board import Question
from engine.results.correlation import RUDE, correlation_views, outcome_names, predictor_names
from engine.store.connection import Store

KNOWN = {path.name for path in bundled_models()} | {recipe.name for recipe in read_recipes(LADDER / "ladder.toml")}


def test_outcomes_are_of_models_of_the_ladder_and_named_by_stage() -> None:
    outcomes = read_outcomes(LADDER / "outcomes.csv")
    assert {outcome.candidate for outcome in outcomes} <= KNOWN
    assert all(outcome.outcome.startswith(("base_", "sft_", "rl_")) for outcome in outcomes)
    assert all(outcome.stderr is not None for outcome in outcomes)


def test_points_are_the_outcomes() -> None:
    scores = {o.candidate: o.score for o in read_outcomes(LADDER / "outcomes.csv") if o.outcome == CLAIM}
    with (LADDER / "points.csv").open(encoding="utf-8", newline="") as file:
        points = {row["candidate"]: float(row[CLAIM]) for row in csv.DictReader(file)}
    assert points == pytest.approx(scores, abs=1e-4)


def test_the_card_is_of_these_points_and_by_the_claims_rule() -> None:
    card = (LADDER / "card.md").read_text(encoding="utf-8")
    claim = (LADDER / "claim.md").read_text(encoding="utf-8")
    assert f"`{CLAIM}`" in claim
    assert f"at least {LEAST}" in claim
    with (LADDER / "points.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert f"n = {len(rows)})" in card
    assert all(f"| `{row['candidate']}` |" in card for row in rows)
    assert (LADDER / "rl_met.svg").is_file()


def test_the_points_are_a_source_of_correlations() -> None:
    from scipy.stats import spearmanr

    store = Store()
    assert outcome_names(store, source="ladder")[0] == CLAIM
    names = predictor_names(store, source="ladder")
    assert names[0] == RUDE
    with (LADDER / "points.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for view in correlation_views(
        store, Question(), [RUDE, "bits per byte", "base generation"], [CLAIM], source="ladder"
    ):
        x, y = ([float(row[name]) for row in rows] for name in (view.predictor, CLAIM))
        assert view.statistics.spearman.value == pytest.approx(spearmanr(x, y).statistic)
        assert min(x) > 0
        assert view.higher_is_better is (view.predictor != "bits per byte")
        assert {point.name for point in view.points if point.shipped} <= {path.name for path in bundled_models()}
        assert sum(point.shipped for point in view.points) >= 6
