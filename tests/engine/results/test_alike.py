"""Groups of failed pairs, and what is said of them."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from engine.results.alike import _likelihood_ratio, common, groups_of
from engine.results.failures import FailedPair
from engine.results.pair_words import PairWords


def failed(
    number: int, *, domain: str = "d", by: int = 2, of: int = 3, kinds: tuple[str, ...] = ("Length",)
) -> FailedPair:
    return FailedPair(f"p{number:03}", domain, kinds, ("c",), -1.0, 0.0, by, of)


@pytest.mark.parametrize(("a", "holding", "lost", "total"), [(8, 10, 20, 60), (3, 3, 9, 40), (30, 50, 70, 200)])
def test_the_ratio_is_that_of_scipy(a: int, holding: int, lost: int, total: int) -> None:
    table = [[a, holding - a], [lost - a, total - holding - lost + a]]
    expected = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert _likelihood_ratio(a, holding, lost, total) == pytest.approx(expected)


def test_a_phrase_that_sets_failed_pairs_apart_is_found_and_counted() -> None:
    draw = random.Random(4)
    filler = ["one", "red", "house", "by", "green", "lake", "under", "tall", "pines", "near", "old", "mill"]
    ids = [f"p{i:03}" for i in range(90)]
    telling = set(ids[:20])
    words = {
        pair_id: PairWords(
            " ".join(draw.sample(filler, 6)) + (" in exactly three lines" if pair_id in telling else " at will"),
            ("Fits.",),
        )
        for pair_id in ids
    }
    lost = [failed(i) for i in range(90) if i < 18 or draw.random() < 0.25]
    groups = groups_of(SimpleNamespace(), lost, words, "phrase", ids)
    (found,) = [group for group in groups if "exactly three" in group.title]
    assert "in exactly three lines" in found.title
    assert {pair.pair_id for pair in found.pairs} == telling & {pair.pair_id for pair in lost}
    assert found.scored == 20
    assert sorted(pair.pair_id for group in groups for pair in group.pairs) == [pair.pair_id for pair in lost]


def test_criterion_and_difficulty_are_counted_over_all_that_was_scored() -> None:
    ids = [f"p{i:03}" for i in range(12)]
    rules = {pair_id: "Is short." if i % 3 else "Is kind." for i, pair_id in enumerate(ids)}
    words = {pair_id: PairWords("Say it.", (rule,)) for pair_id, rule in rules.items()}
    lost = [failed(i, by=1 + i % 2) for i in range(8)]
    groups = groups_of(SimpleNamespace(), lost, words, "criterion", ids)
    assert [(group.title, len(group.pairs), group.scored) for group in groups] == [
        ("Is short.", 5, 8),
        ("Is kind.", 3, 4),
    ]
    scores = np.array([[0, 1, 0, np.nan], [0, 0, 1, 1], [0, 1, 1, 0.5]], dtype=np.float32)
    board = SimpleNamespace(matrix=SimpleNamespace(scores=scores), index=SimpleNamespace(pair_id=tuple(ids[:4])))
    lost = [failed(0, by=3), failed(1, by=1), failed(3, by=1, of=2)]
    groups = groups_of(board, lost, words, "difficulty", ids[:4])
    assert [(group.title, group.scored) for group in groups] == [
        ("failed by 3 of 3 candidates", 1), ("failed by 1 of 2 candidates", 1), ("failed by 1 of 3 candidates", 2),
    ]  # fmt: skip


def test_what_all_have_in_common_is_said_and_nothing_else() -> None:
    assert common([failed(1)]) == ""
    assert common([failed(1), failed(2)]) == "domain d, Length"
    assert common([failed(1, by=3), failed(2, domain="e", by=3)]) == "Length, every candidate fails them"
    assert common([failed(1, by=1), failed(2, by=1, kinds=("Scope",))]) == "domain d, no other candidate fails them"
