"""The bottom line drops what does not fit, never what leads out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from screens.shell.keys import KeyHint, fitting

HINTS = [
    KeyHint("f1", "F1", "help", "help"),
    KeyHint("s", "s", "suite", "suite"),
    KeyHint("x", "x", "export", "export"),
    KeyHint("q", "q", "quit", "leave"),
]


@given(st.integers(20, 80))
def test_it_fits_and_keeps_the_way_out(width: int) -> None:
    kept = fitting(HINTS, width)
    assert sum(hint.width for hint in kept) - 2 <= width
    assert {"help", "leave"} <= {hint.action for hint in kept}


def test_all_are_shown_where_there_is_room() -> None:
    assert fitting(HINTS, 200) == HINTS
