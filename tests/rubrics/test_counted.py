"""One of a thing is not several."""

from __future__ import annotations

import pytest

from rubrics.counted import agreeing, all_of, count


@pytest.mark.parametrize(("number", "said"), [(0, "0 pairs"), (1, "1 pair"), (2, "2 pairs"), (1_200, "1,200 pairs")])
def test_a_number_and_its_noun(number: int, said: str) -> None:
    assert count(number, "pair") == said
    assert agreeing(number, "{n} [pair|pairs]") == said


def test_the_verb_agrees_too() -> None:
    sentence = "{n} [prompt has|prompts have] one pair only, and [it is|they are] counted"
    assert agreeing(1, sentence) == "1 prompt has one pair only, and it is counted"
    assert agreeing(3, sentence) == "3 prompts have one pair only, and they are counted"
    assert count(1, "family", "families") == "1 family"
    assert count(2, "family", "families") == "2 families"


def test_two_are_both() -> None:
    assert all_of(2, "rivals") == "both rivals"
    assert all_of(1_200, "rivals") == "all 1,200 rivals"
