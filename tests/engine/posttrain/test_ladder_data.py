"""What the ladder shipped: files that agree with each other, with the recipes, and with the claim."""

from __future__ import annotations

import csv
from collections import Counter

import numpy as np
import pytest

from data.bundled import bundled_models
from engine.outcomes import read_outcomes
from engine.posttrain.ladder import LADDER
from engine.posttrain.outcomes import outcomes_of
from engine.posttrain.pretrain import read_recipes
from engine.posttrain.verdict import CLAIM, LEAST, ceiling
from engine.results.board import Question
from engine.results.correlation import RUDE, correlation_views, outcome_names, predictor_names
from engine.store.connection import Store
from engine.store.posttrain import Score

_LABELS = ("stage", "part", "how", "family", "subcategory")
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


def _counts(name: str = "repeat.csv") -> dict[str, dict[str, list[dict[str, str]]]]:
    """Rows of criteria met, by candidate and seed."""
    found: dict[str, dict[str, list[dict[str, str]]]] = {}
    with (LADDER / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["candidate"], {}).setdefault(row["seed"], []).append(row)
    return found


def _scores(rows: list[dict[str, str]]) -> list[Score]:
    return [Score(*(row[k] for k in _LABELS), int(row["met"]), int(row["judged"])) for row in rows]


def _share(rows: list[dict[str, str]], stage: str, part: str, how: str) -> float:
    own = [row for row in rows if (row["stage"], row["part"], row["how"]) == (stage, part, how)]
    return sum(int(row["met"]) for row in own) / sum(int(row["judged"]) for row in own)


def test_what_the_card_says_of_the_repetition_is_in_its_counts() -> None:
    repeated = _counts()
    card = " ".join((LADDER / "card.md").read_text(encoding="utf-8").split())
    assert len(repeated) == 10
    assert all(set(seeds) == {"1", "2"} for seeds in repeated.values())
    scores = [[_scores(rows) for _, rows in sorted(seeds.items())] for seeds in repeated.values()]
    found = ceiling(np.eye(10), np.arange(10, dtype=np.int32), scores)
    assert f"`rl_met` one of {found.outcome:.2f}".replace("0.", ".") in card
    assert f"Where only the seed is another, the reliability is {found.seeds:.2f}".replace("0.", ".") in card
    gains = []
    for seeds in repeated.values():
        sft, base = ([_share(rows, s, "seen", "greedy") for rows in seeds.values()] for s in ("sft", "base"))
        gains.append(100 * (sum(sft) - sum(base)) / 2)
    lifted = sum(gain > 0 for gain in gains)
    assert f"trained families, greedy: {sum(gains) / 10:+.1f} points (1.4 to 8.4), {lifted} of 10 lifted" in card


def test_up_to_fine_tuning_the_repetition_found_what_was_found_before() -> None:
    names = {("held", "greedy"): "met", ("held", "sampled"): "sampled", ("seen", "greedy"): "seen_met"}
    names["seen", "sampled"] = "seen_sampled"
    before = {(o.candidate, o.outcome): o for o in read_outcomes(LADDER / "outcomes.csv")}
    compared = 0
    for path in bundled_models():
        for stage in ("base", "sft"):
            for (part, how), name in names.items():
                earlier = before[path.name, f"{stage}_{name}"]
                if "1 seed" in earlier.source:
                    share = _share(_counts()[path.name]["1"], stage, part, how)
                    assert share == pytest.approx(earlier.score, abs=1e-4)
                    compared += 1
    assert compared == 40


def test_on_the_same_kind_of_processor_every_outcome_came_out_the_same() -> None:
    before = {(o.candidate, o.outcome): o for o in read_outcomes(LADDER / "outcomes.csv")}
    compared = Counter[str]()
    for name, seeds in _counts("rebuilt.csv").items():
        assert set(seeds) == {"1"}
        for again in outcomes_of(name, [_scores(seeds["1"])]):
            earlier = before[name, again.outcome]
            if "1 seed" in earlier.source:
                assert again.score == pytest.approx(earlier.score, abs=1.01e-4), (name, again.outcome)
                compared[name] += "gain" not in again.outcome
    assert len(compared) == 14
    assert set(compared.values()) == {48}
