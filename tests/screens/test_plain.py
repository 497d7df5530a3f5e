"""Text from data is shown as text, whatever it holds."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from screens.shell.plain import one_line, plain

NASTY = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("\x1b[]0;m\x07\x9b\x9d\\\t\r\n\x0b\u2028\u202e\u2066\u200f\ufeff\u200d\ufe0f👩🏽‍🚀\ud800"),
    ),
    max_size=80,
)


@given(NASTY)
def test_nothing_that_moves_or_reverses_is_left(text: str) -> None:
    shown = plain(text)
    for character in shown:
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp"), hex(ord(character))
        assert unicodedata.bidirectional(character) not in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )
    assert "\u200e" not in shown
    assert "\u200f" not in shown


@given(NASTY)
def test_twice_is_once(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "Sm", "Sc", "Sk")), max_size=60))
def test_ordinary_text_stays(text: str) -> None:
    assert plain(text) == text


@given(NASTY, st.integers(2, 40))
def test_one_line_is_one_line_and_keeps_its_limit(text: str, limit: int) -> None:
    shown = one_line(text, limit)
    assert "\n" not in shown
    assert len(shown) <= limit


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("[bold]no[/bold] [@click=app.quit]x[/]", "[bold]no[/bold] [@click=app.quit]x[/]"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jgone", "gone"),
        ("a\tb", "a   b"),
        ("abc\u202edef", "abcdef"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("bell\x07 back\x08", "bell back"),
        ("half \ud800 a pair", "half \ufffd a pair"),
        ("می‌خواهم", "می‌خواهم"),
        ("heart ❤️ crew 👩‍🚀", "heart ❤ crew 👩🚀"),
    ],
)
def test_cases(given_text: str, shown: str) -> None:
    assert plain(given_text) == shown


def test_markup_is_not_parsed_where_it_is_shown() -> None:
    assert Text(plain("[red]x[/red]")).plain == "[red]x[/red]"
