"""rBridge against cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.predictors.rbridge import Trace, bits_per_byte, masked, rbridge, token_weights


def trace(text: str, *tokens: tuple[int, float]) -> Trace:
    """A trace from bytes and probability of each frontier token."""
    return Trace(text, np.array([n for n, _ in tokens]), np.log([p for _, p in tokens]))


def lengths(*sizes: int) -> np.ndarray:
    return np.array(sizes, dtype=np.int64)


def test_two_tokenizers_that_split_differently() -> None:
    # ab|cd by the frontier with p .5 and .9; a|bc|d by the candidate.
    weights = token_weights(trace("abcd", (2, 0.5), (2, 0.9)), lengths(1, 2, 1))
    assert weights == pytest.approx([0.5, 0.7, 0.9])
    # Brought to 0, ½, 1: (1·0 + 2·½ + 3·1) / 3 tokens.
    assert rbridge([weights], [np.array([1.0, 2.0, 3.0])]) == pytest.approx([4 / 3])


def test_least_and_largest_over_the_whole_set() -> None:
    weights = [np.array([0.5, 0.7, 0.9]), np.array([0.1, 0.5])]
    nll = [np.array([1.0, 2.0, 3.0]), np.array([4.0, 2.0])]
    assert rbridge(weights, nll) == pytest.approx([4 / 3, 1.0])
    # From .1 to .9: .5, .75, 1 and 0, .5.
    assert rbridge(weights, nll, over="set") == pytest.approx([(0.5 + 1.5 + 3) / 3, 0.5])


def test_equal_weights_count_as_the_setting_says() -> None:
    weights, nll = [np.full(3, 0.1 + 0.2)], [np.array([1.0, 2.0, 6.0])]
    assert rbridge(weights, nll) == pytest.approx([3.0])
    assert rbridge(weights, nll, level=0.0) == pytest.approx([0.0])
    assert math.isnan(rbridge([np.zeros(0)], [np.zeros(0)])[0])


def test_tokens_that_split_a_character() -> None:
    # é is two bytes: the frontier's first token holds the first of them, and so the character.
    split = trace("é!", (1, 0.2), (2, 0.8))
    assert token_weights(split, lengths(2, 1)) == pytest.approx([0.2, 0.8])
    assert token_weights(split, lengths(1, 1, 1)) == pytest.approx([0.2, 0.2, 0.8])
    assert token_weights(split, lengths(3)) == pytest.approx([0.5])
    assert token_weights(split, lengths(2, 0, 1)) == pytest.approx([0.2, 0.2, 0.8])
    assert token_weights(split, lengths(0, 2, 1)) == pytest.approx([0.2, 0.2, 0.8])


@given(st.lists(st.sampled_from("aé漢😀\n "), min_size=1, max_size=12), st.data())
def test_a_candidate_that_cuts_as_the_frontier_gets_its_probabilities(
    characters: list[str], data: st.DataObject
) -> None:
    sizes = [len(character.encode()) for character in characters]
    p = data.draw(st.lists(st.floats(0.01, 1), min_size=len(sizes), max_size=len(sizes)))
    found = Trace("".join(characters), lengths(*sizes), np.log(p))
    assert token_weights(found, lengths(*sizes)) == pytest.approx(p)
    whole = token_weights(found, lengths(sum(sizes)))
    assert whole == pytest.approx([sum(p) / len(p)])


def test_mask_mode() -> None:
    text, cut, nll = "ab\ncd", lengths(2, 1, 2), np.array([1.0, 2.0, 4.0]) * math.log(2)
    assert masked(text, cut, nll, [(3, 5)]) == pytest.approx((4.0, 2))
    # A span over lines, and two that overlap; a token is counted whole and once.
    assert masked(text, cut, nll, [(1, 4)]) == pytest.approx((7.0, 5))
    assert masked(text, cut, nll, [(0, 1), (0, 2)]) == pytest.approx((1.0, 2))
    assert masked(text, cut, nll, []) == (0.0, 0)
    # The second token shares é with the first, which has both bytes.
    assert masked("é!", lengths(2, 0, 1), nll, [(0, 1)]) == pytest.approx((3.0, 2))
    assert masked("é!", lengths(2, 0, 1), nll, [(1, 2)]) == pytest.approx((4.0, 1))
    found = [masked(text, cut, nll, [(3, 5)]), masked(text, cut, nll, [(0, 1)]), masked(text, cut, nll, [])]
    assert bits_per_byte(found) == pytest.approx(5 / 4)
    assert math.isnan(bits_per_byte(found[2:]))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="make up"):
        trace("abc", (2, 0.5))
    with pytest.raises(ValueError, match="zero or below"):
        trace("a", (1, 1.5))
    with pytest.raises(ValueError, match="zero or below"):
        trace("a", (1, math.nan))
    with pytest.raises(ValueError, match="make up"):
        token_weights(trace("ab", (2, 0.5)), lengths(3))
    with pytest.raises(ValueError, match="one entry per token"):
        rbridge([np.ones(2)], [np.ones(3)])
    for span in ((-1, 1), (1, 1), (0, 3)):
        with pytest.raises(ValueError, match="not inside"):
            masked("ab", lengths(2), np.ones(1), [span])
