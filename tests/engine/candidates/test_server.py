"""What is shown of a key that comes back."""

from __future__ import annotations

import pytest

from engine.candidates.server import without_key

KEY = "sk-3141592653589793238462643383279502884"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"no: {KEY}!", "no: [key]!"),
        (f"cut: {KEY[:33]}-", "cut: [key]-"),
        (f"{KEY[5:20]} and {KEY[-12:]}", "[key] and [key]"),
        (KEY + KEY, "[key]"),
        ("sk-3141…2884 is not valid", "sk-3141…2884 is not valid"),
        ("", ""),
    ],
)
def test_no_longer_piece_of_it_is_shown(text: str, shown: str) -> None:
    assert without_key(text, KEY) == shown


def test_a_short_key_is_cut_out_whole_and_none_changes_nothing() -> None:
    assert without_key("Bearer abc, abcd, ab", "abc") == "Bearer [key], [key]d, ab"
    assert without_key("Bearer abc", "") == "Bearer abc"
