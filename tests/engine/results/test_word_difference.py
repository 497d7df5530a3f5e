"""Which words differ."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from engine.results.word_difference import compare_words

words = st.lists(st.sampled_from(["a", "the", "pea", "net", ".", "\n"]), max_size=20).map(" ".join)


def _without(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    kept, at = [], 0
    for start, end in spans:
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


@given(words, words)
def test_what_is_not_marked_is_the_same_on_both_sides(left: str, right: str) -> None:
    found = compare_words(left, right)
    assert _without(left, found.left) == _without(right, found.right)
    assert 0 <= found.shared <= 1


@given(words)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    found = compare_words(text, text)
    assert found.left == found.right == ()
    assert found.shared == 1


def test_one_word_exchanged() -> None:
    found = compare_words("sow two rows of peas", "sow two beds of peas")
    assert found.left == ((8, 12),)
    assert found.right == ((8, 12),)


def test_long_texts_stay_quick() -> None:
    left = " ".join(f"word{i % 997}" for i in range(4000))
    right = " ".join(f"word{i % 991}" for i in range(4000))
    began = time.process_time()
    compare_words(left, right)
    assert time.process_time() - began < 5
