"""The analysis's own numbers: reliabilities and the sentence, against figures made to have them."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from engine.posttrain.ladder.analysis import Ceiling, LadderAnalysis, ceiling
from engine.stats.estimates import Statistic
from engine.stats.rivals import RivalStatistic
from engine.store.posttrain import StageScore


@pytest.mark.long
def test_the_ceiling_finds_the_reliabilities_that_were_put_in() -> None:
    rng = np.random.default_rng(4)
    skill = rng.normal(size=(2000, 1))
    # Means of twelve: variance of skill 1, of luck 4 / 12 for pairs and 9 / 12 for families.
    pairs = skill + rng.normal(scale=2.0, size=(2000, 12))
    # Halves of the outcome are of different seeds, each with all of its luck in its own half.
    families = 500 + 50 * (skill[:, :, None] + rng.normal(scale=3.0, size=(2000, 2, 12)))
    scores = [[_seed(seed, 1000) for seed in seeds] for seeds in families.round().astype(int).tolist()]
    found = ceiling(pairs, np.arange(12, dtype=np.int32), scores)
    assert found.predictor == pytest.approx(1 / (1 + 4 / 12), abs=0.02)
    assert found.outcome == pytest.approx(1 / (1 + 9 / 12), abs=0.03)
    assert found.interval[0] < math.sqrt(0.75 / 1.75) < found.interval[1]
    assert found.interval[1] - found.interval[0] < 0.1


def test_noise_alone_has_no_reliability() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(4000, 10))
    assert abs(ceiling(noise, np.arange(10, dtype=np.int32), [[]] * 4000).predictor) < 0.1


def _seed(shares: list[int], judged: int = 10) -> list[StageScore]:
    return [StageScore("rl", "held", "greedy", f"f{n:02}", "Logic", met, judged) for n, met in enumerate(shares)]


def test_the_ceiling_is_one_where_nothing_is_luck() -> None:
    levels = (1, 4, 6, 9)
    wins = np.array([[float(n < level) for n in range(10)] * 1 for level in levels])
    scores = [[_seed([level] * 6), _seed([level] * 6)] for level in levels]
    # Every cluster ranks the candidates alike.
    same = np.repeat(np.array(levels)[:, None] / 10, 8, axis=1)
    found = ceiling(same, np.arange(8, dtype=np.int32), scores)
    assert found.outcome == pytest.approx(1)
    assert found.seeds == pytest.approx(1)
    assert found.predictor == pytest.approx(1)
    assert found.correlation == pytest.approx(1)
    assert ceiling(wins, np.arange(10, dtype=np.int32), scores).predictor < 1


def test_pairs_that_some_candidate_did_not_score_are_left_out() -> None:
    wins = np.array([[1.0, np.nan, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0], [1.0, np.nan, 1.0, 1.0]])
    clusters = np.array([0, 1, 2, 3], dtype=np.int32)
    scores = [[_seed([n, n]), _seed([n, n])] for n in (1, 2, 3)]
    assert math.isfinite(ceiling(wins, clusters, scores).predictor)


def test_without_second_seeds_no_ceiling_is_made_up() -> None:
    wins = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    found = ceiling(wins, np.array([0, 1], dtype=np.int32), [[_seed([1])]] * 3)
    assert math.isnan(found.outcome)


def test_the_ceiling_is_the_root_of_the_product() -> None:
    assert Ceiling(0.64, 0.25, 0.9).correlation == pytest.approx(0.4)
    assert Ceiling(-0.1, 0.25, 0.9).correlation == 0.0
    assert math.isnan(Ceiling(0.9, math.nan, math.nan).correlation)


def _analysis(
    value: float, low: float, high: float, n: int = 26, rivals: dict[str, tuple[float, float]] | None = None
) -> Any:
    claim = Statistic("spearman", value, low, high, 0.01, n, "", "")
    found = {name: RivalStatistic("spearman", value, 0.0, value, *ends, 0.5) for name, ends in (rivals or {}).items()}
    # Only what the sentence is made of.
    return SimpleNamespace(claim=claim, n=n, rivals=found)


@pytest.mark.parametrize(
    ("value", "low", "high", "n", "said"),
    [
        (0.7, 0.4, 0.9, 26, "By the rule set beforehand the claim is confirmed"),
        (0.4, 0.1, 0.7, 26, "By the rule set beforehand the claim is weakly supported"),
        (0.3, -0.1, 0.6, 26, "The claim is not confirmed"),
        (-0.5, -0.8, -0.1, 26, "The claim is refuted"),
        (0.9, 0.8, 1.0, 23, "With 23 candidates of the 24 it takes, the claim is not tested yet"),
    ],
)
def test_the_sentence_follows_the_rules_that_were_set_beforehand(
    value: float, low: float, high: float, n: int, said: str
) -> None:
    assert _said(_analysis(value, low, high, n)).startswith(said)


def test_the_sentence_says_which_rivals_are_beaten() -> None:
    rivals = {"size": (0.1, 0.5), "loss": (-0.2, 0.3), "generation": (-0.6, -0.1)}
    said = _said(_analysis(0.7, 0.4, 0.9, rivals=rivals))
    assert "better than size" in said
    assert "not told apart from loss" in said
    assert "worse than generation" in said


def _said(analysis: Any) -> str:
    return str(cast(Any, LadderAnalysis.conclusion).fget(analysis))
