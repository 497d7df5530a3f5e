"""What the ladder shipped: files that agree with each other, with the recipes, and with the claim."""

from __future__ import annotations

import csv
import re
from collections import Counter

import numpy as np
import pytest

from data.bundled import bundled_models
from engine.correlation.predictor_outcome import RUDE, correlation_views, outcome_names, predictor_names
from engine.outcomes.outcomes import read_outcomes
from engine.posttrain.ladder.analysis import CLAIM, LEAST, ceiling
from engine.posttrain.ladder.work import LADDER
from engine.posttrain.outcomes import level, outcomes_of
from engine.posttrain.pretrain import read_recipes
from engine.results.board import Question
from engine.store.connection import Store
from engine.store.posttrain import StageScore

_LABELS = ("stage", "part", "how", "family", "subcategory")
KNOWN = {path.name for path in bundled_models()} | {recipe.name for recipe in read_recipes(LADDER / "ladder.toml")}


def test_outcomes_are_of_models_of_the_ladder_and_named_by_stage() -> None:
    outcomes = read_outcomes(LADDER / "outcomes.csv").outcomes
    assert {outcome.candidate for outcome in outcomes} <= KNOWN
    assert all(outcome.outcome.startswith(("base_", "sft_", "rl_")) for outcome in outcomes)
    assert all(outcome.stderr is not None for outcome in outcomes)


def test_points_are_the_outcomes() -> None:
    scores = {o.candidate: o.score for o in read_outcomes(LADDER / "outcomes.csv").outcomes if o.outcome == CLAIM}
    with (LADDER / "points.csv").open(encoding="utf-8", newline="") as file:
        points = {row["candidate"]: float(row[CLAIM]) for row in csv.DictReader(file)}
    assert points == pytest.approx(scores, abs=1e-4)


def test_the_card_is_of_these_points_and_by_the_claims_rule(card) -> None:
    claim = (LADDER / "claim.md").read_text(encoding="utf-8")
    assert f"`{CLAIM}`" in claim
    assert f"at least {LEAST}" in claim
    with (LADDER / "points.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert f"n = {len(rows)})" in card
    assert all(f"| `{row['candidate']}` |" in card for row in rows)
    assert (LADDER / "rl_met.svg").is_file()


@pytest.mark.long
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


def test_the_card_and_the_screen_tell_one_number(card) -> None:
    (view,) = correlation_views(Store(), Question(), [RUDE], [CLAIM], source="ladder")
    rho = view.statistics.spearman
    assert f"ρ = {rho.value:.2f} (95 % {rho.ci_low:.2f} to {rho.ci_high:.2f}, n = {len(KNOWN)})" in card


def _counts(name: str) -> dict[str, dict[str, list[dict[str, str]]]]:
    """Rows of criteria met, by candidate and seed."""
    found: dict[str, dict[str, list[dict[str, str]]]] = {}
    with (LADDER / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["candidate"], {}).setdefault(row["seed"], []).append(row)
    return found


@pytest.fixture(scope="module")
def counted() -> dict[str, dict[str, list[dict[str, str]]]]:
    return _counts("scores.csv")


@pytest.fixture(scope="module")
def card() -> str:
    return " ".join((LADDER / "card.md").read_text(encoding="utf-8").split())


def _scores(rows: list[dict[str, str]]) -> list[StageScore]:
    return [StageScore(*(row[k] for k in _LABELS), int(row["met"]), int(row["judged"])) for row in rows]


def _share(rows: list[dict[str, str]], stage: str, part: str, how: str) -> float:
    own = [row for row in rows if (row["stage"], row["part"], row["how"]) == (stage, part, how)]
    return sum(int(row["met"]) for row in own) / sum(int(row["judged"]) for row in own)


def test_every_model_has_two_seeds(counted, card) -> None:
    assert set(counted) == KNOWN
    assert all(set(seeds) == {"1", "2"} for seeds in counted.values())
    assert f"{len(KNOWN)} of {len(KNOWN)} models of the ladder are finished ({len(KNOWN)} with 2 seeds)" in card


def test_every_outcome_is_a_share_of_these_counts(counted) -> None:
    told = {(o.candidate, o.outcome): o.score for o in read_outcomes(LADDER / "outcomes.csv").outcomes}
    again = {
        (name, outcome.outcome): outcome.score
        for name, seeds in counted.items()
        for outcome in outcomes_of(name, [_scores(rows) for rows in seeds.values()])
    }
    assert told == pytest.approx(again, abs=1.01e-4)
    for name, seeds in counted.items():
        plain = sum(_share(rows, "rl", "held", "greedy") for rows in seeds.values()) / len(seeds)
        assert told[name, CLAIM] == pytest.approx(plain, abs=1e-4)


@pytest.mark.parametrize(
    ("words", "before", "after", "part", "how"),
    [
        ("SFT over base, fresh prompts of trained families, greedy answers", "base", "sft", "seen", "greedy"),
        ("RL over SFT, fresh prompts of trained families, greedy answers", "sft", "rl", "seen", "greedy"),
        ("SFT over base, held-out families, greedy answers", "base", "sft", "held", "greedy"),
        ("RL over SFT, held-out families, sampled answers", "sft", "rl", "held", "sampled"),
    ],
)
def test_every_gain_of_the_card_is_in_these_counts(words, before, after, part, how, counted, card) -> None:
    from scipy.stats import ttest_1samp

    gains = [
        100 * np.mean([_share(rows, after, part, how) - _share(rows, before, part, how) for rows in seeds.values()])
        for seeds in counted.values()
    ]
    low, high = ttest_1samp(gains, 0).confidence_interval()
    # One seed up and the other as far down is no lift, whatever a sum leaves over.
    lifted = sum(gain > 1e-9 for gain in gains)
    assert f"| {words} | {np.mean(gains):+.1f} | {low:+.1f} to {high:+.1f} | {lifted} of {len(gains)} |" in card


def test_the_ceiling_of_the_outcome_is_in_these_counts(counted, card) -> None:
    scores = [[_scores(rows) for _, rows in sorted(seeds.items())] for _, seeds in sorted(counted.items())]
    found = ceiling(np.eye(len(scores)), np.arange(len(scores), dtype=np.int32), scores)
    seeds = [[level([one], lambda s: (s.stage, s.part, s.how) == ("rl", "held", "greedy"))[0] for one in two]
             for two in scores]  # fmt: skip
    r = np.corrcoef(np.transpose(seeds))[0, 1]
    assert found.seeds == pytest.approx(2 * r / (1 + r))  # Spearman and Brown, for two seeds together
    told = re.search(r"the outcome one of (\S+) \(other families and another seed; (\S+) where", card)
    assert float(told[1]) == pytest.approx(found.outcome, abs=0.02)  # over other random halves
    assert told[2] == f"{found.seeds:.2f}"


def test_what_the_card_says_of_another_processor_is_in_its_counts(counted, card) -> None:
    repeated = _counts("repeat.csv")
    assert len(repeated) == 10
    assert all(set(seeds) == {"1", "2"} for seeds in repeated.values())
    gains = []
    for seeds in repeated.values():
        sft, base = ([_share(rows, s, "seen", "greedy") for rows in seeds.values()] for s in ("sft", "base"))
        gains.append(100 * (sum(sft) - sum(base)) / 2)
    lifted = sum(gain > 0 for gain in gains)
    assert f"trained families, greedy: {sum(gains) / 10:+.1f} points (1.4 to 8.4), {lifted} of 10 lifted" in card
    same, compared = Counter[str](), Counter[str]()
    for path in bundled_models():
        for seed in ("1", "2"):
            for stage in ("base", "sft", "rl"):
                for part in ("held", "seen"):
                    for how in ("greedy", "sampled"):
                        one, other = (_share(found[path.name][seed], stage, part, how) for found in (repeated, counted))
                        same[stage] += one == pytest.approx(other)
                        compared[stage] += 1
    before, after = same["base"] + same["sft"], compared["base"] + compared["sft"]
    assert f"in {before} of {after} comparisons" in card
    assert f"after reinforcement learning in {same['rl']} of {compared['rl']}" in card


def test_on_the_same_kind_of_processor_every_count_came_out_the_same(counted) -> None:
    rebuilt = _counts("rebuilt.csv")
    assert len(rebuilt) == 15
    for name, seeds in rebuilt.items():
        assert seeds == {"1": counted[name]["1"]}, name
