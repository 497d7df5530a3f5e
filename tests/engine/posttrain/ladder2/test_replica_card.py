"""The second world's card, against the tables that ship, and counted again from the rows that ship."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import pytest
from scipy import stats

import data
from engine.posttrain.ladder2 import __main__ as script
from engine.posttrain.ladder2.evidence import read_claims, read_shared
from engine.posttrain.ladder2.replica import REPLICA, REPLICA_TABLES
from engine.posttrain.ladder2.replica_card import elsewhere, replica_card
from engine.posttrain.ladder2.replicated import Replicated
from engine.posttrain.ladder2.rows import claims_hash, read_finished
from engine.posttrain.ladder2.worked_out import Ladder2

SHIPPED = Path(data.__file__).parent / "ladder2"

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def both() -> Replicated:
    here = read_finished(REPLICA / "rows", tables=REPLICA_TABLES)
    assert {model.facts["claims"] for model in here} == {claims_hash(REPLICA)}
    return Replicated(
        Ladder2(here, read_shared(REPLICA / "rows"), read_claims(REPLICA / "claims.toml")),
        Ladder2(read_finished(SHIPPED / "rows"), read_shared(SHIPPED / "rows"), read_claims()),
    )


@pytest.fixture(scope="module")
def rhos() -> dict[str, tuple[float, float]]:
    """Of each predictor here and on the second ladder, from the tables alone."""
    found: dict[str, list[float]] = {}
    for place in (REPLICA, SHIPPED):
        with (place / "outcomes.csv").open(encoding="utf-8", newline="") as file:
            outcome = {
                row["candidate"]: float(row["score"]) for row in csv.DictReader(file) if row["outcome"] == "rft_met"
            }
        columns: dict[str, dict[str, float]] = {}
        with (place / "predictors.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                columns.setdefault(row["predictor"], {})[row["candidate"]] = float(row["value"])
        for name, column in columns.items():
            turn = -1 if name.startswith("bits") else 1
            rho = stats.spearmanr([turn * column[model] for model in outcome], list(outcome.values())).statistic
            found.setdefault(name, []).append(float(rho))
    return {name: (here, before[0]) for name, (here, *before) in found.items() if before}


def test_the_shipped_card_is_what_the_rows_say(both: Replicated) -> None:
    assert (REPLICA / "card.md").read_text(encoding="utf-8") == replica_card(both)
    assert "\n\n".join(elsewhere(both)) in (SHIPPED / "card.md").read_text(encoding="utf-8")


def test_every_correlation_is_that_of_the_tables(both: Replicated, rhos: dict[str, tuple[float, float]]) -> None:
    assert list(both.found) == list(rhos)
    for name, (here, before) in both.found.items():
        # Rounded as they are in the tables, a few of the 64 values tie that did not.
        assert (here.rho, before.rho) == pytest.approx(rhos[name], abs=3e-3), name
    agreement = stats.spearmanr(*zip(*rhos.values(), strict=True)).statistic
    assert both.agreement == pytest.approx(agreement)


def test_order_and_signs_are_those_that_were_named(both: Replicated, rhos: dict[str, tuple[float, float]]) -> None:
    primary = rhos["rude_difference"][0]
    for name in ("base_generation", "rude_per_token"):
        assert both.ahead[name].difference == pytest.approx(rhos[name][0] - primary, abs=1e-4)
        assert both.ahead[name].low < both.ahead[name].difference < both.ahead[name].high
    assert both.ordered == (min(rhos["base_generation"][0], rhos["rude_per_token"][0]) > primary)
    named = {"rude_per_token", "bits_text", "bits_suite", "log_parameters", "recipe", "base_generation"}
    assert both.signs == {name: rhos[name][0] * rhos[name][1] > 0 for name in both.found if name in named}


def test_the_same_ladder_twice_agrees_and_is_evidence(both: Replicated) -> None:
    twice = Replicated(both.before, both.before)
    assert twice.agreement == pytest.approx(1.0)
    assert all(twice.signs.values())
    assert twice.ordered
    said = replica_card(twice)
    assert "The order that was named is seen again" in said
    assert "evidence, for or against" not in said
    assert "not that of" not in said


def test_that_it_can_tell_nothing_is_told(both: Replicated) -> None:
    assert "**None of this is evidence, for or against**" in replica_card(both)
    places = [replica_card(both).index(f"| `{named.name}` |") for named in both.here.claims.predictors]
    assert all(a < b for a, b in pairwise(places))


def test_rows_made_again_are_compared_with_either_world(capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["check", "--rows", str(REPLICA / "rows")]) == 0
    said = capsys.readouterr().err
    assert "b01-s-llama" in said
    assert "the same to the digit" in said
